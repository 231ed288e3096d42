"""What tests of several folders share: data that lies beside the repository, and tiny stores."""

from pathlib import Path

import pytest
import skimage.data
import torch
from hypothesis import settings
from PIL import Image
from torch import Tensor

from ssid.data.params import RealSet, SyntheticSet
from ssid.data.prepare import prepare
from ssid.data.store.reader import ImageStore
from ssid.models.trunks import Trunk, load_trunk
from support.repository import ROOT

SIZES = [(64, 56), (48, 72), (40, 40), (80, 48), (52, 60)]
"""Width and height of the photographs that tiny stores are made of."""


settings.register_profile("any machine", deadline=None)  # a busy one is no defect
settings.load_profile("any machine")


FORKING = {"test_interrupted_runs.py", "test_killed.py"}
"""Files whose tests fork this process: they come first, as a child would wait for ever for threads
that others have started."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests that fork before all others."""
    items.sort(key=lambda item: item.path.name not in FORKING)


@pytest.fixture(scope="session", autouse=True)
def _one_thread_from_the_start() -> None:
    """Keep what fixtures of the session compute independent of the number of cores."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Keep results independent of the number of cores, and of tests that change it.

    A fork of a process that computes with several threads would wait for them for ever.
    """
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of published images and weights, which are too large for the repository."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs published images and weights, and there is no folder {folder}")
    return folder


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of five small clean photographs of different sizes."""
    folder = tmp_path_factory.mktemp("photographs")
    astronaut = skimage.data.astronaut()
    for i, (width, height) in enumerate(SIZES):
        crop = astronaut[60 * i : 60 * i + height, 80 * i : 80 * i + width]
        Image.fromarray(crop).save(folder / f"photograph{i}.png")
    return folder


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, photographs: Path) -> Path:
    """Return a folder data/prepared with the sets synthetic/tiny and real/tiny_real."""
    folder = tmp_path_factory.mktemp("data") / "prepared"
    root = str(photographs)
    pairs = SyntheticSet(root=root, layout="photographs", rain="rain100l", val_fraction=0.3)
    real = RealSet(root=root, layout="photographs", rain="standin", limit=3, seed=1)
    prepare("synthetic", "tiny", pairs, folder / "synthetic" / "tiny", workers=1)
    prepare("real", "tiny_real", real, folder / "real" / "tiny_real", workers=1)
    (folder / "excluded.json").write_text("{}")
    return folder


@pytest.fixture(scope="session")
def pair_store(prepared: Path) -> ImageStore:
    """Return the store of the tiny pairs."""
    return ImageStore(prepared / "synthetic" / "tiny")


@pytest.fixture(scope="session")
def real_store(prepared: Path) -> ImageStore:
    """Return the store of the tiny stand-in for real rain."""
    return ImageStore(prepared / "real" / "tiny_real")


@pytest.fixture
def images() -> Tensor:
    """Two random pictures, 2×3×48×48."""
    return torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="session")
def trunk() -> Trunk:
    return load_trunk("efficientnet_lite0")


@pytest.fixture(scope="session")
def clean() -> Tensor:
    """A photograph, 1×3×96×96."""
    photograph = torch.from_numpy(skimage.data.astronaut()).permute(2, 0, 1)[None] / 255
    return photograph[..., 80:176, 180:276].contiguous()
