import pytest
import torch


@pytest.fixture(autouse=True)
def _same_features_every_run():
    torch.manual_seed(0)
