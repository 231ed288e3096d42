"""Networks on disk: one safetensors file that knows how to rebuild its network."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ssid.errors import UserError
from ssid.models.base import Derainer
from ssid.models.registry import create_model

FORMAT = "ssid-model-1"


class Recipe(NamedTuple):
    """What rebuilds a network before its weights are loaded."""

    name: str
    options: dict[str, Any]


def save_model(path: Path, model: nn.Module, recipe: Recipe) -> None:
    """Write the weights and recipe of ``model`` to a safetensors file at ``path``."""
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    metadata = {"format": FORMAT, "recipe": json.dumps(recipe._asdict(), sort_keys=True)}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    save_file(tensors, partial, metadata)
    partial.replace(path)


def load_model(path: Path) -> tuple[Derainer, Recipe]:
    """Return the network stored at ``path`` and its recipe; nothing in the file is executed.

    Raises:
        UserError: if the file is missing, damaged, or not written by :func:`save_model`.
    """
    if not path.is_file():
        raise UserError(f"there is no model file {path}. Train one with `dvc repro`.")
    try:
        with safe_open(path, framework="pt") as stored:
            metadata = stored.metadata() or {}
            tensors: dict[str, Tensor] = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise UserError(f"{path} is not a readable safetensors file: {error}") from error
    if metadata.get("format") != FORMAT:
        raise UserError(
            f"{path} is a safetensors file, but not a model of ssid (no {FORMAT!r} in its header)."
            " Foreign weights come in through `ssid import-weights`."
        )
    recipe = Recipe(**json.loads(metadata["recipe"]))
    model = create_model(recipe.name, **recipe.options)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise UserError(f"the weights in {path} do not fit {recipe.name}: {error}") from error
    return model, recipe
