"""params/data.yaml: the catalogue of data sets."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ssid.config.base import Count, Params, Seed, named
from ssid.data.rain.profiles import PROFILES
from ssid.data.roles import Mask, Role
from ssid.errors import UnknownNameError


def check_set_name(name: str) -> str:
    """Return ``name`` if it can be the name of a data set, which is also that of its folder.

    Raises:
        ValueError: if it could lead out of its folder, or has a dot, at which DVC parts keys.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise ValueError(
            f"{name!r} cannot be the name of a data set; use letters, digits, '_' and '-',"
            " beginning with a letter or digit"
        )
    return name


def _check_layout(name: str) -> str:
    from ssid.data.sources.layouts import LAYOUTS  # opens images, which a parameter file does not

    _ = LAYOUTS[name]
    return name


def _is_paired(layout: str) -> bool:
    from ssid.data.sources.layouts import LAYOUTS

    return LAYOUTS[layout].paired


def _mask_of(layout: str) -> Mask:
    from ssid.data.sources.layouts import LAYOUTS

    return LAYOUTS[layout].mask


def _as_list(marks: object) -> object:
    return [marks] if isinstance(marks, str) else marks


Marks = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(_as_list)]
"""One folder or word, or several."""

LayoutName = Annotated[str, named(_check_layout)]


def check_rain(rain: str) -> str:
    """Return ``rain`` if it names a rain profile, or could be the path of a file with one.

    Raises:
        UnknownNameError: if it does neither.
    """
    if not rain.endswith(".yaml"):
        PROFILES[rain]
    return rain


Rain = Annotated[str, named(check_rain)]
SetName = Annotated[str, AfterValidator(check_set_name)]


class DataSet(Params):
    """What all data sets have in common.

    Attributes:
        root: folder or archive of images, or a text list of photographs; see params/data.yaml.
        layout: layout of rainy and clean images in ``root``.
        manifest: text, CSV or JSON lines below ``root`` that name its images; None to take all.
        rain: profile of rain to render on the photographs, by name or as the path of a YAML file;
            None to take them as they are.
        renderings: rainy images rendered per photograph.
        limit: number of photographs at most, evenly spaced; None for all.
        max_side: longer images are shrunk to this many pixels; None keeps their size.
        seed: seed of the renderer.
    """

    root: Annotated[str, Field(min_length=1)]
    layout: LayoutName
    rainy: Marks = Field(default_factory=list)
    clean: Marks = Field(default_factory=list)
    manifest: Annotated[str, Field(min_length=1)] | None = None
    rain: Rain | None = None
    renderings: Annotated[int, Field(ge=1, le=10_000)] = 1
    limit: Count | None = None
    max_side: Annotated[int, Field(ge=32, le=100_000)] | None = None
    seed: Seed = 0

    @model_validator(mode="after")
    def _manifest_lies_in_root(self) -> Self:
        path = PurePosixPath(self.manifest or ".")
        if path.is_absolute() or ".." in path.parts or "\0" in str(path):
            raise ValueError(f"manifest: {self.manifest!r} must be the path of a file below root")
        return self

    @model_validator(mode="after")
    def _sides_are_of_pairs(self) -> Self:
        if bool(self.rainy) != bool(self.clean):
            raise ValueError("rainy and clean belong together: name both sides, or none")
        if both := sorted({*self.rainy} & {*self.clean}):
            raise ValueError(f"rainy and clean cannot both be {', '.join(both)}")
        if self.rainy and self.layout != "pairs":
            raise ValueError(
                f"rainy and clean are sides of layout: pairs, and the layout is {self.layout}"
            )
        return self

    @model_validator(mode="after")
    def _rain_falls_on_photographs(self) -> Self:
        if self.rain is not None and (_is_paired(self.layout) or _mask_of(self.layout)):
            raise ValueError(
                f"rain: {self.rain} is rendered on layout: photographs only; with layout:"
                f" {self.layout} the images are rainy already, so set rain: null"
            )
        if self.rain is None and self.renderings > 1:
            raise ValueError(
                f"renderings: {self.renderings} needs a rain profile, but rain is null"
            )
        return self


