"""Pictures and trunks shared by the tests of losses."""

import pytest
import torch
from torch import Tensor

from ssid.models.trunks import COARSE, Trunk, load_trunk


@pytest.fixture(scope="session")
def rainy(clean: Tensor) -> Tensor:
    """The photograph behind slanted bright streaks."""
    rows, columns = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    streaks = 0.5 * ((4 * columns + rows) % 23 < 3).float()
    return clean + streaks - clean * streaks


@pytest.fixture(scope="session")
def coarse_trunk() -> Trunk:
    return load_trunk("efficientnet_lite0", taps=COARSE)


@pytest.fixture(autouse=True)
def _same_features_every_run() -> None:
    torch.manual_seed(0)
