import pytest
import torch

from ssid.objective.geometry import to_common_size


def test_finer_map_becomes_its_area_averages():
    fine, coarse = torch.rand(1, 2, 4, 6), torch.rand(1, 3, 2, 3)
    pooled, same = to_common_size(fine, coarse)
    expected = fine.reshape(1, 2, 2, 2, 3, 2).mean(dim=(3, 5))
    torch.testing.assert_close(pooled, expected)
    assert torch.equal(same, coarse)
    _, pooled_teacher = to_common_size(coarse, fine)
    torch.testing.assert_close(pooled_teacher, expected)


@pytest.mark.parametrize(
    ("student", "teacher", "common"),
    [((8, 8), (8, 8), (8, 8)), ((8, 3), (4, 9), (4, 3)), ((7, 5), (64, 64), (7, 5))],
)
def test_both_maps_take_the_coarser_size_of_each_side(student, teacher, common):
    maps = to_common_size(torch.rand(1, 2, *student), torch.rand(1, 2, *teacher))
    assert [tuple(features.shape[2:]) for features in maps] == [common, common]


def test_constant_maps_stay_constant_at_any_ratio():
    pooled, _ = to_common_size(torch.full((1, 2, 17, 23), 0.3), torch.rand(1, 2, 5, 7))
    torch.testing.assert_close(pooled, torch.full((1, 2, 5, 7), 0.3))
