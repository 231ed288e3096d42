import os
import re
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from ssid.errors import UserError
from ssid.inference.method import Method
from ssid.inference.runtime import Runner
from ssid.inference.video.job import derain_video, is_video
from ssid.inference.video.parts import Parts, parts_folder
from ssid.video.colour import WEIGHTS, Coding, from_rgb, to_rgb

av = pytest.importorskip("av", reason="needs the extra video")

TIME_BASE = Fraction(1, 12800)
MATRIX = {"bt601": 5, "bt709": 1}  # FFmpeg's numbers
RANGE = {False: 1, True: 2}


def identity(seen=None):
    def estimate(rainy):
        if seen is not None:
            seen.append(rainy)
        return rainy.copy()

    return Runner("identity", estimate, 1, lambda: 0, lambda: 1.0)


def planes(index, height, width, levels=(60, 180)):
    """Y', Cb, Cr of a frame with a bright corner at the top left, one line per plane."""
    y = np.full((height, width), levels[0] + index, np.uint8)
    y[: height // 2, : width // 2] = levels[1]
    chroma = np.full((height // 2, width // 2), 110, np.uint8)
    chroma[: height // 4, : width // 4] = 120
    flat = [y.ravel(), chroma.ravel(), (chroma + 20).ravel()]
    return np.concatenate(flat).reshape(height * 3 // 2, width)


def make_video(path, stamps, size=(64, 96), matrix=None, full=False, sound=None, aspect=None):
    height, width = size
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"crf": "0"})
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = TIME_BASE
        context.color_range = RANGE[full]
        if aspect:
            context.sample_aspect_ratio = aspect
        if matrix:
            context.colorspace = MATRIX[matrix]
        voice = file.add_stream(sound, rate=16000) if sound else None
        for index, pts in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(planes(index % 60, height, width), format="yuv420p")
            frame.pts, frame.time_base = pts, TIME_BASE
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
        if voice:
            for start in range(0, 16000, 1024):
                tone = np.sin(np.arange(start, start + 1024) / 8)[None].astype(np.float32)
                frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 16000, start
                file.mux(voice.encode(frame))
            file.mux(voice.encode(None))
    return path


def turn(path, matrix):
    """Give a video a display matrix (a, b; c, d) in units of 1/65536."""
    content = path.read_bytes()
    plain = np.array([65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30], ">i4").tobytes()
    a, b, c, d = (65536 * value for value in matrix)
    turned = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes()
    place = content.index(plain, content.index(b"tkhd"))
    path.write_bytes(content[:place] + turned + content[place + len(plain) :])


def read(path):
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
        return frames, [frame.pts * frame.time_base for frame in frames]


STEADY = [512 * index for index in range(8)]
VARIABLE = [0, 512, 700, 1900, 1901, 4000, 9000, 9512]

# Colours.


@pytest.mark.parametrize(
    ("coding", "levels", "colour"),
    [  # BT.709-6 and BT.601-7: white, black, and red of 100 % at 8 bits in limited range
        (Coding("bt709", False), (235, 128, 128), (1, 1, 1)),
        (Coding("bt601", False), (16, 128, 128), (0, 0, 0)),
        (Coding("bt709", False), (63, 102, 240), (1, 0, 0)),
        (Coding("bt601", False), (81, 90, 240), (1, 0, 0)),
        (Coding("bt601", True), (76, 85, 255), (1, 0, 0)),
        (Coding("bt709", False, 10), (250, 409, 960), (1, 0, 0)),
    ],
)
def test_reference_colours(coding, levels, colour):
    image = np.array(colour, np.float32).reshape(1, 1, 3)
    assert from_rgb(image, coding).ravel().tolist() == list(levels)
    back = to_rgb(np.array(levels).reshape(3, 1, 1), coding)
    assert np.abs(back - image).max() < 0.01  # the levels are rounded


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", WEIGHTS)
def test_levels_survive_the_way_to_colours_and_back(matrix, full):
    rng = np.random.default_rng(0)
    image = rng.random((20, 30, 3), np.float32)
    stored = from_rgb(image, Coding(matrix, full))
    again = from_rgb(to_rgb(stored, Coding(matrix, full)), Coding(matrix, full))
    assert np.abs(again.astype(int) - stored).max() <= 1  # at the end of the range of colours
    assert (again == stored).mean() > 0.98


# Files.


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", ["bt601", "bt709", None])
def test_the_network_sees_the_right_colours_and_the_result_has_them(matrix, full, tmp_path):
    source, seen = make_video(tmp_path / "in.mp4", STEADY, matrix=matrix, full=full), []
    result = derain_video(identity(seen), source, tmp_path / "out", crf=0)
    y, cb, cr = 180, 120, 140
    expected = to_rgb(np.array([y, cb, cr]).reshape(3, 1, 1), Coding(matrix or "bt601", full))
    corner = seen[-1][0, :, 4, 4]
    assert np.abs(corner - expected.ravel()).max() < 0.002
    before, after = read(source)[0], read(result)[0]
    assert after[0].colorspace == before[0].colorspace
    assert after[0].color_range == before[0].color_range
    assert after[0].format.name == before[0].format.name
    for old, new in zip(before, after, strict=True):
        change = np.abs(old.to_ndarray().astype(int) - new.to_ndarray())
        assert change.mean() < 0.1  # chroma is resized twice, which shows at its edges
        assert change[:28, :44].max() <= 1


@pytest.mark.parametrize("stamps", [STEADY, VARIABLE])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_time_stamps_and_sound_are_kept(stamps, suffix, tmp_path):
    source = make_video(tmp_path / f"in{suffix}", stamps, sound="aac")
    result = derain_video(identity(), source, tmp_path / "out")
    assert result == tmp_path / "out" / f"in{suffix}"
    assert read(result)[1] == read(source)[1]
    with av.open(str(source)) as old, av.open(str(result)) as new:
        packets = [
            [(p.pts * p.time_base, bytes(p)) for p in file.demux(audio=0) if p.size]
            for file in (old, new)
        ]
    assert packets[0] == packets[1]
    assert [file.name for file in (tmp_path / "out").iterdir()] == [f"in{suffix}"]


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [
        ((1, 0, 0, 1), (0, 0)),
        ((0, 1, -1, 0), (0, -1)),  # a quarter clockwise: the top left comes to the top right
        ((-1, 0, 0, -1), (-1, -1)),
        ((0, -1, 1, 0), (-1, 0)),
    ],
)
def test_the_network_sees_videos_upright(matrix, corner, tmp_path):
    source, seen = make_video(tmp_path / "in.mp4", STEADY), []
    turn(source, matrix)
    result = derain_video(identity(seen), source, tmp_path / "out")
    assert seen[-1].shape[2:] == ((64, 96) if matrix[0] else (96, 64))
    assert seen[-1][0, 1][corner] > seen[-1][0, 1].mean() + 0.2
    frame = read(result)[0][0]
    assert (frame.height, frame.width) == seen[-1].shape[2:]
    assert frame.rotation == 0
    assert frame.to_ndarray(format="gray")[corner] > 170


def test_a_stopped_run_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr("ssid.inference.video.job.FRAMES", 3)
    source, seen = make_video(tmp_path / "in.mp4", VARIABLE, sound="aac"), []
    whole = derain_video(identity(), source, tmp_path / "whole").read_bytes()

    def stop(rainy):
        if rainy.shape[-1] == 96:
            seen.append(rainy)
        if len(seen) == 5:
            raise KeyboardInterrupt
        return rainy.copy()

    with pytest.raises(KeyboardInterrupt):
        derain_video(Runner("", stop, 1, lambda: 0, lambda: 1.0), source, tmp_path / "out")
    assert not (tmp_path / "out" / "in.mp4").exists()
    again = []
    result = derain_video(identity(again), source, tmp_path / "out")
    assert len([image for image in again if image.shape[-1] == 96]) == 5  # of eight
    assert result.read_bytes() == whole
    assert list((tmp_path / "out").iterdir()) == [result]


def test_sound_that_the_result_cannot_hold_is_refused_before_any_work(tmp_path):
    source, seen = make_video(tmp_path / "in.mkv", STEADY, sound="wavpack"), []
    with pytest.raises(UserError, match=r"out\.mp4: \.mp4 holds no sound .* wavpack: .* \.mkv, or"):
        derain_video(identity(seen), source, tmp_path / "out.mp4")
    assert not seen
    assert list(tmp_path.iterdir()) == [source]
    assert derain_video(identity(), source, tmp_path / "out").suffix == ".mkv"


def test_a_video_that_ends_early_is_said_to(tmp_path, caplog):
    whole = make_video(tmp_path / "in.mkv", range(0, 200 * 512, 512))
    derain_video(identity(), whole, tmp_path / "out")
    assert not caplog.messages
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    derain_video(identity(), cut, tmp_path / "out")
    assert re.fullmatch(r".*cut\.mkv ends early: \d+ of about 200 pictures .*", caplog.text.strip())


def test_two_at_once_are_refused_and_the_first_is_not_disturbed(tmp_path):
    source, result = make_video(tmp_path / "in.mp4", STEADY), tmp_path / "out.mp4"
    refused = []

    def compute(rainy):
        if rainy.shape[-1] == 96 and not refused:
            with pytest.raises(UserError, match=f"belongs to process {os.getpid()}") as found:
                derain_video(identity(), source, result)
            refused.append(found)
        return rainy.copy()

    derain_video(Runner("", compute, 1, lambda: 0, lambda: 1.0), source, result)
    assert refused
    assert result.read_bytes() == derain_video(identity(), source, tmp_path / "b.mp4").read_bytes()


def test_tile_and_overlap_are_those_of_the_command(tmp_path, monkeypatch):
    source, seen = make_video(tmp_path / "in.mp4", STEADY[:1]), []

    def derain(runner, image, *tiling):
        seen.append(tiling)
        return image

    monkeypatch.setattr("ssid.inference.tiles.derain", derain)
    derain_video(identity(), source, tmp_path / "out", Method(tile=40, overlap=8))
    assert seen == [(40, 8)]


def test_parts_of_another_job_are_thrown_away(tmp_path):
    parts_folder(tmp_path / "a.mp4").mkdir()
    parts = Parts(tmp_path / "a.mp4", {"crf": 1})
    parts.next().touch()
    assert len(Parts(tmp_path / "a.mp4", {"crf": 1}).done) == 1
    assert not Parts(tmp_path / "a.mp4", {"crf": 2}).done


def test_crf_decides_the_size(tmp_path):
    source = make_video(tmp_path / "in.mp4", STEADY)
    sizes = [
        derain_video(identity(), source, tmp_path / f"{crf}.mp4", crf=crf).stat().st_size
        for crf in (0, 45)
    ]
    assert sizes[1] < sizes[0]


def test_other_containers_become_matroska_and_time_rises(tmp_path):
    source = make_video(tmp_path / "in.avi", STEADY)
    result = derain_video(identity(), source, tmp_path / "out")
    assert result.name == "in.mkv"
    times = read(result)[1]
    assert all(a < b for a, b in pairwise(times))
    assert len(times) == len(STEADY)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_every_picture_is_shown_as_long_as_before(suffix, tmp_path):
    source = make_video(tmp_path / f"in{suffix}", STEADY)
    result = derain_video(identity(), source, tmp_path / "out")
    with av.open(str(source)) as old, av.open(str(result)) as new:
        assert new.duration == pytest.approx(old.duration, abs=1000)  # 1 ms is Matroska's unit


@pytest.mark.parametrize(
    ("matrix", "aspect"), [((1, 0, 0, 1), Fraction(16, 11)), ((0, 1, -1, 0), Fraction(11, 16))]
)
def test_pixels_keep_their_shape(matrix, aspect, tmp_path):
    source = make_video(tmp_path / "in.mp4", STEADY[:2], aspect=Fraction(16, 11))
    turn(source, matrix)
    result = derain_video(identity(), source, tmp_path / "out")
    with av.open(str(result)) as file:
        assert file.streams.video[0].sample_aspect_ratio == aspect


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuvj420p", "yuv420p10le"])
def test_sides_may_be_odd(pixels, tmp_path):
    source = tmp_path / "in.mkv"
    codec = "mjpeg" if pixels == "yuvj420p" else "ffv1"
    with av.open(str(source), "w") as file:
        stream = file.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 97, 65, pixels
        frame = av.VideoFrame.from_ndarray(np.full((65, 97, 3), 90, np.uint8), format="rgb24")
        file.mux(stream.encode(frame.reformat(format=pixels)))
        file.mux(stream.encode(None))
    result = derain_video(identity(), source, tmp_path / "out")
    with av.open(str(result)) as file:
        (frame,) = file.decode(video=0)
    assert (frame.width, frame.height) == (97, 65)
    assert frame.to_ndarray(format="rgb24").mean() == pytest.approx(90, abs=2)


def test_a_video_without_pictures_is_named(tmp_path):
    source = tmp_path / "in.mkv"
    with av.open(str(source), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=16000)
        frame = av.AudioFrame(format="s16", layout="stereo", samples=160)
        frame.sample_rate = 16000
        file.mux(stream.encode(frame))
    with pytest.raises(UserError, match="has no pictures"):
        derain_video(identity(), source, tmp_path / "out")


def test_what_cannot_be_done_is_said(tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(UserError, match=r"broken\.mp4 cannot be derained into .*: Invalid data"):
        derain_video(identity(), broken, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    source = make_video(tmp_path / "in.mp4", STEADY[:2])
    with pytest.raises(UserError, match="would replace"):
        derain_video(identity(), source, tmp_path)
    done = derain_video(identity(), source, tmp_path / "out")
    with pytest.raises(UserError, match="exists already"):
        derain_video(identity(), source, tmp_path / "out", existing="refuse")
    with pytest.raises(UserError, match=r"x\.avi: a video is written as \.mp4"):
        derain_video(identity(), source, tmp_path / "x.avi")
    before = done.stat().st_mtime_ns
    derain_video(identity(), source, tmp_path / "out", existing="keep")
    assert done.stat().st_mtime_ns == before
    assert is_video(source)
    assert not is_video(tmp_path / "a.png")
