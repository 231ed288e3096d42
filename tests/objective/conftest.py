"""Pictures and trunks shared by the tests of losses."""

import pytest
import skimage.data
import torch
from torch import Tensor

from ssid.models.trunks import COARSE, Trunk, load_trunk


@pytest.fixture
def images() -> Tensor:
    """Two random pictures, 2×3×48×48."""
    return torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="session")
def clean() -> Tensor:
    """A photograph, 1×3×96×96."""
    photograph = torch.from_numpy(skimage.data.astronaut()).permute(2, 0, 1)[None] / 255
    return photograph[..., 80:176, 180:276].contiguous()


@pytest.fixture(scope="session")
def rainy(clean: Tensor) -> Tensor:
    """The photograph behind slanted bright streaks."""
    rows, columns = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    streaks = 0.5 * ((4 * columns + rows) % 23 < 3).float()
    return clean + streaks - clean * streaks


@pytest.fixture(scope="session")
def trunk() -> Trunk:
    return load_trunk("efficientnet_lite0")


@pytest.fixture(scope="session")
def coarse_trunk() -> Trunk:
    return load_trunk("efficientnet_lite0", taps=COARSE)


@pytest.fixture(autouse=True)
def _same_features_every_run() -> None:
    torch.manual_seed(0)