def _check_paired(block: DataSet) -> None:
    """Raise ``ValueError`` where a set neither has pairs nor makes them."""
    if block.rain is None and not _is_paired(block.layout):
        raise ValueError(
            f"layout: {block.layout} has no pairs; name a rain profile to render"
            f" ({', '.join(PROFILES)}), or list photographs of real rain under real:"
        )


class SyntheticSet(DataSet):
    """Training pairs; the share ``val_fraction`` of the photographs is held out for validation.

    Pairs whose photograph is in a benchmark, too, are not learnt from, unless ``allow_leakage``.
    With ``turned``, photographs are turned a quarter to the left before it rains: what lay flat,
    such as ripples, steps or planks, then stands as streaks do, and a network learns to leave it;
    so it does with the upright ``ribs`` that are drawn on them.
    """

    # Left out of records where they are not set, so that sets from before keep their identity.
    turned: Annotated[bool, Field(exclude_if=lambda turned: not turned)] = False
    ribs: Annotated[bool, Field(exclude_if=lambda ribs: not ribs)] = False
    val_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.1
    allow_leakage: bool = False

    @model_validator(mode="after")
    def _has_rainy_and_clean(self) -> Self:
        if _mask_of(self.layout):
            raise ValueError(f"layout: {self.layout} is measured on, not learnt from: benchmark:")
        for name in ("turned", "ribs"):
            if getattr(self, name) and self.rain is None:
                raise ValueError(f"{name}: true needs a rain profile, but rain is null")
        _check_paired(self)
        return self


class RealSet(DataSet):
    """Rainy images; targets, if the layout has any, are dropped. With ``rain``: a stand-in."""


class BenchmarkSet(DataSet):
    """Pairs, or rainy photographs with masks of their streaks, that are only ever evaluated."""

    @model_validator(mode="after")
    def _has_pairs_or_masks(self) -> Self:
        if not _mask_of(self.layout):
            _check_paired(self)
        return self


UNUSED = {
    "synthetic": "the networks learn from its pairs",
    "real": "a set that nothing learns from (batch.real: 0 in params/student.yaml) and nothing"
    " measures (real: [] in params/evaluate.yaml) costs its preparation only",
    "benchmark": "a set that nothing measures (benchmarks: [] in params/evaluate.yaml) costs its"
    " preparation only",
}
"""Why a role needs a set, or what a set costs that is there for the sake of DVC."""


class DataParams(Params):
    """The catalogue: data sets by role and name.

    A role that is written down names a set: later stages depend on what is prepared for each role,
    and DVC takes a group of stages without members, as a target, for all stages.
    """

    synthetic: dict[SetName, SyntheticSet]
    real: dict[SetName, RealSet] = Field(default_factory=dict)
    benchmark: dict[SetName, BenchmarkSet] = Field(default_factory=dict)

    @field_validator("synthetic", "real", "benchmark")
    @classmethod
    def _names_a_set(
        cls, sets: Mapping[str, DataSet], info: ValidationInfo
    ) -> Mapping[str, DataSet]:
        if not sets:
            assert info.field_name is not None
            raise ValueError(
                "names no set, and the stages need one: keep the last until another is added;"
                f" {UNUSED[info.field_name]}"
            )
        return sets

    def sets(self, role: Role) -> Mapping[str, DataSet]:
        """Return the data sets of one role by name."""
        by_role: dict[Role, Mapping[str, DataSet]] = {
            "synthetic": self.synthetic,
            "real": self.real,
            "benchmark": self.benchmark,
        }
        return by_role[role]


def data_set(params: DataParams, role: Role, name: str) -> DataSet:
    """Return one data set of the catalogue.

    Raises:
        UserError: if there is none of this name and role.
    """
    sets = params.sets(role)
    if name not in sets:
        raise UnknownNameError(
            f"{role} data set", name, sets, "params/data.yaml", "Add one with `ssid data add`."
        )
    return sets[name]
