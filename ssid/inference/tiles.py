"""Derain one image of any size: at once, or in tiles that equal the whole."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ssid.inference.memory import ENOUGH, SHARE, available, fitting_side
from ssid.inference.pictures import Levels
from ssid.inference.runtime import Runner, runner_of
from ssid.models import Derainer

TILE_GRID = 32
"""Tiles begin at multiples of this, so that pooling and strides see the grid of the whole image."""

SMALL = 1 << 20
"""Pixels that always fit: measuring what a network takes costs seconds."""

Estimate = NDArray[np.float32]
"""H×W×3 on the scale 0 … 1, not clamped."""


def derain(
    model: Derainer | Runner, image: Levels, tile: int | None = None, overlap: int = 64
) -> Levels:
    """Return the clean estimate of one photograph.

    With ``tile``, large images go through the network in squares, each with as much of its
    surroundings as the network looks at: the result equals that of the whole image but for
    rounding. Networks that see the whole image at any overlap (``reach`` is None) cannot be cut
    exactly: their tiles pass smoothly into each other over half of ``overlap``.

    An image whose three channels are equal stays grey.

    Args:
        model: the network in evaluation mode, on the device to use, or what computes it.
        image: H×W×3 RGB, uint8, uint16, or float32 in [0, 1], of any size; sides below the
            network's minimum are extended by reflection and cut back.
        tile: side of the tiles in pixels, rounded to the grid of 32, without their surroundings;
            None takes the whole image at once.
        overlap: pixels that neighbouring tiles share, for networks that cannot be cut exactly.

    Returns:
        Same shape and type, clamped, and rounded to integers where the type is one.

    Raises:
        ValueError: if the overlap is negative.
    """
    if overlap < 0:
        raise ValueError(f"the overlap is a number of pixels, not {overlap}")
    runner = runner_of(model) if isinstance(model, Derainer) else model
    finish = _Finish(image)
    if tile is None or tile >= max(image.shape[:2]):
        return finish(_estimate(runner, image))
    side = max(tile // TILE_GRID, 1) * TILE_GRID
    reach = runner.find_reach()
    if reach is None:
        return finish(_blended(runner, image, side, overlap // 2))
    return _exact(runner, image, side, _to_grid(reach), finish)


def largest_tile(runner: Runner, height: int, width: int) -> int | None:
    """Return the tile for images of this size in the memory there is; None for no tiles.

    Half of what is free may be used. Networks that can be cut exactly take 640 MiB at most, as
    larger tiles are no faster; others are cut only where they have to be.
    """
    if height * width <= SMALL:
        return None
    room = int(SHARE * available(runner.device))
    per_pixel = runner.find_bytes()
    if height * width * per_pixel <= min(room, ENOUGH):
        return None
    reach = runner.find_reach()
    if reach is None:
        fits = height * width * per_pixel <= room
        return None if fits else fitting_side(per_pixel, room, TILE_GRID, TILE_GRID)
    return fitting_side(per_pixel, min(room, ENOUGH), _to_grid(reach), TILE_GRID)


class _Finish:
    """Turns estimates into levels of the type of an image, and to grey where the image is grey."""

    def __init__(self, image: Levels) -> None:
        first, second, third = (image[..., channel] for channel in range(3))
        self.grey = np.array_equal(first, second) and np.array_equal(second, third)
        self.dtype = image.dtype

    def __call__(self, estimate: Estimate) -> Levels:
        if self.grey:
            estimate = estimate.mean(2, keepdims=True).repeat(3, axis=2)
        if self.dtype == np.float32:
            return estimate.clip(0, 1)
        return np.rint(estimate.clip(0, 1) * np.iinfo(self.dtype).max).astype(self.dtype)


def _exact(runner: Runner, image: Levels, side: int, margin: int, finish: _Finish) -> Levels:
    height, width = image.shape[:2]
    result = np.empty_like(image)
    for rows, seen_rows in _windows(height, side, margin):
        for columns, seen_columns in _windows(width, side, margin):
            estimate = _estimate(runner, image[seen_rows, seen_columns])
            tile = estimate[_within(rows, seen_rows), _within(columns, seen_columns)]
            result[rows, columns] = finish(tile)
    return result


def _windows(size: int, side: int, margin: int) -> Iterator[tuple[slice, slice]]:
    """Yield the rows or columns of tiles, and those that the network sees for them.

    What it sees has one size wherever the grid allows: runtimes keep work space for every size.
    """
    seen = side + 2 * margin
    last = _to_grid(max(size - seen, 0))
    done = 0
    for first in [*range(0, last, side), last]:
        stop = size if first == last else first + side + margin
        yield slice(done, stop), slice(first, min(first + seen, size))
        done = stop


def _blended(runner: Runner, image: Levels, side: int, margin: int) -> Estimate:
    height, width = image.shape[:2]
    total = np.zeros((height, width, 3), np.float32)
    weight = np.zeros((height, width, 1), np.float32)
    for top in range(0, height, side):
        rows, seen_rows = _spans(top, side, margin, height)
        for left in range(0, width, side):
            columns, seen_columns = _spans(left, side, margin, width)
            window = np.outer(
                _window(rows, seen_rows, margin), _window(columns, seen_columns, margin)
            )[..., None]
            estimate = _estimate(runner, image[seen_rows, seen_columns])
            total[seen_rows, seen_columns] += window * estimate
            weight[seen_rows, seen_columns] += window
    return total / weight


def _spans(start: int, side: int, margin: int, size: int) -> tuple[slice, slice]:
    """Return the rows or columns of a tile, and those that the network sees for it."""
    stop = min(start + side, size)
    first = max(start - _to_grid(margin), 0)
    return slice(start, stop), slice(first, min(stop + margin, size))


def _within(part: slice, whole: slice) -> slice:
    return slice(part.start - whole.start, part.stop - whole.start)


def _window(span: slice, seen: slice, margin: int) -> NDArray[np.float32]:
    """Return weights along one side: 1 in a tile, 0 far outside, half on its inner borders.

    Within half the margin on both sides of a border they rise as a smoothstep, flat at both ends.
    """
    place = np.arange(seen.start, seen.stop) + 0.5
    window = np.ones(len(place), np.float32)
    if seen.start < span.start:
        window *= _rise(place - span.start, margin)
    if seen.stop > span.stop:
        window *= _rise(span.stop - place, margin)
    return window


def _rise(inside: NDArray[np.float64], margin: int) -> NDArray[np.float32]:
    rise = np.clip(0.5 + inside / max(margin, 1), 0, 1)
    return (rise * rise * (3 - 2 * rise)).astype(np.float32)


def _to_grid(pixels: int) -> int:
    return math.ceil(pixels / TILE_GRID) * TILE_GRID


def _estimate(runner: Runner, image: Levels) -> Estimate:
    rainy = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
    if image.dtype != np.float32:
        rainy /= np.iinfo(image.dtype).max
    return runner.estimate(rainy)[0].transpose(1, 2, 0)
