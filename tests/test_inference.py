import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from ssid.errors import UserError
from ssid.inference import derain, derain_folder, find_student
from ssid.models import Derainer, Features


class Local(Derainer):
    """Looks 2 · ``layers`` pixels far and no further; pools by 8 like an hourglass if asked."""

    def __init__(self, layers=2, pools=False):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.Conv2d(3, 3, 5) for _ in range(layers))
        self.pools = pools
        self.multiple = 8 if pools else 1

    def encode_padded(self, rainy):
        image = rainy
        for layer in self.layers:
            image = torch.tanh(layer(F.pad(image, (2, 2, 2, 2), mode="replicate")))
        if self.pools:
            image = F.interpolate(F.max_pool2d(image, 8), scale_factor=8)
        return Features(image, image)

    def decode_padded(self, features, rainy):
        return rainy - features.map


class Identity(Derainer):
    min_side = 32

    def __init__(self, gain=1.0):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(gain))
        self.seen = []

    def encode_padded(self, rainy):
        self.seen.append(tuple(rainy.shape))
        return Features(rainy, rainy)

    def decode_padded(self, features, rainy):
        return self.gain * features.map


def picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


# One image.


@settings(max_examples=30)
@given(
    height=st.integers(1, 200),
    width=st.integers(1, 200),
    tile=st.one_of(st.none(), st.integers(64, 150)),
    overlap=st.integers(0, 32),
)
def test_any_size_and_tiling_returns_every_pixel(height, width, tile, overlap):
    image = picture(height, width)
    assert np.array_equal(derain(Identity(), image, tile, overlap), image)


@pytest.mark.parametrize("pools", [False, True])
@pytest.mark.parametrize("size", [(200, 230), (97, 260), (131, 64)])
def test_tiles_of_a_local_network_leave_no_trace(size, pools):
    model, image = Local(pools=pools), picture(*size)
    whole = derain(model, image).astype(int)
    # Reach 4, and 7 more where blocks of 8 are pooled: a quarter of 48 covers it.
    tiled = derain(model, image, tile=96, overlap=48).astype(int)
    assert np.abs(tiled - whole).max() <= 1  # rounding of the blend
    assert (tiled != whole).mean() < 0.001


def test_too_little_overlap_would_show():
    model, image = Local(layers=8), picture(200, 200)
    seams = derain(model, image, tile=64, overlap=0).astype(int) - derain(model, image)
    assert np.abs(seams).max() > 1


def test_a_tile_that_covers_the_image_is_the_whole_image():
    model, image = Local(), picture(60, 90)
    assert np.array_equal(derain(model, image, tile=90), derain(model, image))


def test_network_never_sees_less_than_its_minimum():
    model = Identity()
    assert np.array_equal(derain(model, picture(5, 70)), picture(5, 70))
    assert model.seen == [(1, 3, 32, 70)]


@pytest.mark.parametrize("gain", [0.41, 0.999, 1.73])
def test_rounds_and_clamps(gain):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    expected = np.rint(np.minimum(levels * np.float32(gain), 255))
    assert np.abs(derain(Identity(gain), levels) - expected).max() == 0


def test_tiles_must_advance():
    with pytest.raises(ValueError, match="exceed overlap"):
        derain(Identity(), picture(100, 100), tile=64, overlap=40)


# Files.


