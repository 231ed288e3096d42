import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from ssid.objective.syn2real import gp_loss, gp_predict


def naive_predict(z, labelled, neighbours, noise):
    similarity = 1 - cdist(z[None], labelled, "cosine")[0]
    nearest = np.argsort(-similarity)[:neighbours]
    F, k = labelled[nearest], similarity[nearest]
    K = 1 - cdist(F, F, "cosine") + noise**2 * np.eye(len(F))
    inverse = np.linalg.inv(K)
    return k @ inverse @ F, 1 - k @ inverse @ k + noise**2


@pytest.mark.parametrize(("count", "neighbours"), [(30, 16), (5, 16), (1, 1), (20, 3)])
def test_prediction_matches_the_formula(count, neighbours):
    z, labelled = torch.randn(4, 10), torch.randn(count, 10)
    predictions, variances = gp_predict(z, labelled, neighbours)
    for i in range(4):
        expected = naive_predict(z[i].double().numpy(), labelled.double().numpy(), neighbours, 0.1)
        np.testing.assert_allclose(predictions[i], expected[0], rtol=1e-3, atol=1e-4)
        assert variances[i].item() == pytest.approx(expected[1], rel=1e-3)


def test_stored_latent_predicts_itself_without_noise():
    labelled = torch.randn(6, 20)
    prediction, variance = gp_predict(labelled[2:3].clone(), labelled, noise=1e-3)
    torch.testing.assert_close(prediction, labelled[2:3], rtol=1e-3, atol=1e-3)
    assert 0 < variance.item() < 1e-4


@pytest.mark.parametrize("noise", [1e-3, 0.1, 1.0])
def test_variance_stays_above_the_noise_even_for_repeated_latents(noise):
    labelled = torch.randn(1, 8).repeat(20, 1)
    z = torch.cat([labelled[:1], 2 * labelled[:1], torch.randn(3, 8)])
    _, variance = gp_predict(z, labelled, noise=noise)
    assert (variance >= noise**2).all()
    assert (variance <= 1 + noise**2 + 1e-5).all()


def test_unlike_latents_are_uncertain():
    labelled = torch.eye(4, 8)
    stranger = torch.eye(8)[7:]
    prediction, variance = gp_predict(stranger, labelled)
    assert prediction.abs().max() == 0
    assert variance.item() == pytest.approx(1.01)


def test_loss_matches_its_formula_and_reaches_the_student_alone():
    codes = torch.randn(3, 2, 4, 4, requires_grad=True)
    labelled = torch.randn(9, 2, 4, 4, requires_grad=True)
    loss = gp_loss(codes, labelled)
    z, F = codes.detach().flatten(1).double().numpy(), labelled.detach().flatten(1).double().numpy()
    terms = []
    for latent in z:
        prediction, variance = naive_predict(latent, F, 16, 0.1)
        terms.append(((latent - prediction) ** 2).mean() / variance + 0.33 * np.log(variance))
    assert loss.item() == pytest.approx(np.mean(terms), rel=1e-3)
    loss.backward()
    assert labelled.grad is None
    assert (codes.grad != 0).any()


@pytest.mark.parametrize("as_published", [False, True])
def test_descent_brings_codes_nearer_to_labelled_ones_unless_as_published(as_published):
    labelled = torch.rand(8, 3, 2, 2) + 2
    codes = torch.rand(2, 3, 2, 2, requires_grad=True)
    optimizer = torch.optim.Adam([codes], lr=0.05)
    before = torch.cdist(codes.flatten(1), labelled.flatten(1)).min(1).values.detach()
    for _ in range(60):
        optimizer.zero_grad()
        gp_loss(codes, labelled, as_published=as_published).backward()
        optimizer.step()
    after = torch.cdist(codes.flatten(1), labelled.flatten(1)).min(1).values.detach()
    assert (after < 0.7 * before).all() != as_published
