"""Deraining networks, one file each; importing this package registers all of them."""

from ssid.models import (  # noqa: F401
    afrnet,
    ddn,
    hinet,
    mprnet,
    prenet,
    rescan,
    rrg,
    sapnet,
    ssid_kd,
    unet,
)
from ssid.models.base import Derainer, Features, Recipe, Stage
from ssid.models.registry import MODELS, create_model, list_models, register_model
from ssid.models.weights import build, load_model, save_model

__all__ = [
    "MODELS",
    "Derainer",
    "Features",
    "Recipe",
    "Stage",
    "build",
    "create_model",
    "list_models",
    "load_model",
    "register_model",
    "save_model",
]
