"""What an exported file says of itself."""

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from ssid.models import Derainer
from ssid.models.memory import bytes_per_pixel
from ssid.models.reach import reach

ENTRY = "ssid.json"
FORMAT = 1
"""Raised where the content of exported files changes."""

UNSTATED = "not stated"


@dataclass(frozen=True)
class Description:
    """What travels with a network, in the file that holds it.

    Attributes:
        recipe: name and options of the network, as ``params/`` would give them.
        commit: commit of the project in which the network was trained.
        licence: licence of the weights, an SPDX name where there is one.
        ssid: version of this package.
        reach: pixels that an output looks beyond its tile, in steps of ``multiple``; None where
            statistics of the whole image take part.
        multiple: grid that tiles have to start on.
        bytes_per_pixel: bytes per pixel of an image, that PyTorch takes for the network.
        value_range: value range of input and output, which is not clamped.
        colour_order: colour order of the three channels.
        layout: layout of input and output.
        transfer: transfer of the colour values.
    """

    recipe: dict[str, Any]
    commit: str
    licence: str
    ssid: str
    reach: int | None
    multiple: int
    bytes_per_pixel: float
    value_range: str = "0..1"
    colour_order: str = "RGB"
    layout: str = "NCHW, any N, H and W"
    transfer: str = "sRGB"

    def to_json(self) -> str:
        """Return the description as one line of JSON, keys in order."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True)
class Origin:
    """What only its owner knows of a network.

    Attributes:
        licence: licence of the weights, an SPDX name where there is one.
        commit: commit of the project in which the network was trained.
    """

    licence: str = UNSTATED
    commit: str = UNSTATED


def describe(model: Derainer, origin: Origin) -> Description:
    """Return what is known of a network."""
    return Description(
        recipe=model.recipe._asdict() if model.recipe else {},
        commit=origin.commit,
        licence=origin.licence,
        ssid=version("ssid"),
        reach=reach(model),
        multiple=model.multiple,
        bytes_per_pixel=bytes_per_pixel(model),
    )


def version_of_exports() -> str:
    """Return what decides, beside the model, what an export is."""
    return f"{FORMAT} {version('ssid')} {version('torch')}"
