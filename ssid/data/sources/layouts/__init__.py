"""How images lie in a root: one file for each layout; importing this package registers them all."""

from importlib import import_module
from pkgutil import iter_modules

from ssid.data.sources.layouts.registry import (
    LAYOUTS,
    Detected,
    Item,
    Layout,
    Pairing,
    Source,
    single_items,
)

for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")

__all__ = ["LAYOUTS", "Detected", "Item", "Layout", "Pairing", "Source", "single_items"]
