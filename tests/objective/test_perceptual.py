from pathlib import Path

import lpips
import pytest
import torch
import torchvision
from torch.autograd import gradcheck

from ssid.errors import UserError
from ssid.objective.lpips import LearnedPerceptualSimilarity, load_lpips
from ssid.objective.perceptual import PerceptualLoss, perceptual_loss


@pytest.fixture(scope="module")
def similarity():
    return LearnedPerceptualSimilarity("squeeze_random")


@pytest.mark.parametrize(("norm", "value"), [("l1", 0.5 + 2), ("l2", 0.25 + 4)])
def test_value_is_a_sum_of_means(norm, value):
    estimate = [torch.zeros(2, 3, 4, 4), torch.zeros(2, 6, 2, 2)]
    target = [estimate[0] + 0.5, estimate[1] - 2]
    assert perceptual_loss(estimate, target, norm).item() == value
    assert perceptual_loss(target, target, norm).item() == 0


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_gradient_of_the_features(norm):
    first, second, wanted = torch.rand(
        3, 1, 2, 3, 3, generator=torch.Generator().manual_seed(4)
    ).double()
    maps = (first.requires_grad_(), second.requires_grad_())
    assert gradcheck(lambda a, b: perceptual_loss([a, b], [wanted, wanted], norm), maps)


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_rain_is_a_distance(trunk, clean, rainy, norm):
    loss = PerceptualLoss(trunk, norm)
    half = (clean + rainy) / 2
    assert loss(clean, clean).item() == 0
    assert 0 < loss(half, clean) < loss(rainy, clean)


def test_similarity_is_that_of_the_package_on_its_own_scale(similarity, images):
    model = similarity.lpips.network
    expected = model(images, images.flip(-1), normalize=True).mean()
    torch.testing.assert_close(similarity(images, images.flip(-1)), expected)
    assert similarity(images, images).item() == 0


def test_similarity_has_a_gradient_from_every_sample(similarity):
    estimate = torch.rand(3, 3, 48, 48, requires_grad=True)
    similarity(estimate, torch.rand(3, 3, 48, 48)).backward()
    assert (estimate.grad.flatten(1).norm(dim=1) > 0).all()


def test_dropout_of_the_heads_stays_off(similarity, images):
    similarity.train()
    assert torch.equal(similarity(images, images.flip(0)), similarity(images, images.flip(0)))


def test_heads_are_those_of_the_package(similarity):
    packaged = Path(lpips.__file__).with_name("weights") / "v0.1" / "squeeze.pth"
    stored = torch.load(packaged, map_location="cpu", weights_only=True)
    state = similarity.lpips.network.state_dict()
    assert all(torch.equal(state[key], tensor) for key, tensor in stored.items())


@pytest.mark.parametrize(
    ("network", "builder", "first_slice"),
    [("squeeze", "squeezenet1_1", 2), ("alex", "alexnet", 2), ("vgg", "vgg16", 4)],
)
def test_trunk_comes_from_a_file_of_torchvision(tmp_path, images, network, builder, first_slice):
    with torch.device("meta"):
        features = getattr(torchvision.models, builder)().features
    features.to_empty(device="cpu")
    for parameter in features.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
    path = tmp_path / "trunk.pth"
    torch.save({f"features.{key}": v for key, v in features.state_dict().items()}, path)
    model = load_lpips(network, path)
    torch.testing.assert_close(model.net(images)[0], features[:first_slice](images))
    expected = sorted(float(p.detach().double().sum()) for p in features.parameters())
    stored = sorted(float(p.detach().double().sum()) for p in model.net.parameters())
    assert set(stored) <= set(expected)
    assert len(stored) == len(expected)


def test_building_it_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    load_lpips("squeeze_random")
    assert torch.equal(before, torch.get_rng_state())


def test_missing_weights_and_unknown_networks(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"alexnet-owt-7be5be79\.pth"):
        LearnedPerceptualSimilarity("alex")
    with pytest.raises(UserError, match="Did you mean 'vgg'"):
        LearnedPerceptualSimilarity("vgg16")
