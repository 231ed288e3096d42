"""All rains that may be met: profiles at random, and a profile as a vector of numbers.

The reader (:mod:`ssid.data.rain.reader`) learns from random profiles of this prior, so what lies
outside of it cannot be read. A profile is a vector here: the middle and half the width of each of
its ranges, of lengths, widths, densities and hardness in logarithms, so that errors are shares.
"""

import math
import random
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ssid.data.rain.profiles import Compositing, RainProfile, Range

Numbers = NDArray[np.float64]

LOGARITHMIC = ("length_px", "width_px", "density", "hardness")
LINEAR = ("angle_degrees", "brightness", "blur_px", "transmission", "atmospheric_light")
RANGED = (*LOGARITHMIC, *LINEAR)
NAMES = ("layers", "layers/2", *(f"{name}{half}" for name in RANGED for half in ("", "/2")))
NAMES = (*NAMES, "spread_degrees", "additive")
"""Numbers of a profile; a name with ``/2`` is half the width of that range. In place of the density
stands the coverage: layers x density x length x width, the share of the picture that is rained on
if no streaks cross."""

LIMITS: Mapping[str, Range] = {
    "layers": (1, 6),
    "angle_degrees": (20, 160),
    "spread_degrees": (0, 15),
    "length_px": (4, 160),
    "width_px": (1, 8),
    "density": (5e-6, 0.05),
    "hardness": (0.4, 5),
    "brightness": (0.06, 0.9),
    "blur_px": (0, 3),
    "transmission": (0.4, 1),
    "atmospheric_light": (0.5, 1),
}
"""Bounds of the prior; a fitted profile stays within them."""


def random_profile(seed: int) -> RainProfile:
    """Draw a profile: from drizzle to downpour, sharp or defocused, with and without a veil."""
    draw = random.Random(seed)
    fewest = draw.choice([1, 1, 2, 2, 3, 3, 4])
    layers = (fewest, draw.randint(fewest, min(6, fewest + 3)))
    middle = min(max(draw.gauss(90, 25), 35), 145)
    angle = _around(
        "angle_degrees", middle, draw.choice([0, 1]) * draw.uniform(0, 40) + draw.uniform(0, 12)
    )
    length, width = _log_uniform(draw, 5, 110), _log_uniform(draw, 1.2, 6)
    width = min(width, length / 2)
    coverage = _log_uniform(draw, 0.01, 2.5)
    density = coverage / (sum(layers) / 2 * length * width)
    blurred, veiled = draw.random() < 0.6, draw.random() < 0.65
    return RainProfile(
        description="rain at random",
        reference="none",
        layers=layers,
        angle_degrees=angle,
        spread_degrees=draw.uniform(0, 15) * draw.choice([0, 1, 1]),
        length_px=_log_around("length_px", length, _log_uniform(draw, 1, 10)),
        width_px=_log_around("width_px", width, _log_uniform(draw, 1, 2.5)),
        density=_log_around("density", density, _log_uniform(draw, 1, 20)),
        hardness=_log_around("hardness", _log_uniform(draw, 0.6, 4), _log_uniform(draw, 1, 3)),
        brightness=_around("brightness", draw.uniform(0.1, 0.75), draw.uniform(0, 0.25)),
        blur_px=_around("blur_px", draw.uniform(0, 2.5), draw.uniform(0, 1))
        if blurred
        else (0.0, 0.0),
        compositing=draw.choice([("screen",), ("additive",), ("screen", "additive")]),
        transmission=_around("transmission", draw.uniform(0.5, 1), draw.uniform(0, 0.15))
        if veiled
        else (1.0, 1.0),
        atmospheric_light=_around(
            "atmospheric_light", draw.uniform(0.55, 0.98), draw.uniform(0, 0.15)
        ),
    )


def to_numbers(profile: RainProfile) -> Numbers:
    """Return the profile as numbers, in the order of :data:`NAMES`."""
    found = {"spread_degrees": profile.spread_degrees}
    found["layers"], found["layers/2"] = _middle(profile.layers)
    for name in LINEAR:
        found[name], found[f"{name}/2"] = _middle(getattr(profile, name))
    for name in LOGARITHMIC:
        found[name], found[f"{name}/2"] = _middle([math.log(x) for x in getattr(profile, name)])
    found["density"] += found["length_px"] + found["width_px"] + math.log(found["layers"])
    found["additive"] = profile.compositing.count("additive") / len(profile.compositing)
    return np.array([found[name] for name in NAMES])


def to_profile(numbers: Numbers, description: str, reference: str) -> RainProfile:
    """Return the profile of such numbers, brought within :data:`LIMITS`."""
    found = dict(zip(NAMES, map(float, numbers), strict=True))
    layers = _range("layers", found["layers"], found["layers/2"])
    found["density"] -= found["length_px"] + found["width_px"] + math.log(max(found["layers"], 1))
    logarithmic = {n: _log_range(n, found[n], found[f"{n}/2"]) for n in LOGARITHMIC}
    linear = {n: _range(n, found[n], found[f"{n}/2"]) for n in LINEAR}
    return RainProfile(
        description=description,
        reference=reference,
        layers=(round(layers[0]), round(layers[1])),
        spread_degrees=_clip("spread_degrees", found["spread_degrees"]),
        compositing=_blends(found["additive"]),
        **logarithmic,
        **linear,
    )


def mirrored(numbers: Numbers) -> Numbers:
    """Return the numbers of the same rain seen in a mirror: only its direction is another."""
    return np.where(np.array(NAMES) == "angle_degrees", 180 - numbers, numbers)


def _blends(additive: float) -> tuple[Compositing, ...]:
    """Return the blends to draw from: one where it is clear enough, else both."""
    if additive > 0.75:
        return ("additive",)
    return ("screen",) if additive < 0.25 else ("screen", "additive")


def _middle(bounds: tuple[float, float] | list[float]) -> tuple[float, float]:
    return (bounds[0] + bounds[1]) / 2, (bounds[1] - bounds[0]) / 2


def _clip(name: str, value: float) -> float:
    lowest, highest = LIMITS[name]
    return min(max(value, lowest), highest)


def _range(name: str, middle: float, half: float) -> Range:
    half = max(half, 0)
    return _clip(name, middle - half), _clip(name, middle + half)


def _log_range(name: str, middle: float, half: float) -> Range:
    half = max(half, 0)
    return _clip(name, math.exp(middle - half)), _clip(name, math.exp(middle + half))


def _around(name: str, middle: float, half: float) -> Range:
    return _range(name, middle, half)


def _log_around(name: str, middle: float, ratio: float) -> Range:
    return _log_range(name, math.log(middle), math.log(ratio) / 2)


def _log_uniform(draw: random.Random, lowest: float, highest: float) -> float:
    return math.exp(draw.uniform(math.log(lowest), math.log(highest)))
