"""A video of a fixed camera becomes pairs, without what moved."""

from fractions import Fraction

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from ssid.data.params import BenchmarkSet
from ssid.data.prepare import prepare
from ssid.data.rain.render import render
from ssid.data.sources.fixed_camera import FEWEST, MOST, PAIRS, _gather, _of_video
from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from ssid.evaluation.scores import measure, still
from ssid.metrics.fidelity import psnr, ssim

HEIGHT, WIDTH, SIDE = 120, 160, 24
PHOTOGRAPH = np.ascontiguousarray(skimage.data.astronaut()[: HEIGHT + 40, : WIDTH + 40])
SCENE = PHOTOGRAPH[:HEIGHT, :WIDTH]


def where(i):
    left = 4 * i
    return slice(80, 80 + SIDE), slice(left, left + SIDE)


def frames(count, shift=0, size=0):
    """A static photograph, a square that crosses it, and another rendering of rain each time."""
    for i in range(count):
        offset = shift * i
        picture = PHOTOGRAPH[offset : HEIGHT + offset, : WIDTH + size * i].copy()
        picture[where(i)] = (250, 40, 40)
        yield render(picture, "rain100l", i)[0]


def write_folder(path, pictures):
    path.mkdir()
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(path / f"{i}.png")
    return path


def write_video(path, pictures):
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=Fraction(10), options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for picture in pictures:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    return path


def prepared(root, target):
    block = BenchmarkSet(root=str(root), layout="fixed_camera")
    prepare("benchmark", "clip", block, target, 1)
    assert sorted(p.name for p in target.parent.glob("*partial*")) == []
    return ImageStore(target)


@pytest.mark.parametrize(("write", "name"), [(write_folder, "clip"), (write_video, "clip.mp4")])
def test_the_median_is_the_scene_and_what_moved_is_marked(tmp_path, write, name):
    count = 33
    root = write(tmp_path / name, frames(count))
    store = prepared(root, tmp_path / "out")
    assert (len(store), store.paired, store.summary.mask) == (PAIRS, True, "moved")
    scene = torch.from_numpy(SCENE.copy()).permute(2, 0, 1) / 255
    for i in range(len(store)):
        index = i * count // PAIRS
        rows, columns = where(index)
        mask = store.mask(i)
        assert mask[rows, columns].mean() > 0.97
        assert mask.mean() < 0.25
        counted = still(store, i)
        clean = torch.from_numpy(store.clean(i).copy()).permute(2, 0, 1) / 255
        rainy = torch.from_numpy(store.rainy(i).copy()).permute(2, 0, 1) / 255
        assert psnr(clean, scene, counted=counted) > psnr(rainy, scene, counted=counted) + 5
        assert psnr(clean, scene, counted=counted) > 33


@pytest.mark.parametrize(
    ("pictures", "reason"),
    [
        (frames(FEWEST - 1), f"{FEWEST - 1} frames, and {FEWEST} are the fewest"),
        (frames(FEWEST, shift=2), "moves: frames lie up to"),
        (frames(FEWEST, size=1), "differ in size"),
    ],
)
def test_what_is_no_fixed_camera_is_refused(tmp_path, pictures, reason):
    with pytest.raises(UserError, match=reason):
        prepared(write_folder(tmp_path / "clip", pictures), tmp_path / "out")


def test_a_file_that_is_no_video_is_refused(tmp_path):
    pytest.importorskip("av")
    (tmp_path / "clip.mp4").write_bytes(b"nothing")
    with pytest.raises(UserError, match="cannot be read as a video"):
        prepared(tmp_path / "clip.mp4", tmp_path / "out")


def test_frames_have_the_colours_of_the_standard(tmp_path):
    """Red of 100 % by BT.709, of 720 lines, where no label says so: 255, 0, 0 within a level."""
    av = pytest.importorskip("av")
    planes = [np.full((720, 64), 63), np.full((180, 64), 102), np.full((180, 64), 240)]
    with av.open(str(tmp_path / "clip.mkv"), "w") as file:
        stream = file.add_stream("ffv1", rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = 64, 720, "yuv420p"
        stored = np.concatenate(planes).astype(np.uint8)
        file.mux(stream.encode(av.VideoFrame.from_ndarray(stored, format="yuv420p")))
        file.mux(stream.encode())
    (frame,) = _of_video(tmp_path / "clip.mkv")
    assert np.abs(frame.astype(int) - (255, 0, 0)).max() <= 1


def test_long_clips_are_thinned_out_evenly(tmp_path):
    pictures = (np.full((32, 32, 3), i % 256, np.uint8) for i in range(5 * MOST))
    kept = _gather(pictures, tmp_path, tmp_path)
    assert MOST <= len(kept) <= 2 * MOST
    assert set(np.diff(kept[:, 0, 0, 0].astype(int))) == {4}


def test_what_moved_counts_in_no_metric():
    rng = np.random.default_rng(0)
    clean = SCENE
    noisy = np.clip(clean + rng.normal(0, 10, clean.shape), 0, 255).astype(np.uint8)
    spoilt = noisy.copy()
    spoilt[:, :70] = 0
    counted = torch.ones(HEIGHT, WIDTH, dtype=torch.bool)
    counted[:, :70] = False
    chosen = ["psnr", "ssim"]
    cropped = measure(noisy[:, 70:], clean[:, 70:], chosen)
    part = measure(spoilt, clean, chosen, counted=counted)
    assert part["psnr_y"] == pytest.approx(cropped["psnr_y"], abs=1e-9)
    assert part["ssim_y"] == pytest.approx(cropped["ssim_y"], abs=0.02)
    everything = measure(noisy, clean, chosen, counted=torch.ones_like(counted))
    assert everything["ssim_y"] == pytest.approx(measure(noisy, clean, chosen)["ssim_y"])
    tensors = (torch.from_numpy(p.copy()).permute(2, 0, 1) / 255 for p in (spoilt, clean))
    assert ssim(*tensors, border="zero", counted=counted) > 0
