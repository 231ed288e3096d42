"""params/data.yaml: the catalogue of data sets."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from ssid.config.base import Count, Params, Seed, registered
from ssid.data.rain.profiles import PROFILES
from ssid.data.roles import Role
from ssid.errors import UnknownNameError

Layout = Literal["photographs", "pairs", "clean_rainy", "rainy_clean"]
Rain = Annotated[str, registered(PROFILES)]


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


SetName = Annotated[str, AfterValidator(check_set_name)]


class DataSet(Params):
    """What all data sets have in common.

    Attributes:
        root: folder or archive of images, or a text list of photographs; see params/data.yaml.
        layout: how rainy and clean images lie in ``root``.
        manifest: text, CSV or JSON lines below ``root`` that name its images; None to take all.
        rain: profile of rain to render on the photographs, or None to take them as they are.
        renderings: rainy images rendered per photograph.
        limit: at most this many photographs, evenly spaced; None for all.
        max_side: longer images are shrunk to this many pixels; None keeps their size.
        seed: seed of the renderer.
    """

    root: Annotated[str, Field(min_length=1)]
    layout: Layout
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
    def _rain_falls_on_photographs(self) -> Self:
        if self.rain is not None and self.layout != "photographs":
            raise ValueError(
                f"rain: {self.rain} is rendered on layout: photographs only; with layout:"
                f" {self.layout} the images are rainy already, so set rain: null"
            )
        if self.rain is None and self.renderings > 1:
            raise ValueError(
                f"renderings: {self.renderings} needs a rain profile, but rain is null"
            )
        return self


class _PairedSet(DataSet):
    @model_validator(mode="after")
    def _has_rainy_and_clean(self) -> Self:
        if self.layout == "photographs" and self.rain is None:
            raise ValueError(
                "layout: photographs has no pairs; name a rain profile to render"
                f" ({', '.join(PROFILES)}), or list photographs of real rain under real:"
            )
        return self


class SyntheticSet(_PairedSet):
    """Training pairs; the share ``val_fraction`` of the photographs is held out for validation.

    Pairs whose photograph is in a benchmark, too, are not learnt from, unless ``allow_leakage``.
    """

    val_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.1
    allow_leakage: bool = False


class RealSet(DataSet):
    """Rainy images; targets, if the layout has any, are dropped. With ``rain``: a stand-in."""


class BenchmarkSet(_PairedSet):
    """Pairs that are only ever evaluated."""


class DataParams(Params):
    """The catalogue: data sets by role and name."""

    synthetic: Annotated[dict[SetName, SyntheticSet], Field(min_length=1)]
    real: dict[SetName, RealSet] = Field(default_factory=dict)
    benchmark: dict[SetName, BenchmarkSet] = Field(default_factory=dict)

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
