"""What rain may look like: the ranges of a profile, and the parameters drawn from it for one image.

A profile says between which bounds each property of the streaks varies; :func:`sample_rain` draws
one :class:`RainParameters` from it, which :mod:`ssid.data.rain.render` renders. The parameters
are plain numbers, so that ``dataclasses.asdict`` gives what is stored beside the image.
"""

import math
import random
from dataclasses import dataclass, replace
from typing import Literal

from ssid.registry import Registry

Range = tuple[float, float]
Compositing = Literal["screen", "additive"]


@dataclass(frozen=True)
class RainLayer:
    """Streaks of one size and direction. Lengths in pixels of the image that is rendered.

    Attributes:
        angle_degrees: direction against the horizontal, counter-clockwise; 90 falls straight down.
        length_px: length of the line that a drop draws during the exposure.
        width_px: thickness, as full width at half maximum, before blur and hardness.
        density: fraction of pixels at which a drop starts, 0..1.
        brightness: highest value that the layer adds, 0..1.
        hardness: slope before the layer is cut at its brightness. At 1 streaks fade smoothly and
            differ in brightness; at 3 most are equally bright and have sharp edges.
        blur_px: standard deviation of the defocus, which widens and dims the streaks; 0 is sharp.
    """

    angle_degrees: float
    length_px: float
    width_px: float
    density: float
    brightness: float
    hardness: float
    blur_px: float


@dataclass(frozen=True)
class RainParameters:
    """The rain of one image.

    Attributes:
        layers: the streak layers, at least one.
        compositing: blend by which streaks join the photograph, see
            :func:`ssid.data.rain.render.composite`.
        transmission: α of the veil, the share of light that passes it; 1 is no veil.
        atmospheric_light: A of the veil, its gray value, 0..1.
        veil_rise: growth of the veil towards the top, where the scene is far away: 0 is an even
            veil; at 1 the bottom has none, and the top twice the optical depth.
        lighting: dependence of the streaks on the light around them: 0 is none; at 1 they are
            bright beside the brightest place of the picture alone, as at night.
        disc_density: fraction of pixels with a drop so near that it is out of focus, 0..1.
        disc_px: diameter of the disc that such a drop becomes, in pixels.
        disc_brightness: highest value that a disc adds, 0..1.
    """

    layers: tuple[RainLayer, ...]
    compositing: Compositing
    transmission: float
    atmospheric_light: float
    veil_rise: float = 0.0
    lighting: float = 0.0
    disc_density: float = 0.0
    disc_px: float = 20.0
    disc_brightness: float = 0.2


@dataclass(frozen=True, kw_only=True)
class RainProfile:
    """Bounds (lowest, highest) between which the rain of an image is drawn.

    Drawn once per image: number of layers, common direction, brightness, compositing, veil,
    perspective, lighting and discs; drawn for each layer: all else. The common direction is most
    often the middle of its range (triangular), density and length are uniform in their logarithm,
    the others uniform.

    Attributes:
        description: one line for people who choose.
        reference: paper and section of the rain that the profile imitates.
        layers: number of streak layers.
        angle_degrees: direction common to the layers of an image.
        spread_degrees: angle by which the direction of a layer may turn from the common one.
        length_px: length px, see :class:`RainLayer`, as the following four.
        width_px: thickness.
        density: fraction of pixels at which a drop starts, above 0.
        hardness: slope: 1 is soft, 3 is hard.
        brightness: highest value that a layer adds.
        blur_px: standard deviation of the defocus.
        compositing: the blends to choose from, with equal chances.
        transmission: α of the veil.
        atmospheric_light: A of the veil.
        perspective: size of the nearest layer over that of the farthest. Near streaks are longer,
            broader, more blurred and fewer, so that each layer covers as much as without; 1 is
            none, and one layer has none.
        veil_rise: growth of the veil towards the top, see :class:`RainParameters`, as the
            following four.
        lighting: dependence on the light around.
        disc_density: fraction of pixels with a drop out of focus.
        disc_px: diameter of its disc.
        disc_brightness: highest value that it adds.
    """

    description: str
    reference: str
    layers: tuple[int, int]
    angle_degrees: Range
    spread_degrees: float
    length_px: Range
    width_px: Range
    density: Range
    hardness: Range
    brightness: Range
    blur_px: Range = (0.0, 0.0)
    compositing: tuple[Compositing, ...]
    transmission: Range = (1.0, 1.0)
    atmospheric_light: Range = (0.8, 0.8)
    perspective: Range = (1.0, 1.0)
    veil_rise: Range = (0.0, 0.0)
    lighting: Range = (0.0, 0.0)
    disc_density: Range = (0.0, 0.0)
    disc_px: Range = (20.0, 20.0)
    disc_brightness: Range = (0.2, 0.2)


