import torch

from ssid.objective.hint import HintRegressor, hint_loss


def test_regressor_is_one_1x1_convolution():
    regressor = HintRegressor(3, 7)
    assert sum(p.numel() for p in regressor.parameters()) == 3 * 7 + 7
    assert regressor(torch.rand(2, 3, 5, 4)).shape == (2, 7, 5, 4)


def test_value_is_half_the_mean_squared_error():
    regressed, teacher = torch.tensor([[1.0, 2.0]]), torch.tensor([[4.0, 2.0]])
    assert hint_loss(regressed.reshape(1, 2, 1, 1), teacher.reshape(1, 2, 1, 1)) == 0.5 * 9 / 2


def test_regressor_learns_while_the_teacher_does_not():
    regressor = HintRegressor(3, 5)
    student = torch.randn(1, 3, 4, 4, requires_grad=True)
    teacher = torch.randn(1, 5, 8, 8, requires_grad=True)
    hint_loss(regressor(student), teacher).backward()
    assert all((p.grad != 0).any() for p in regressor.parameters())
    assert (student.grad != 0).any()
    assert teacher.grad is None


def test_regressing_commutes_with_pooling():
    regressor = HintRegressor(3, 5)
    student, teacher = torch.randn(1, 3, 12, 8), torch.randn(1, 5, 6, 4)
    pooled = torch.nn.functional.avg_pool2d(student, 2)
    torch.testing.assert_close(
        hint_loss(regressor(student), teacher), hint_loss(regressor(pooled), teacher)
    )
