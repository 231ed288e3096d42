"""How pictures of any size are derained: in which tiles, and whether their veil is kept."""

from typing import NamedTuple

from ssid.inference import tiles
from ssid.inference.pictures import Levels
from ssid.inference.runtime import Runner

INEXACT = (
    "cut into tiles that differ from the whole image, as the network uses statistics of the whole"
    " or looks too far"
)


class Method(NamedTuple):
    """How pictures are derained.

    Attributes:
        tile: side of the tiles in pixels, see :func:`ssid.inference.tiles.derain`; None takes what
            fits in memory.
        overlap: pixels that tiles share where no overlap makes them exact.
        keep_veil: flag that says whether veil is kept, see :mod:`ssid.inference.veil`.
    """

    tile: int | None = None
    overlap: int = 64
    keep_veil: bool = False

    def fitted(self, runner: Runner, height: int, width: int) -> "Method":
        """Return the method with the tile, in pixels, for pictures of this size."""
        tile = self.tile or tiles.largest_tile(runner, height, width) or max(height, width)
        return self._replace(tile=tile)

    def is_exact(self, runner: Runner, height: int, width: int) -> bool:
        """Return whether a fitted method does what the whole picture at once would give."""
        whole = self.tile is None or self.tile >= max(height, width)
        return whole or runner.find_reach() is not None

    def derain(self, runner: Runner, image: Levels) -> Levels:
        """Return the clean estimate of H×W×3 levels, of their shape and type.

        Raises:
            ModuleNotFoundError: if veil is to be kept, and the extra ``train`` is not installed.
        """
        estimate = tiles.derain(runner, image, self.tile, self.overlap)
        if not self.keep_veil:
            return estimate
        from ssid.inference.veil import keep_veil  # takes SciPy, without which the rest derains

        return keep_veil(image, estimate)


DEFAULT = Method()
"""Tiles where memory asks for them, and what the network says."""