def sample_rain(profile: RainProfile, seed: int) -> RainParameters:
    """Draw the rain of one image from a profile. The same seed always gives the same rain."""
    draw = random.Random(seed)

    def log_uniform(bounds: Range) -> float:
        return math.exp(draw.uniform(math.log(bounds[0]), math.log(bounds[1])))

    count = draw.randint(*profile.layers)
    angle = draw.triangular(*profile.angle_degrees)
    brightness = draw.uniform(*profile.brightness)
    layers = tuple(
        RainLayer(
            angle_degrees=angle + draw.uniform(-profile.spread_degrees, profile.spread_degrees),
            length_px=log_uniform(profile.length_px),
            width_px=draw.uniform(*profile.width_px),
            density=log_uniform(profile.density),
            brightness=brightness,
            hardness=draw.uniform(*profile.hardness),
            blur_px=draw.uniform(*profile.blur_px),
        )
        for _ in range(count)
    )
    return RainParameters(
        compositing=draw.choice(profile.compositing),
        transmission=draw.uniform(*profile.transmission),
        atmospheric_light=draw.uniform(*profile.atmospheric_light),
        layers=in_perspective(layers, draw.uniform(*profile.perspective)),
        veil_rise=draw.uniform(*profile.veil_rise),
        lighting=draw.uniform(*profile.lighting),
        disc_density=draw.uniform(*profile.disc_density),
        disc_px=draw.uniform(*profile.disc_px),
        disc_brightness=draw.uniform(*profile.disc_brightness),
    )


def in_perspective(layers: tuple[RainLayer, ...], ratio: float) -> tuple[RainLayer, ...]:
    """Return the layers from far to near: sizes grow by equal factors, ``ratio`` from end to end.

    The geometric mean of the sizes, and the share of the picture that each layer covers, stay.
    """
    if len(layers) == 1:
        return layers
    scales = [ratio ** (place / (len(layers) - 1) - 0.5) for place in range(len(layers))]
    return tuple(
        replace(
            layer,
            length_px=layer.length_px * scale,
            width_px=layer.width_px * scale,
            blur_px=layer.blur_px * scale,
            density=layer.density / scale**2,
        )
        for layer, scale in zip(layers, scales, strict=True)
    )


PROFILES: Registry[RainProfile] = Registry("rain profile")
"""Profiles by the name that ``rain`` of a data set gives them."""

# rain100l and rain100h follow what the released pairs show when the clean image is subtracted:
# gray streaks, added and clipped, with no veil (no pixel gets darker), although the papers speak
# of one. Ranges were set until renderings on BSDS photographs agreed with 50 released pairs each in
# mean PSNR (25.0 and 12.0 dB in RGB), share of rainy pixels, and length, width and direction of
# the streaks.

