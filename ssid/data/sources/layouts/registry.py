"""What a layout is: a way in which rainy and clean images lie in a root, and how to tell it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ssid.data.roles import Mask
from ssid.data.sources.halves import Order
from ssid.data.sources.listing import Listing, Photograph, RefusedFile, list_folder, list_text
from ssid.data.sources.manifests import list_manifest
from ssid.data.sources.sides import Sides
from ssid.errors import UserError
from ssid.registry import Registry

LIST_SUFFIX = ".txt"


@dataclass(frozen=True)
class Item:
    """One image of a set as files; nothing is opened yet.

    Attributes:
        name: unique in the set.
        rainy: the rainy image, None where rain is still to be rendered.
        clean: its target, None where there is none. The same file as ``rainy`` if it holds both.
        order: order of the halves in an image that holds both.
        mask: the picture that says which pixels are meant, see :data:`ssid.data.roles.Mask`.
    """

    name: str
    rainy: Photograph | None = None
    clean: Photograph | None = None
    order: Order | None = None
    mask: Photograph | None = None

    @property
    def files(self) -> list[Photograph]:
        """The one to three files of the item, the rainy one first."""
        files = (self.rainy, self.clean, self.mask)
        return list(dict.fromkeys(file for file in files if file))

    @property
    def photograph(self) -> str:
        """Name of the scene: items that differ only in their rain share it."""
        return (self.clean or self.files[0]).name


@dataclass(frozen=True)
class Pairing:
    """All files of a root: each is part of an item or refused.

    Attributes:
        files: number of files found, links and unreadable folders among them.
    """

    items: list[Item]
    refused: list[RefusedFile]
    files: int


@dataclass(frozen=True)
class Source:
    """Where images lie, and what is known about them.

    Attributes:
        root: folder, or text list (``*.txt``) of photographs.
        manifest: file below ``root`` that names the images; None to take all of the folder.
        sides: marks of the rainy and of the clean side, see :mod:`ssid.data.sources.sides`; None
            where names tell.
        clean: flag that says whether single photographs are free of rain.
    """

    root: Path
    manifest: str | None = None
    sides: Sides | None = None
    clean: bool = False

    @cached_property
    def listing(self) -> Listing:
        """All files of the folder, of the text list, or of the manifest.

        Raises:
            UserError: ``root`` is missing or of the wrong kind.
        """
        if self.manifest is not None:
            return list_manifest(self.root, self.manifest, "clean" if self.clean else "rainy")
        if self.root.is_dir():
            return list_folder(self.root)
        if not self.root.exists():
            raise UserError(
                f"root: {self.root} does not exist. Give the path of a folder of images, relative"
                " to where the command is run or absolute; if it lies on another disk, mount that"
                " first."
            )
        if self.root.suffix.lower() != LIST_SUFFIX or not self.root.is_file():
            raise UserError(
                f"root: {self.root} is neither a folder nor a text list (a file that ends in"
                f" {LIST_SUFFIX}, one photograph a line), nor an archive (.zip, .tar, .tar.gz,"
                " .tar.xz). Give the folder of a single image; for the video of a fixed camera, say"
                " --role benchmark --layout fixed_camera."
            )
        return list_text(self.root)


class Detected(NamedTuple):
    """A layout, the manifest and the sides that go with it if any, and what speaks for it."""

    layout: str
    manifest: str | None
    reason: str
    sides: Sides | None = None


@dataclass(frozen=True)
class Layout:
    """How images lie in a root.

    Attributes:
        description: words for what lies where, in half a line.
        items: lists the items of a source, and what is refused.
        detect: says whether a source is laid out so, and why; None where it is not.
        advice: sentence on what to do where ``items`` finds none.
        paired: flag that says whether every item has a clean target.
        order: order of the halves of an image, if it has two.
        mask: mask that comes with every item, for benchmarks alone.
        derive: function that makes rainy, clean and masks of a root in a new folder, where
            they do not lie in the root; None where they do.
        rank: layouts of a lower rank are tried first.
    """

    description: str
    items: Callable[[Source], Pairing]
    detect: Callable[[Source], Detected | None]
    advice: str
    paired: bool = True
    order: Order | None = None
    mask: Mask = ""
    derive: Callable[[Path, Path], None] | None = None
    rank: int = 0


LAYOUTS: Registry[Layout] = Registry("layout")
"""Layouts by the name that ``layout`` of a data set gives them."""


def single_items(
    photographs: Sequence[Photograph],
    make: Callable[[Photograph], Item],
    refused: list[RefusedFile],
) -> Pairing:
    """Make one item of each photograph."""
    return Pairing([make(file) for file in photographs], refused, len(photographs) + len(refused))
