import math

import pytest
import torch
import torch.nn.functional as F

from ssid.objective.affinity import channel_affinity_loss, spatial_affinity_loss


def cosine(a, b):
    lengths = math.sqrt(float(a @ a)) + 1e-8, math.sqrt(float(b @ b)) + 1e-8
    return float(a @ b) / (lengths[0] * lengths[1])


def naive_affinity(student, teacher):
    """The published formula by loops over images and pairs of vectors, columns of C×P."""
    total, count = 0.0, 0
    for s, t in zip(student, teacher, strict=True):
        for i in range(s.shape[1]):
            for j in range(s.shape[1]):
                total += abs(cosine(t[:, i], t[:, j]) - cosine(s[:, i], s[:, j]))
                count += 1
    return total / count


def test_spatial_affinity_is_exact_where_positions_fit():
    student, teacher = torch.randn(2, 3, 4, 5), torch.randn(2, 6, 4, 5)
    expected = naive_affinity(student.flatten(2), teacher.flatten(2))
    for max_positions in (20, 4096):
        loss = spatial_affinity_loss(student, teacher, max_positions).item()
        assert loss == pytest.approx(expected, rel=1e-5)


def test_channel_affinity_matches_loops():
    student, teacher = torch.randn(2, 4, 3, 5), torch.randn(2, 4, 3, 5)
    expected = naive_affinity(student.flatten(2).mT, teacher.flatten(2).mT)
    assert channel_affinity_loss(student, teacher).item() == pytest.approx(expected, rel=1e-5)


def test_larger_maps_are_pooled_until_they_fit():
    student, teacher = torch.randn(1, 3, 16, 16), torch.randn(1, 5, 16, 16)
    pooled = [F.avg_pool2d(features, 4) for features in (student, teacher)]
    torch.testing.assert_close(
        spatial_affinity_loss(student, teacher, max_positions=16), spatial_affinity_loss(*pooled)
    )


@pytest.mark.parametrize("size", [(64, 64), (200, 30), (1, 3000), (3000, 1), (33, 35)])
def test_memory_is_bounded_for_any_patch(size, monkeypatch):
    seen = []
    matmul = torch.Tensor.__matmul__

    def watch(a, b):
        result = matmul(a, b)
        seen.append(result.shape[-1])
        return result

    monkeypatch.setattr(torch.Tensor, "__matmul__", watch)
    spatial_affinity_loss(torch.randn(1, 2, *size), torch.randn(1, 2, *size), max_positions=100)
    assert len(seen) == 2
    assert all(50 <= positions <= 100 for positions in seen)


def test_affinity_ignores_the_length_of_the_vectors():
    features = torch.randn(1, 4, 5, 5)
    strength = torch.rand(1, 1, 5, 5) + 0.5
    assert spatial_affinity_loss(features * strength, features) < 1e-6