PROFILES.add(
    "rain100l",
    RainProfile(
        description="light rain: few sharp streaks of one direction",
        reference="Yang et al., Deep Joint Rain Detection and Removal, CVPR 2017: Rain100L",
        layers=(3, 5),
        angle_degrees=(55, 125),
        spread_degrees=3,
        length_px=(8, 80),
        width_px=(1.5, 2.4),
        density=(0.0003, 0.0016),
        hardness=(1.0, 1.5),
        brightness=(0.14, 0.46),
        compositing=("additive",),
    ),
)
PROFILES.add(
    "rain100h",
    RainProfile(
        description="heavy rain: dense bright streaks, layers of several directions",
        reference="Yang et al., Deep Joint Rain Detection and Removal, CVPR 2017: Rain100H",
        layers=(2, 5),
        angle_degrees=(70, 110),
        spread_degrees=12,
        length_px=(25, 80),
        width_px=(1.5, 2.3),
        density=(0.002, 0.008),
        hardness=(1.5, 4.0),
        brightness=(0.18, 0.38),
        compositing=("additive",),
    ),
)
PROFILES.add(
    "varied",
    RainProfile(
        description="drizzle to downpour, both blends, some with veil and drops out of focus",
        reference="bounds of several published sets; no single source",
        layers=(1, 5),
        angle_degrees=(55, 125),
        spread_degrees=10,
        length_px=(7, 60),
        width_px=(1.5, 3.5),
        density=(0.0003, 0.008),
        hardness=(1.0, 3.0),
        brightness=(0.15, 0.6),
        blur_px=(0.0, 1.5),
        compositing=("screen", "additive"),
        transmission=(0.75, 1.0),
        atmospheric_light=(0.6, 0.95),
    ),
)
PROFILES.add(
    "standin",
    RainProfile(
        description="stand-in for real rain: long, soft, slanted streaks behind a veil",
        reference="none: made unlike the other profiles on purpose",
        layers=(2, 3),
        angle_degrees=(45, 65),
        spread_degrees=4,
        length_px=(60, 110),
        width_px=(2.5, 5.0),
        density=(0.0006, 0.002),
        hardness=(0.8, 1.2),
        brightness=(0.35, 0.65),
        blur_px=(0.8, 2.0),
        compositing=("screen",),
        transmission=(0.8, 0.95),
        atmospheric_light=(0.65, 0.85),
    ),
)
PROFILES.add(
    "photographed",
    RainProfile(
        description="what photographs show: faint fine streaks, some near and broad, little veil",
        reference="fitted to Real-275 and SIRR, and wide in what photographs do not tell",
        layers=(1, 3),
        angle_degrees=(65, 115),
        spread_degrees=5,
        length_px=(9, 60),
        width_px=(1.3, 3.5),
        density=(0.0003, 0.008),
        hardness=(0.9, 2.5),
        brightness=(0.06, 0.5),
        blur_px=(0.0, 0.8),
        compositing=("screen", "additive"),
        transmission=(0.93, 1.0),
        atmospheric_light=(0.65, 0.85),
        perspective=(1.0, 3.0),
    ),
)
PROFILES.add(
    "depth",
    RainProfile(
        description="fine rain far away, long broad streaks near by, a veil that grows upwards",
        reference="photographs of real rain; geometry as in Garg and Nayar, SIGGRAPH 2006",
        layers=(3, 5),
        angle_degrees=(65, 115),
        spread_degrees=4,
        length_px=(15, 60),
        width_px=(1.5, 3.0),
        density=(0.0005, 0.004),
        hardness=(0.8, 1.5),
        brightness=(0.15, 0.45),
        blur_px=(0.2, 1.0),
        compositing=("screen",),
        transmission=(0.7, 0.95),
        atmospheric_light=(0.6, 0.9),
        perspective=(2.0, 6.0),
        veil_rise=(0.3, 1.0),
    ),
)
PROFILES.add(
    "night",
    RainProfile(
        description="streaks that shine beside lamps and windows and are lost in the dark",
        reference="photographs of real rain at night",
        layers=(2, 4),
        angle_degrees=(60, 120),
        spread_degrees=4,
        length_px=(12, 60),
        width_px=(1.5, 3.0),
        density=(0.0005, 0.003),
        hardness=(1.0, 2.0),
        brightness=(0.3, 0.8),
        blur_px=(0.0, 1.0),
        compositing=("screen",),
        perspective=(1.5, 4.0),
        lighting=(0.6, 1.0),
    ),
)
PROFILES.add(
    "near",
    RainProfile(
        description="streaks behind drops so near that they are discs out of focus",
        reference="photographs of real rain taken with flash or an open aperture",
        layers=(2, 4),
        angle_degrees=(60, 120),
        spread_degrees=5,
        length_px=(10, 50),
        width_px=(1.5, 3.5),
        density=(0.0004, 0.003),
        hardness=(0.8, 1.5),
        brightness=(0.2, 0.5),
        blur_px=(0.2, 1.5),
        compositing=("screen",),
        transmission=(0.85, 1.0),
        atmospheric_light=(0.6, 0.9),
        perspective=(2.0, 5.0),
        disc_density=(0.00002, 0.0002),
        disc_px=(8.0, 28.0),
        disc_brightness=(0.15, 0.5),
    ),
)
PROFILES.add(
    "broad",
    RainProfile(
        description="falling close by and out of focus: faint streaks up to 50 pixels broad, blobs",
        reference="frames of real rain filmed from near by with an open aperture",
        layers=(1, 4),
        angle_degrees=(75, 105),
        spread_degrees=5,
        length_px=(12, 100),
        width_px=(3.0, 14.0),
        density=(0.00004, 0.0015),
        hardness=(0.8, 1.6),
        brightness=(0.06, 0.4),
        blur_px=(0.5, 3.0),
        compositing=("screen", "additive"),
        transmission=(0.97, 1.0),
        atmospheric_light=(0.4, 0.8),
        perspective=(1.0, 8.0),
        disc_density=(0.0, 0.0001),
        disc_px=(5.0, 16.0),
        disc_brightness=(0.05, 0.3),
    ),
)
PROFILES.add(
    "snow",
    RainProfile(
        description="snow: flakes that hardly draw a line, near ones blurred, in thick air",
        reference="photographs of snowfall",
        layers=(3, 5),
        angle_degrees=(40, 140),
        spread_degrees=20,
        length_px=(2.0, 7.0),
        width_px=(2.0, 4.5),
        density=(0.0005, 0.004),
        hardness=(1.0, 2.5),
        brightness=(0.4, 0.9),
        blur_px=(0.3, 1.2),
        compositing=("screen",),
        transmission=(0.75, 0.98),
        atmospheric_light=(0.75, 0.95),
        perspective=(2.0, 6.0),
        veil_rise=(0.0, 0.8),
        disc_density=(0.0, 0.00008),
        disc_px=(8.0, 20.0),
        disc_brightness=(0.2, 0.6),
    ),
)
