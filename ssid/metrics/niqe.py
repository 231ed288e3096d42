"""NIQE, a score of naturalness that needs no clean image.

Mittal, Soundararajan, Bovik, "Making a 'Completely Blind' Image Quality Analyzer", IEEE Signal
Processing Letters 2013. ``niqe_pristine.npz`` beside this file holds the authors' published model
of pristine photographs as plain numbers: mean and covariance of 36 features, and the 7×7 window.

Lower is better, but blur and missing texture change the score in either direction: read it
together with :mod:`ssid.metrics.sharpness`.
"""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d
from scipy.special import gamma

Array = NDArray[np.float64]

BLOCK = 96
STEADY_BLOCKS = 9
SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))


class Pristine(NamedTuple):
    """The multivariate Gaussian of features on undistorted photographs, and the window."""

    mean: Array
    covariance: Array
    window: Array


class AsymmetricGaussian(NamedTuple):
    """Asymmetric generalised Gaussians fitted to B samples: shape α, scales βl and βr, B each."""

    alpha: Array
    beta_l: Array
    beta_r: Array


def niqe(image: NDArray[Any], crop_border: int = 0) -> float:
    """Return the NIQE of one image, calibrated to the authors' release.

    Protocol: colours become the BT.601 studio-range luma of MATLAB's ``rgb2ycbcr``, rounded to
    integers; ``crop_border`` pixels are cut from each side; the rest is cut at the right and bottom
    to whole blocks of 96×96; second scale by MATLAB's antialiased bicubic ×0.5.

    Args:
        image: H×W×3 RGB, or H×W gray used as it is; uint8, or float in [0, 1], which is rounded to
            8 bit.
        crop_border: pixels to leave out at each side; the default is none.

    Returns:
        The score, about 2 to 5 for good photographs; lower is better.

    Raises:
        ValueError: if fewer than two blocks hold any texture, where the score is undefined.
    """
    gray = _gray(image)
    height, width = gray.shape
    gray = gray[crop_border : height - crop_border, crop_border : width - crop_border]
    rows, columns = gray.shape[0] // BLOCK, gray.shape[1] // BLOCK
    if rows * columns < 2:
        raise ValueError(
            f"NIQE needs at least two blocks of {BLOCK}x{BLOCK} pixels; after a crop border of "
            f"{crop_border} the image has {gray.shape[0]}x{gray.shape[1]} (height x width)"
        )
    gray = gray[: rows * BLOCK, : columns * BLOCK]
    features = np.concatenate((_features(gray, BLOCK), _features(_halve(gray), BLOCK // 2)), axis=1)
    return _distance(features)


def steady_niqe(picture: NDArray[Any]) -> float:
    """Return the :func:`niqe` of a picture, H×W×3 uint8, that is large enough for it.

    Few blocks give a score that says more about their number than about the picture: the first 15
    blocks of 25 photographs score 3.0 in the mean, 9 of them 3.4, 6 of them 4.2, 4 of them 5.2, and
    2 of them 8.4, up to 18.

    Raises:
        ValueError: if the picture has fewer than ``STEADY_BLOCKS`` blocks.
    """
    blocks = (picture.shape[0] // BLOCK) * (picture.shape[1] // BLOCK)
    if blocks < STEADY_BLOCKS:
        raise ValueError(
            f"{blocks} blocks of {BLOCK}×{BLOCK} pixels, and at least {STEADY_BLOCKS} are needed"
        )
    return niqe(picture)


def _distance(features: Array) -> float:
    """Return eq. 10: how far the Gaussian of B×36 block features lies from the pristine one."""
    model = _pristine()
    textured = features[~np.isnan(features).any(axis=1)]
    if len(textured) < 2:
        raise ValueError("NIQE is undefined: fewer than two blocks of the image hold any texture")
    difference = model.mean - np.nanmean(features, axis=0)
    pooled = (model.covariance + np.cov(textured, rowvar=False)) / 2
    return float(np.sqrt(difference @ np.linalg.pinv(pooled) @ difference))


def _features(gray: Array, block: int) -> Array:
    """Return the 18 features of each ``block``×``block`` block of one scale, B×18."""
    rows, columns = gray.shape[0] // block, gray.shape[1] // block
    blocks = (
        _normalise(gray)
        .reshape(rows, block, columns, block)
        .swapaxes(1, 2)
        .reshape(-1, block, block)
    )
    fit = _fit(blocks)
    columns_of_features = [fit.alpha, (fit.beta_l + fit.beta_r) / 2]
    for shift in SHIFTS:
        fit = _fit(blocks * np.roll(blocks, shift, axis=(1, 2)))
        eta = (fit.beta_r - fit.beta_l) * gamma(2 / fit.alpha) / gamma(1 / fit.alpha)  # eq. 8
        columns_of_features += [fit.alpha, eta, fit.beta_l, fit.beta_r]
    return np.stack(columns_of_features, axis=1)


def _normalise(gray: Array) -> Array:
    """Return the mean-subtracted, contrast-normalised coefficients (eq. 1 to 3)."""
    mu = _window_mean(gray)
    sigma = np.sqrt(np.abs(_window_mean(gray**2) - mu**2))
    difference = gray - mu
    # In flat regions only rounding errors are left; their signs would change the fits, by 0.1 in
    # the score, from one machine to the next.
    difference[np.abs(difference) < 1e-9] = 0
    return difference / (sigma + 1)


def _window_mean(gray: Array) -> Array:
    # The 7×7 window is a Gaussian, so its row sums filter rows and columns one after the other.
    taps = _pristine().window.sum(axis=0)
    return correlate1d(
        correlate1d(gray, taps, axis=0, mode="nearest"), taps, axis=1, mode="nearest"
    )


def _fit(blocks: Array) -> AsymmetricGaussian:
    """Fit eq. 5 to each of B blocks B×h×w by moments, with α on the grid 0.2, 0.201 … 10."""
    samples = blocks.reshape(len(blocks), -1)
    squares = samples**2
    with np.errstate(divide="ignore", invalid="ignore"):  # blocks without texture become NaN
        left = np.sqrt((squares * (samples < 0)).sum(axis=1) / (samples < 0).sum(axis=1))
        right = np.sqrt((squares * (samples > 0)).sum(axis=1) / (samples > 0).sum(axis=1))
        ratio = left / right
        r_hat = np.abs(samples).mean(axis=1) ** 2 / squares.mean(axis=1)
    R_hat = r_hat * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    # A block without texture takes α = 0.2, which enters the mean of α: so the authors' code does.
    alpha, r_alpha = _shape_grid()
    above = np.searchsorted(r_alpha, np.nan_to_num(R_hat)).clip(1, len(alpha) - 1)
    nearer = R_hat - r_alpha[above - 1] > r_alpha[above] - R_hat
    shape = alpha[np.where(nearer, above, above - 1)]
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return AsymmetricGaussian(shape, left * scale, right * scale)


def _halve(gray: Array) -> Array:
    """Return the image at half size as MATLAB's ``imresize(image, 0.5)`` does, sides even.

    Its cubic kernel (a = −0.5), stretched by two against aliasing, meets eight pixels at distances
    of ±1/4, ±3/4, ±5/4 and ±7/4 output pixels; borders are mirrored.
    """
    near, far = np.array([0.25, 0.75]), np.array([1.25, 1.75])
    side = np.concatenate(
        (1.5 * near**3 - 2.5 * near**2 + 1, -0.5 * far**3 + 2.5 * far**2 - 4 * far + 2)
    )
    taps = np.concatenate((side[::-1], side))
    taps /= taps.sum()
    gray = correlate1d(gray, taps, axis=0, mode="reflect")[1::2]
    return correlate1d(gray, taps, axis=1, mode="reflect")[:, 1::2]


def _gray(image: NDArray[Any]) -> Array:
    """Return the luma on the scale 0…255 in whole numbers."""
    levels = np.rint(image.clip(0, 1) * 255) if image.dtype.kind == "f" else image
    levels = levels.astype(np.float64)
    if levels.ndim == 2:
        return levels
    return np.rint(16 + levels @ np.array([65.481, 128.553, 24.966]) / 255)


@cache
def _pristine() -> Pristine:
    with np.load(Path(__file__).with_name("niqe_pristine.npz"), allow_pickle=False) as stored:
        return Pristine(
            stored["mu_pris_param"].ravel(), stored["cov_pris_param"], stored["gaussian_window"]
        )


@cache
def _shape_grid() -> tuple[Array, Array]:
    """Return the candidates for α and r(α) = Γ(2/α)² / (Γ(1/α) Γ(3/α)), which grows with α."""
    alpha = np.arange(0.2, 10.001, 0.001)
    return alpha, gamma(2 / alpha) ** 2 / (gamma(1 / alpha) * gamma(3 / alpha))