@pytest.fixture
def photographs(tmp_path):
    """A folder of four photographs in two levels, one of them turned by EXIF, and two bad files."""
    source = tmp_path / "in"
    (source / "street").mkdir(parents=True)
    Image.fromarray(picture(40, 50)).save(source / "a.png")
    Image.fromarray(picture(48, 36, seed=1)).save(source / "a.webp", lossless=True)
    Image.fromarray(picture(33, 64, seed=2)).save(source / "street" / "b.bmp")
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned by a quarter
    Image.fromarray(picture(40, 64, seed=3)).save(source / "street" / "turned.jpg", exif=exif)
    (source / "broken.jpg").write_bytes((source / "a.png").read_bytes()[:300])
    (source / "notes.txt").write_text("not a photograph")
    return source


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder(photographs, tmp_path):
    before, target = contents(photographs), tmp_path / "out"
    summary = derain_folder(Identity(), photographs, target)
    names = ["a.png", "a.webp.png", "street/b.png", "street/turned.png"]
    assert sorted(path.relative_to(target).as_posix() for path in summary.written) == names
    assert {path for path in target.rglob("*") if path.is_file()} == set(summary.written)
    assert {refused.file for refused in summary.refused} == {"broken.jpg", "notes.txt"}
    assert all(refused.reason for refused in summary.refused)
    assert np.array_equal(np.asarray(Image.open(target / "a.png")), picture(40, 50))
    assert np.array_equal(np.asarray(Image.open(target / "a.webp.png")), picture(48, 36, seed=1))
    assert Image.open(target / "street" / "turned.png").size == (40, 64)
    assert contents(photographs) == before


def test_a_second_run_gives_the_same_bytes(photographs, tmp_path):
    target = tmp_path / "out"
    derain_folder(Identity(), photographs, target)
    first = contents(target)
    derain_folder(Identity(), photographs, target)
    assert contents(target) == first


@pytest.mark.parametrize("target", ["out", "out/result.png"])
def test_one_file(photographs, tmp_path, target):
    summary = derain_folder(Identity(), photographs / "street" / "b.bmp", tmp_path / target)
    assert summary.written == [tmp_path / ("out/b.png" if target == "out" else target)]
    assert np.array_equal(np.asarray(Image.open(summary.written[0])), picture(33, 64, seed=2))


@pytest.mark.parametrize(
    ("source", "target"),
    [("in", "in"), ("in", "in/out"), ("in/a.png", "in"), ("in/a.png", "in/a.png")],
)
def test_sources_are_never_overwritten(photographs, tmp_path, source, target):
    before = contents(photographs)
    with pytest.raises(UserError, match="among the photographs"):
        derain_folder(Identity(), tmp_path / source, tmp_path / target)
    assert contents(photographs) == before


def test_sources_are_protected_behind_links(photographs, tmp_path):
    (tmp_path / "link").symlink_to(photographs)
    with pytest.raises(UserError, match="among the photographs"):
        derain_folder(Identity(), photographs, tmp_path / "link")


def test_results_are_kept_on_demand_and_before_any_work(photographs, tmp_path):
    (tmp_path / "out" / "street").mkdir(parents=True)
    (tmp_path / "out" / "street" / "b.png").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"1 of 5 results exist already, such as .*street/b\.png"):
        derain_folder(Identity(), photographs, tmp_path / "out", replace=False)
    assert contents(tmp_path / "out") == {tmp_path / "out" / "street" / "b.png": b"mine"}


@pytest.mark.parametrize("here", [True, False])
def test_the_student_trained_here_comes_before_the_packaged_one(here, tmp_path, monkeypatch):
    packaged, trained = tmp_path / "ssid/packaged/student.safetensors", tmp_path / "trained"
    packaged.parent.mkdir(parents=True)
    packaged.touch()
    if here:
        trained.touch()
    monkeypatch.setattr("ssid.inference.files", lambda package: tmp_path / package)
    assert find_student(trained) == (trained if here else packaged)


def test_nothing_to_do_is_said(tmp_path):
    with pytest.raises(UserError, match="no file or folder"):
        derain_folder(Identity(), tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no photographs"):
        derain_folder(Identity(), tmp_path / "empty", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_target_that_cannot_be_written_leaves_nothing(photographs, tmp_path):
    (tmp_path / "out").write_text("a file stands where the folder should be")
    with pytest.raises(UserError, match="cannot write"):
        derain_folder(Identity(), photographs, tmp_path / "out")
    assert (tmp_path / "out").read_text().startswith("a file")
