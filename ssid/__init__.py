"""Semi-supervised training of small networks that remove real rain from photographs.

The public names are loaded when they are first used, so that ``import ssid`` takes no time:

    import ssid

    derained = ssid.derain("photo.jpg")
    network = ssid.load_model("packaged")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssid.api import create_model, derain, list_models, load_model

__all__ = ["__version__", "create_model", "derain", "list_models", "load_model"]

__version__: str


def __getattr__(name: str) -> Any:
    """Load a public name."""
    if name == "__version__":
        return import_module("importlib.metadata").version("ssid")
    if name in __all__:
        return getattr(import_module("ssid.api"), name)
    raise AttributeError(f"module 'ssid' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
