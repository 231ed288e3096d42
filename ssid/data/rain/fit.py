"""From photographs of rain without clean counterparts to the profile of their rain.

The reader gives a first profile. Rain of that profile is then rendered on clean photographs and
read in the same way: where the two readings differ, the profile is corrected by the difference,
until what is rendered reads as the photographs do (indirect inference: Gouriéroux, Monfort and
Renault, Journal of Applied Econometrics 1993). This takes out what the reader gets wrong in the
same way on both sides, such as its pull towards the prior. Of all rounds the one is kept whose
renderings are nearest to the photographs in the reader's embedding.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ssid.data.rain.params import FitParams
from ssid.data.rain.prior import Numbers, mirrored, to_numbers, to_profile
from ssid.data.rain.profiles import PROFILES, RainProfile
from ssid.data.rain.reader import SIDE, RainReader, Reading, look, read
from ssid.data.rain.render import render
from ssid.data.splits import seeded
from ssid.pictures import Picture

WIDE = "varied"
"""Profile of photographs in which no rain is seen."""
DESCRIPTION = "fitted to photographs"
STEP = 0.7
"""Share of a difference that a round corrects where it can be read."""
VISIBLE = 0.2
"""Probability above which a photograph is believed to show rain. It is low: a few photographs
without rain change the reading little."""


@dataclass(frozen=True)
class FittedRain:
    """What was found.

    Attributes:
        profile: profile of the rain.
        reading: first reading of the photographs, in the order of ``prior.NAMES``.
        distances: distances from the photographs to renderings of the wide profile, and of each
            round.
        visible: probability by photograph that it shows rain.
    """

    profile: RainProfile
    reading: Reading
    distances: list[float]
    visible: list[float]

    @property
    def without_rain(self) -> list[int]:
        """The photographs that show no rain and were left out."""
        return [i for i, probability in enumerate(self.visible) if probability < VISIBLE]


def fit_rain(
    rainy: Sequence[Picture], clean: Sequence[Picture], reader: RainReader, params: FitParams
) -> FittedRain:
    """Find the profile of the rain in photographs.

    Args:
        rainy: photographs of rain, H×W×3.
        clean: other photographs, without rain, to render on.
        reader: the network that reads.
        params: number of crops and rounds.

    Returns:
        The profile nearest to the photographs; the wide one where none of them shows rain.
    """
    crops = cut_crops(rainy, params.crops, params.seed)
    visible = [float(torch.sigmoid(look(reader, of).visible.mean())) for of in crops]
    seen = [of for of, p in zip(crops, visible, strict=True) if p >= VISIBLE]
    if not seen:
        nothing = read_views(reader, look_both(reader, torch.cat(crops)))
        return FittedRain(PROFILES[WIDE], nothing, [], visible)
    ground = torch.cat(cut_crops(clean, params.crops, params.seed + 1))
    real = look_both(reader, torch.cat(seen))
    return FittedRain(*_search(real, ground, reader, params), visible)


def _search(
    real: Tensor, ground: Tensor, reader: RainReader, params: FitParams
) -> tuple[RainProfile, Reading, list[float]]:
    """Return the nearest profile of all rounds, the first reading, and all distances."""
    target = read_views(reader, real)
    gain, numbers = STEP * trust(reader, target), target.middle
    wide = look(reader, rained_on(ground, PROFILES[WIDE], params.seed)).embeddings
    distances, candidates = [energy_distance(real[0], wide)], []
    for number in range(params.rounds):
        candidates.append(to_profile(numbers, DESCRIPTION, "none"))
        rendered = look_both(reader, rained_on(ground, candidates[-1], params.seed + number))
        distances.append(energy_distance(real[0], rendered[0]))
        off = target.middle - read_views(reader, rendered).middle
        numbers = to_numbers(candidates[-1]) + gain * off
    return candidates[int(np.argmin(distances[1:]))], target, distances


def look_both(reader: RainReader, crops: Tensor) -> Tensor:
    """Return embeddings 2×N×EMBEDDING of crops N×3×SIDE×SIDE uint8 and of their mirror images."""
    return torch.stack([look(reader, of).embeddings for of in (crops, crops.flip(-1))])


def read_views(reader: RainReader, views: Tensor) -> Reading:
    """Return the mean reading of crops and of their mirror images: no side is favoured.

    Args:
        reader: the network that reads.
        views: embeddings 2×N×EMBEDDING of crops and of their mirror images.
    """
    plain, mirror = (read(reader, embeddings) for embeddings in views)
    middle = (plain.middle + mirrored(mirror.middle)) / 2
    return Reading(middle, (plain.error + mirror.error) / 2)


def trust(reader: RainReader, reading: Reading) -> Numbers:
    """Return how much of each number was read rather than assumed: 1 − error² / prior variance."""
    deviation = reader.scale[1].double().numpy()
    return np.clip(1 - (reading.error / deviation) ** 2, 0, 1)


def cut_crops(photographs: Sequence[Picture], count: int, seed: int) -> list[Tensor]:
    """Cut ``count`` crops in all, or one of each photograph where there are more.

    Returns:
        K×3×SIDE×SIDE uint8 by photograph.
    """
    share = -(-count // len(photographs))
    return [
        torch.stack([_crop(photograph, seeded(seed, i, k)) for k in range(share)])
        for i, photograph in enumerate(photographs)
    ]


def rained_on(ground: Tensor, profile: RainProfile, seed: int) -> Tensor:
    """Return crops N×3×SIDE×SIDE uint8 in rain of the profile, each drawn anew."""
    rainy = [
        render(picture, profile, seeded(seed, i))[0]
        for i, picture in enumerate(to_pictures(ground))
    ]
    return torch.from_numpy(np.stack(rainy)).permute(0, 3, 1, 2)


def to_pictures(crops: Tensor) -> list[Picture]:
    """Return crops N×3×SIDE×SIDE uint8 as pictures."""
    return [crop.permute(1, 2, 0).numpy() for crop in crops]


def energy_distance(x: Tensor, y: Tensor) -> float:
    """Return the energy distance of two samples N×C and M×C, as a share: 0 equal, 1 far apart.

    (2E‖x−y‖ − E‖x−x'‖ − E‖y−y'‖) / 2E‖x−y‖: Székely and Rizzo, Energy statistics, JSPI 2013,
    with different members of a sample for x and x'.
    """
    between = torch.cdist(x, y).mean()
    within = sum(torch.cdist(z, z).sum() / (len(z) * max(len(z) - 1, 1)) for z in (x, y))
    return float((2 * between - within) / (2 * between))


def _crop(photograph: Picture, seed: int) -> Tensor:
    """Return a crop 3×SIDE×SIDE at random; smaller photographs are continued by reflection."""
    draw = random.Random(seed)
    height, width = photograph.shape[:2]
    top, left = (draw.randint(0, max(side - SIDE, 0)) for side in (height, width))
    patch = photograph[top : top + SIDE, left : left + SIDE]
    missing = SIDE - patch.shape[0], SIDE - patch.shape[1]
    patch = np.pad(patch, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")
    return torch.from_numpy(patch.copy()).permute(2, 0, 1)
