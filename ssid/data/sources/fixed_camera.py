"""Pairs from a fixed camera: the temporal median of its frames is the scene without rain.

A streak covers a pixel for a few frames, the scene for most of them. What moves in the scene, such
as cars or people, covers larger patches than streaks do: it is marked, and not measured.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_opening
from skimage.registration import phase_cross_correlation

from ssid.data.images import ImageError, read_rgb
from ssid.data.sources.listing import list_folder
from ssid.data.splits import evenly_spaced
from ssid.errors import UserError
from ssid.pictures import Picture, write_picture
from ssid.progress import track
from ssid.video.frames import layout_of

FEWEST = 16
"""Frames below which streaks and median cannot be told apart."""
MOST = 32
"""Frames of which the median is taken, twice as many at most; more are thinned out evenly."""
PAIRS = 8
"""Frames that become pairs."""
SHAKE = 1.0
"""Pixels that a frame may lie away from the first."""
MOVED = 20
"""Grey levels from which on a change is no noise."""
PATCH = 9
"""Pixels a side of what is no streak but moves."""
_ROWS = 64
_SIDE = 512


class Scene(NamedTuple):
    """What a fixed camera saw: frames N×H×W×3, and the scene without rain H×W×3."""

    frames: NDArray[np.uint8]
    clean: Picture


def write_pairs(root: Path, folder: Path) -> None:
    """Write ``rainy/``, ``clean/`` and ``mask/`` for the frames in a video or folder.

    Args:
        root: video, of any kind that FFmpeg reads, or folder of frames in the order of names.
        folder: new folder; frames lie there, uncompressed, until they are done with.

    Raises:
        UserError: There are too few frames, their sizes differ, or the camera moves.
        ModuleNotFoundError: if ``root`` is a video and the extra ``video`` is not installed.
    """
    folder.mkdir(parents=True)
    frames = _gather(_of_folder(root) if root.is_dir() else _of_video(root), root, folder)
    check_steady(frames, root)
    scene = Scene(frames, temporal_median(frames))
    for index in track(evenly_spaced(range(len(frames)), PAIRS), PAIRS, "find what moved"):
        name = f"{index:03d}.png"
        mask = moved(scene, index).astype(np.uint8) * 255
        for side, picture in (("rainy", frames[index]), ("clean", scene.clean), ("mask", mask)):
            write_picture(folder / side / name, picture)
    (folder / "frames.npy").unlink()


def temporal_median(frames: NDArray[np.uint8]) -> Picture:
    """Return the median over frames N×H×W×3 of every value, some rows at a time."""
    clean = np.empty_like(frames[0])
    for top in range(0, clean.shape[0], _ROWS):
        clean[top : top + _ROWS] = np.median(frames[:, top : top + _ROWS], axis=0)
    return clean


def moved(scene: Scene, index: int) -> NDArray[np.bool_]:
    """Return where frame ``index`` differs from the scene in patches wider than streaks, H×W."""
    change = np.abs(scene.frames[index].astype(np.int16) - scene.clean).max(axis=2)
    patches = binary_opening(change >= MOVED, np.ones((PATCH, PATCH)))
    return np.asarray(binary_dilation(patches, np.ones((PATCH, PATCH)), iterations=2))


def check_steady(frames: NDArray[np.uint8], root: Path) -> None:
    """Raise ``UserError`` where more than a tenth of the frames lie away from the first."""
    first = _middle(frames[0])
    shifts = [
        float(np.hypot(*phase_cross_correlation(first, _middle(f), upsample_factor=10)[0]))
        for f in frames[1:]
    ]
    if (shift := float(np.quantile(shifts, 0.9))) > SHAKE:
        raise UserError(
            f"the camera of {root} moves: frames lie up to {shift:.1f} pixels away from the first,"
            f" {SHAKE:.0f} is the most. A median over time shows the scene for a fixed camera only."
        )


def _middle(frame: Picture) -> NDArray[np.float64]:
    """Return the mean over colours of the middle of a frame, at most ``_SIDE`` pixels a side."""
    top, left = (max(0, (side - _SIDE) // 2) for side in frame.shape[:2])
    return frame[top : top + _SIDE, left : left + _SIDE].mean(axis=2)


def _gather(frames: Iterable[Picture], root: Path, folder: Path) -> NDArray[np.uint8]:
    """Return up to twice ``MOST`` evenly spaced frames, mapped to a file; there may be any number.

    Every ``step``-th is kept; where twice as many as needed are there, every second of those goes.
    """
    kept: NDArray[np.uint8] | None = None
    count, step = 0, 1
    for number, frame in enumerate(frames):
        if kept is None:
            shape = (2 * MOST, *frame.shape)
            kept = np.lib.format.open_memmap(folder / "frames.npy", "w+", np.uint8, shape)
        if frame.shape != kept.shape[1:]:
            raise UserError(f"the frames of {root} differ in size; a fixed camera has one size.")
        if number % step:
            continue
        if count == len(kept):
            kept[: count // 2] = kept[:count:2].copy()
            count, step = count // 2, 2 * step
            if number % step:
                continue
        kept[count] = frame
        count += 1
    if kept is None or count < FEWEST:
        raise UserError(
            f"{root} has {count} frames, and {FEWEST} are the fewest of which a median over time"
            " shows the scene without rain."
        )
    return kept[:count]


def _of_folder(root: Path) -> Iterator[Picture]:
    photographs = list_folder(root).photographs
    for photograph in track(photographs, len(photographs), "read frames"):
        try:
            yield read_rgb(photograph.path)
        except ImageError as reason:
            raise UserError(f"the frame {photograph.name} cannot be used: {reason}") from reason


def _of_video(root: Path) -> Iterator[Picture]:
    import av

    try:
        with av.open(str(root)) as file:
            if not file.streams.video:
                raise UserError(f"{root} has no pictures.")
            stream = file.streams.video[0]
            layout = None
            for frame in track(file.decode(stream), stream.frames, "read frames"):
                layout = layout or layout_of(frame, stream)
                yield np.rint(layout.image(frame) * 255).astype(np.uint8)
    except av.error.FFmpegError as error:
        raise UserError(f"{root} cannot be read as a video: {error.strerror or error}.") from error
