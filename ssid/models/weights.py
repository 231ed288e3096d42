"""Networks on disk: one safetensors file that knows how to rebuild its network."""

import json
from importlib.resources import files
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ssid.errors import MissingFileError, UserError
from ssid.files import atomic_write
from ssid.models.base import Derainer, Recipe
from ssid.models.narrow import narrow
from ssid.models.registry import create_model

FORMAT = "ssid-model-1"
PACKAGED = "packaged"
HUB_WEIGHTS = "model.safetensors"
HUB_CONFIG = "config.json"


def packaged_student() -> Path:
    """Return the file of the student that comes with this package."""
    return Path(str(files("ssid") / "packaged" / "student.safetensors"))


def build(recipe: Recipe) -> Derainer:
    """Return a new network with random weights; pruned layers have zeros.

    >>> build(Recipe("prenet", {"stages": 1})).recipe.name
    'prenet'
    """
    network = narrow(create_model(recipe.name, **recipe.options), recipe.shapes)
    network.recipe = recipe
    return network


def distinct_state(model: nn.Module) -> dict[str, Tensor]:
    """Return the state of ``model`` with every shared tensor under its first name only."""
    seen: dict[int, str] = {}
    state = model.state_dict(keep_vars=True)
    return {
        name: tensor.detach()
        for name, tensor in state.items()
        if seen.setdefault(id(tensor), name) == name
    }


def load_distinct_state(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Load what :func:`distinct_state` returned.

    Raises:
        ValueError: if names or shapes differ from the model's.
    """
    expected = distinct_state(model)
    missing, extra = expected.keys() - tensors.keys(), tensors.keys() - expected.keys()
    if missing or extra:
        raise ValueError(f"missing {sorted(missing)[:3]}, unexpected {sorted(extra)[:3]}")
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape:
            found, wanted = tuple(tensor.shape), tuple(expected[name].shape)
            raise ValueError(f"{name} has the shape {found}, not {wanted}")
    model.load_state_dict(tensors, strict=False)


def save_model(path: Path, model: Derainer, dtype: torch.dtype | None = None) -> None:
    """Write the weights and recipe of ``model`` to a safetensors file at ``path``.

    Args:
        path: file to write or replace.
        model: the network; it knows its recipe if it was made by :func:`create_model`, or loaded.
        dtype: type that floating point numbers are rounded to, such as ``torch.float16`` for half
            the size; None keeps them. The network that :func:`load_model` returns has float32.

    Raises:
        ValueError: if the network has no recipe.
    """
    if model.recipe is None:
        raise ValueError("the network has no recipe: make it by create_model, or set model.recipe")
    state = distinct_state(model)
    if dtype is not None:
        state = {name: t.to(dtype) if t.is_floating_point() else t for name, t in state.items()}
    tensors = {name: t.cpu().contiguous() for name, t in state.items()}
    # One key only: safetensors writes several in random order, and equal models equal bytes.
    metadata = {FORMAT: json.dumps(model.recipe._asdict(), sort_keys=True)}
    with atomic_write(path) as partial:
        partial.write_bytes(save(tensors, metadata))


def load_model(source: Path | str = PACKAGED) -> Derainer:
    """Return a stored network in evaluation mode, on the CPU; nothing in the file is executed.

    Args:
        source: a file written by :func:`save_model`, a folder that holds one as
            ``model.safetensors``, as ``ssid export --hub`` writes it, or ``"packaged"`` for the
            student that comes with this package.

    Raises:
        UserError: if the file is missing, damaged, or not written by :func:`save_model`.
    """
    path = packaged_student() if source == PACKAGED else Path(source)
    path = path / HUB_WEIGHTS if path.is_dir() else path
    if not path.is_file():
        raise MissingFileError(f"there is no model file {path}. Train one with `dvc repro`.")
    try:
        with safe_open(path, framework="pt") as stored:
            metadata = stored.metadata() or {}
            tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is not a readable safetensors file: {error}") from error
    if FORMAT not in metadata:
        raise UserError(
            f"{path} is a safetensors file, but not a model of ssid (no {FORMAT!r} in its header)."
            " Foreign weights come in through `ssid import-weights`."
        )
    recipe = Recipe(**json.loads(metadata[FORMAT]))
    try:
        model = build(recipe)
        load_distinct_state(model, tensors)
    except ValueError as error:
        raise UserError(f"the weights in {path} do not fit {recipe.name}: {error}") from error
    return model.eval()
