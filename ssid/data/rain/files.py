"""Rain profiles as YAML files, which a person can read and edit."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from ssid.config.base import Params
from ssid.config.load import load_params
from ssid.data.rain.profiles import PROFILES, Compositing, RainProfile, Range
from ssid.errors import UserError
from ssid.files import atomic_write

SUFFIX = ".yaml"

HEAD = """\
# Rain to render: bounds (lowest, highest) between which the rain of each image is drawn.
# To change it, copy the file to params/rain/ and name the copy as `rain:` of a data set.
"""

COMMENTS: Mapping[str, str] = {
    "layers": "streak layers of an image",
    "angle_degrees": "direction; 90 falls straight down, 45 from the upper right",
    "spread_degrees": "how far a layer may turn from the direction of its image",
    "length_px": "pixels that a drop travels during the exposure",
    "width_px": "thickness in pixels, before blur",
    "density": "share of the pixels at which a drop starts",
    "hardness": "1: streaks fade softly; 3: sharp edges, all equally bright",
    "brightness": "most that a layer adds, 0..1",
    "blur_px": "defocus, standard deviation in pixels",
    "compositing": "screen, additive, or both",
    "transmission": "share of light that passes the veil; 1: no veil",
    "atmospheric_light": "gray value of the veil, 0..1",
    "perspective": "size of the nearest streaks over that of the farthest; 1: all alike",
    "veil_rise": "0: an even veil; 1: none at the bottom, twice as thick at the top",
    "lighting": "0: equally bright everywhere; 1: only beside the brightest places, as at night",
    "disc_density": "share of the pixels with a drop out of focus near the lens; 0: none",
    "disc_px": "diameter of such a drop in pixels",
    "disc_brightness": "most that it adds, 0..1",
}


LIMITS: Mapping[str, Range] = {
    "layers": (1, 8),
    "angle_degrees": (0, 180),
    "length_px": (1, 500),
    "width_px": (0.5, 50),
    "density": (1e-7, 0.2),
    "hardness": (0.1, 20),
    "brightness": (0, 1),
    "blur_px": (0, 20),
    "transmission": (0.05, 1),
    "atmospheric_light": (0, 1),
    "perspective": (1, 20),
    "veil_rise": (0, 1),
    "lighting": (0, 1),
    "disc_density": (0, 0.01),
    "disc_px": (2, 200),
    "disc_brightness": (0, 1),
}
"""What a file may ask for; beyond it rendering would take very long, or shows no rain."""

Bounds = Annotated[list[float], Field(min_length=2, max_length=2)]


class ProfileFile(Params):
    """A profile in YAML, keys as those of :class:`ssid.data.rain.profiles.RainProfile`."""

    description: str
    reference: str = "none"
    layers: Annotated[list[int], Field(min_length=2, max_length=2)]
    angle_degrees: Bounds
    spread_degrees: Annotated[float, Field(ge=0, le=90)]
    length_px: Bounds
    width_px: Bounds
    density: Bounds
    hardness: Bounds
    brightness: Bounds
    blur_px: Bounds
    compositing: Annotated[list[Compositing], Field(min_length=1, max_length=2)]
    transmission: Bounds
    atmospheric_light: Bounds
    perspective: Bounds = Field([1.0, 1.0])
    veil_rise: Bounds = Field([0.0, 0.0])
    lighting: Bounds = Field([0.0, 0.0])
    disc_density: Bounds = Field([0.0, 0.0])
    disc_px: Bounds = Field([20.0, 20.0])
    disc_brightness: Bounds = Field([0.2, 0.2])

    @model_validator(mode="after")
    def _bounds_ascend_within_limits(self) -> Self:
        for name, (lowest, highest) in LIMITS.items():
            low, high = getattr(self, name)
            if not lowest <= low <= high <= highest:
                raise ValueError(
                    f"{name}: found [{low}, {high}]; write the lower bound first, both between"
                    f" {lowest} and {highest}"
                )
        return self

    def profile(self) -> RainProfile:
        """Return the profile."""
        values: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in self}
        return RainProfile(**values)


def find_profile(rain: str) -> RainProfile:
    """Return a profile by its name, or from the YAML file of that path.

    Raises:
        UserError: if there is no such profile, or the file is missing or wrong.
    """
    if not rain.endswith(SUFFIX):
        return PROFILES[rain]
    path = Path(rain)
    if not path.is_file():
        raise UserError(
            f"there is no rain profile {rain}. Write one, or name one of: {', '.join(PROFILES)}."
        )
    return load_params(path, ProfileFile).profile()


def write_profile(profile: RainProfile, path: Path) -> None:
    """Write a profile as YAML with a comment on every line; four digits are kept."""
    lines = [HEAD]
    for name, value in asdict(profile).items():
        comment = COMMENTS.get(name)
        lines.append(f"{name}: {_yaml(value)}{f'  # {comment}' if comment else ''}\n")
    with atomic_write(path) as partial:
        partial.write_text("".join(lines), "utf-8")


def _yaml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, float):
        return f"{value:.4g}" if value != round(value) else f"{value:.1f}"
    return (
        f'"{value}"'
        if isinstance(value, str) and value not in ("screen", "additive")
        else str(value)
    )
