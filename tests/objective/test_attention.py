import numpy as np
import torch

from ssid.objective.attention import attention_loss, attention_map


def test_map_has_unit_length_per_image_and_ignores_scale():
    features = torch.randn(3, 4, 5, 6)
    lengths = attention_map(features).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones(3))
    torch.testing.assert_close(attention_map(7 * features), attention_map(features))


def test_loss_matches_numpy():
    student, teacher = torch.randn(2, 3, 4, 4), torch.randn(2, 5, 4, 4)
    maps = [(x.numpy() ** 2).sum(1).reshape(2, -1) for x in (student, teacher)]
    s, t = (x / (np.linalg.norm(x, axis=1, keepdims=True) + 1e-6) for x in maps)
    expected = ((t - s) ** 2).sum(1).mean()
    np.testing.assert_allclose(attention_loss(student, teacher).item(), expected, rtol=1e-5)


def test_disjoint_attention_costs_two_at_any_size():
    for side in (4, 32):
        left, right = torch.zeros(2, 1, 3, side, side)
        left[..., : side // 2] = 1
        right[..., side // 2 :] = 1
        torch.testing.assert_close(attention_loss(left, right), torch.tensor(2.0))
