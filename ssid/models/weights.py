"""Networks on disk: one safetensors file that knows how to rebuild its network."""

import json
from math import prod
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ssid.errors import MissingFileError, UserError
from ssid.files import atomic_write
from ssid.models.base import Derainer, Recipe
from ssid.models.bounded import check_tensors, parse_recipe, sketch
from ssid.models.narrow import narrow
from ssid.models.registry import create_model
from ssid.packaged import DEFAULT, SIZES, packaged_student

FORMAT = "ssid-model-1"
PACKAGED = "packaged"
HUB_WEIGHTS = "model.safetensors"
HUB_CONFIG = "config.json"
SMALL = 2**26
"""Numbers that a network may have whatever its file holds of them: 256 MB."""
PRUNED = 64
"""Times the numbers in a file that its network may have had before it was pruned."""
KINDS = {"F64": True, "F32": True, "F16": True, "BF16": True, "I64": False, "I32": False}
"""Types of numbers in files of models, and whether they hold fractions."""


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
        ValueError: if names, shapes or kinds of numbers differ from the model's.
    """
    found = {name: (tensor.shape, tensor.is_floating_point()) for name, tensor in tensors.items()}
    check_tensors(found, distinct_state(model))
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
            ``model.safetensors``, as ``ssid export --hub`` writes it, or the size of a student
            that comes with this package, such as ``"small"``; ``"packaged"`` is the default size.
            A file or folder of the same name is reached as ``Path("small")``.

    Raises:
        UserError: if the file is missing, damaged, or not written by :func:`save_model`.

    >>> load_model("small").recipe.name
    'hinet'
    """
    path = _place(source)
    path = path / HUB_WEIGHTS if path.is_dir() else path
    if not path.is_file():
        raise MissingFileError(f"there is no model file {path}. Train one with `dvc repro`.")
    try:
        with safe_open(path, framework="pt") as stored:
            recipe = _read_recipe(stored, path)
            tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path} is not a readable safetensors file: {error}") from error
    model = build(recipe)
    load_distinct_state(model, tensors)
    unfit = [
        name for name, t in tensors.items() if t.is_floating_point() and not t.isfinite().all()
    ]
    if unfit:
        raise UserError(f"{path} holds weights that are no finite numbers: {', '.join(unfit[:3])}")
    return model.eval()


def _place(source: Path | str) -> Path:
    if source == PACKAGED:
        source = DEFAULT
    for size in SIZES:
        if source == size:
            return packaged_student(size)
    return Path(source)


def _read_recipe(stored: Any, path: Path) -> Recipe:
    """Return the recipe in the header of a file, if the tensors in the header are its network's.

    Nothing is built, and no tensor read, before that is known.
    """
    metadata = stored.metadata() or {}
    if FORMAT not in metadata:
        raise UserError(
            f"{path} is a safetensors file, but not a model of ssid (no {FORMAT!r} in its header)."
            " Foreign weights come in through `ssid import-weights`."
        )
    slices = {key: stored.get_slice(key) for key in stored.keys()}  # noqa: SIM118
    found = {key: (part.get_shape(), _holds_fractions(part, path)) for key, part in slices.items()}
    numbers = sum(prod(shape) for shape, _ in found.values())
    try:
        recipe = parse_recipe(metadata[FORMAT])
        check_tensors(found, distinct_state(sketch(recipe, max(SMALL, PRUNED * numbers))))
    except ValueError as error:
        raise UserError(
            f"{path} does not describe the network whose weights it has: {error}"
        ) from error
    return recipe


def _holds_fractions(part: Any, path: Path) -> bool:
    kind = part.get_dtype()
    if kind not in KINDS:
        raise UserError(f"{path} holds numbers of the type {kind}. Known: {', '.join(KINDS)}.")
    return KINDS[kind]
