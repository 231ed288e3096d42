"""What every block of a parameter file has in common."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ssid.errors import UserError
from ssid.registry import Registry

Count = Annotated[int, Field(ge=1, le=10**9)]
CountOrZero = Annotated[int, Field(ge=0, le=10**9)]
Threads = Annotated[int, Field(ge=1, le=1_024)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""What NumPy and PyTorch both take."""
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Params(BaseModel):
    """A block of a parameter file: immutable, of exact types, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class PluginParams(Params):
    """params/plugins.yaml: the modules that add names to what params/ may say."""

    plugins: list[Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*$")]] = Field(default_factory=list)


def registered(registry: Registry[Any]) -> AfterValidator:
    """Return what makes a string the name of an entry of ``registry``.

    The registry is asked when a value is checked, so that names that plugins add are known:

        DistanceName = Annotated[str, registered(DISTANCES)]
    """
    return named(lambda name: registry[name] and name)


def named(check: Callable[[str], str]) -> AfterValidator:
    """Return ``check`` as a validator; its :class:`UserError` becomes the problem of the value."""

    def checked(name: str) -> str:
        try:
            return check(name)
        except UserError as error:
            raise ValueError(str(error)) from error

    return AfterValidator(checked)
