"""Make one image of a prepared set from the one or two files of an item."""

import json
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ssid.data.fingerprint import fingerprint
from ssid.data.images import ImageError, bytes_to_decode, read_rgb, shrink
from ssid.data.params import DataSet, SyntheticSet
from ssid.data.rain.ground import ribbed, turned
from ssid.data.rain.render import render
from ssid.data.roles import Role
from ssid.data.sources.correspondence import check_same_scene
from ssid.data.sources.halves import split_halves
from ssid.data.sources.layouts import LAYOUTS, Item
from ssid.data.sources.listing import Photograph, RefusedFile
from ssid.data.sources.masks import read_mask
from ssid.data.splits import seeded
from ssid.files import sha256
from ssid.pictures import Picture


@dataclass(frozen=True)
class MadeImage:
    """A finished image, H×W×3 uint8. ``clean`` is None in real sets; ``rain`` as in a Record.

    ``mask``, H×W, is there in benchmarks whose layout has masks.
    """

    item: Item
    name: str
    rainy: Picture
    clean: Picture | None
    source: str
    source_sha256: str
    rain: str
    fingerprint: str
    mask: NDArray[np.bool_] | None = None


class _FileError(ImageError):
    """One file of an item is to blame, rather than their combination."""

    def __init__(self, file: Photograph, reason: ImageError) -> None:
        super().__init__(str(reason))
        self.file = file


def cost_of(item: Item) -> int:
    """Return about how many bytes of memory the pictures of ``item`` take."""
    return sum(bytes_to_decode(file.path) for file in item.files)


def make_image(
    role: Role, block: DataSet, item: Item, rendering: int
) -> MadeImage | list[RefusedFile]:
    """Decode ``item`` and, where rain is still missing, render it for the ``rendering``-th time.

    Returns:
        The image; or, where it cannot be used, each file of the item with the reason.
    """
    clean: Picture | None
    try:
        if item.rainy is None and block.rain is not None:
            rainy, clean, rain, known = _rendered(block, item, rendering)
        else:
            rainy, clean = _photographed(item, block.max_side, targets=role != "real")
            rain, known = "", fingerprint(rainy if clean is None else clean)
        source = item.files[0]
        return MadeImage(
            item=item,
            name=item.name if block.renderings == 1 else f"{item.name}#{rendering + 1}",
            rainy=rainy,
            clean=clean if role != "real" else None,
            source=source.name,
            source_sha256=_sha256(source),
            rain=rain,
            fingerprint=known,
            mask=_mask(block, item.mask, rainy) if item.mask and role == "benchmark" else None,
        )
    except ImageError as reason:
        return [_refusal(file, reason) for file in item.files]


def _rendered(block: DataSet, item: Item, rendering: int) -> tuple[Picture, Picture, str, str]:
    """Return rainy and clean picture, what was drawn, and the fingerprint of the photograph."""
    photograph = shrink(_read(item.files[0]), block.max_side)
    seed = seeded(block.seed, item.name, rendering)
    clean = _ground(photograph, block, seed)
    rainy, parameters = render(clean, str(block.rain), seed)
    rain = json.dumps({"profile": block.rain, "seed": seed, **asdict(parameters)})
    return rainy, clean, rain, fingerprint(photograph)


def _ground(photograph: Picture, block: DataSet, seed: int) -> Picture:
    if not isinstance(block, SyntheticSet):
        return photograph
    ground = turned(photograph) if block.turned else photograph
    return ribbed(ground, seed) if block.ribs else ground


def _photographed(
    item: Item, max_side: int | None, *, targets: bool
) -> tuple[Picture, Picture | None]:
    """Return the rainy picture of ``item`` and, if it has one and ``targets`` count, the clean."""
    rainy, clean = _read(item.files[0]), None
    if item.order is not None:
        rainy, clean = split_halves(rainy, item.order)
    elif item.clean is not None and targets:
        clean = _read(item.clean)
    if clean is None or not targets:
        return shrink(rainy, max_side), None
    check_same_scene(rainy, clean)
    return shrink(rainy, max_side), shrink(clean, max_side)


def _mask(block: DataSet, file: Photograph, rainy: Picture) -> NDArray[np.bool_]:
    try:
        return read_mask(file.path, rainy, block.max_side, LAYOUTS[block.layout].mask)
    except ImageError as reason:
        raise _FileError(file, reason) from None


def _read(file: Photograph) -> Picture:
    try:
        return read_rgb(file.path)
    except ImageError as reason:
        raise _FileError(file, reason) from None


def _sha256(file: Photograph) -> str:
    try:
        return sha256(file.path)
    except OSError as error:
        raise _FileError(file, ImageError(f"cannot be read: {error.strerror}")) from None


def _refusal(file: Photograph, reason: ImageError) -> RefusedFile:
    if isinstance(reason, _FileError) and reason.file != file:
        return RefusedFile(file.name, f"its partner is refused: {reason}")
    return RefusedFile(file.name, str(reason))
