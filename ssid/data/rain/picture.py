"""What was fitted, to look at: real rain beside the rendered, and each parameter's histogram."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ssid.data.rain.profiles import RainLayer, RainParameters, RainProfile, sample_rain
from ssid.pictures import Picture, write_picture

SIDE, GAP, STRIP = 176, 6, 22
COLUMNS = 5
DRAWS = 1500
BINS = 30
PRIOR, FITTED = (190, 190, 190), (40, 90, 170)

OF_LAYERS: Mapping[str, Callable[[RainLayer], float]] = {
    "direction (degrees)": lambda layer: layer.angle_degrees,
    "length (log10 px)": lambda layer: float(np.log10(layer.length_px)),
    "width (px)": lambda layer: layer.width_px,
    "density (log10)": lambda layer: float(np.log10(layer.density)),
    "brightness": lambda layer: layer.brightness,
    "hardness": lambda layer: layer.hardness,
    "blur (px)": lambda layer: layer.blur_px,
}
OF_IMAGES: Mapping[str, Callable[[RainParameters], float]] = {
    "layers": lambda rain: len(rain.layers),
    "transmission of the veil": lambda rain: rain.transmission,
    "light of the veil": lambda rain: rain.atmospheric_light,
}


def write_fitted(
    real: Sequence[Picture],
    rendered: Sequence[Picture],
    prior: Sequence[RainProfile],
    fitted: RainProfile,
    path: Path,
) -> None:
    """Write rows of real and of rendered crops, and below them the histograms, as JPEG.

    Args:
        real: crops of photographs, the first five are shown.
        rendered: crops in the fitted rain.
        prior: profiles drawn from the prior.
        fitted: the profile that was found.
        path: JPEG file.
    """
    rows = [_row("real", real), _row("rendered in the fitted rain", rendered)]
    rows += _histograms(_draws(prior), _draws([fitted]))
    sheet = np.concatenate(rows)
    write_picture(path, sheet)


def _row(caption: str, pictures: Sequence[Picture]) -> Picture:
    cells = [picture[:SIDE, :SIDE] for picture in pictures[:COLUMNS]]
    row = _blank(STRIP + SIDE + GAP)
    for column, cell in enumerate(cells):
        left = GAP + column * (SIDE + GAP)
        row[STRIP : STRIP + cell.shape[0], left : left + cell.shape[1]] = cell
    return _written(row, [(GAP, caption)])


def _blank(height: int) -> Picture:
    return np.full((height, GAP + COLUMNS * (SIDE + GAP), 3), 255, np.uint8)


def _written(row: Picture, captions: Sequence[tuple[int, str]]) -> Picture:
    image = Image.fromarray(row)
    font = ImageFont.load_default(13)
    for left, text in captions:
        ImageDraw.Draw(image).text((left, STRIP // 2), text, "black", font, anchor="lm")
    return np.asarray(image).copy()


def _draws(profiles: Sequence[RainProfile]) -> dict[str, NDArray[np.float64]]:
    """Return what images in the rain of these profiles have, by the name of the parameter."""
    count = DRAWS // len(profiles)
    drawn = [sample_rain(profile, seed) for profile in profiles for seed in range(count)]
    layers = [layer for rain in drawn for layer in rain.layers]
    of_layers = {name: np.array([value(x) for x in layers]) for name, value in OF_LAYERS.items()}
    return of_layers | {n: np.array([value(x) for x in drawn]) for n, value in OF_IMAGES.items()}


def _histograms(
    prior: Mapping[str, NDArray[np.float64]], fitted: Mapping[str, NDArray[np.float64]]
) -> list[Picture]:
    names = list(prior)
    rows = []
    for first in range(0, len(names), COLUMNS):
        row, captions = _blank(STRIP + SIDE // 2 + STRIP), []
        for column, name in enumerate(names[first : first + COLUMNS]):
            left = GAP + column * (SIDE + GAP)
            _draw_histogram(
                row[STRIP : STRIP + SIDE // 2, left : left + SIDE], prior[name], fitted[name]
            )
            captions.append((left, f"{name}: {fitted[name].mean():.2f}"))
        rows.append(_written(row, captions))
    return rows


def _draw_histogram(cell: Picture, prior: NDArray[np.float64], fitted: NDArray[np.float64]) -> None:
    """Draw the prior in gray and the fitted rain in blue over the range of both."""
    both = np.concatenate([prior, fitted])
    low, high = both.min(), both.max()
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    cell[:] = 245
    for values, colour in ((prior, PRIOR), (fitted, FITTED)):
        counts, _ = np.histogram(values, edges)
        heights = (counts / counts.max() * (cell.shape[0] - 2)).astype(int)
        for k, height in enumerate(heights):
            left, right = (int(cell.shape[1] * x / BINS) for x in (k, k + 1))
            top = cell.shape[0] - height
            bar = cell[top:, left:right]
            bar[:] = (bar * 0.25 + np.array(colour) * 0.75).astype(np.uint8)
