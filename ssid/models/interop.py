"""Weights that others published, brought into our networks key by key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ssid.errors import UserError
from ssid.models.base import Derainer, Recipe
from ssid.models.bounded import check_tensors
from ssid.models.weights import build
from ssid.registry import Registry


@dataclass(frozen=True)
class Importer:
    """How the weights of one family of published files become ours.

    Attributes:
        recipe: the network that the weights belong to.
        keys: our key → the published keys whose tensors, joined along their first dimension,
            are its value. Every key of both sides occurs once.
        source: publication of such files.
    """

    recipe: Recipe
    keys: Mapping[str, tuple[str, ...]]
    source: str


IMPORTERS: Registry[Importer] = Registry("family of published weights")


def import_weights(family: str, file: Path) -> Derainer:
    """Return our network with the weights of a published file.

    Nothing in the file is executed: it is read as a dictionary of tensors or refused.

    Args:
        family: a name in ``IMPORTERS``.
        file: a state dict saved by ``torch.save``.

    Raises:
        UserError: if the family is unknown, or the file is missing, not a state dict, or not
            one of that family.
    """
    importer = IMPORTERS[family]
    published = _without_wrapper(_read_state_dict(file))
    _check_keys(published, importer, family, file)
    model = build(importer.recipe)
    joined = {key: [published[part] for part in parts] for key, parts in importer.keys.items()}
    try:
        check_tensors({k: _joined_shape(v) for k, v in joined.items()}, model.state_dict())
        model.load_state_dict({key: torch.cat(parts) for key, parts in joined.items()})
    except (RuntimeError, ValueError) as error:
        raise UserError(f"{file} does not fit the family {family!r}: {error}") from error
    return model


def _joined_shape(parts: list[Tensor]) -> tuple[list[int], bool]:
    """Return the shape of tensors joined along their first dimension, and if all are fractions."""
    shapes = [tuple(part.shape) for part in parts]
    if not all(shape and shape[1:] == shapes[0][1:] for shape in shapes):
        return [], False
    return [sum(s[0] for s in shapes), *shapes[0][1:]], all(p.is_floating_point() for p in parts)


def _read_state_dict(file: Path) -> dict[str, Tensor]:
    if not file.is_file():
        raise UserError(f"there is no file {file} to import weights from.")
    try:
        found: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes the restricted unpickler raise anything
        raise UserError(
            f"{file} cannot be read as tensors alone; it is damaged, or it holds Python objects,"
            " which are never loaded. Expected a state dict saved by torch.save."
        ) from error
    if not isinstance(found, dict) or not all(
        isinstance(k, str) and isinstance(v, Tensor) for k, v in found.items()
    ):
        raise UserError(
            f"{file} holds {_describe(found)}. Expected a state dict: tensors by name, alone."
        )
    return found


def _without_wrapper(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return ``state`` without the ``module.`` that DataParallel puts before every key."""
    wrapped = all(str(key).startswith("module.") for key in state)
    return (
        {key.removeprefix("module."): value for key, value in state.items()} if wrapped else state
    )


def _describe(found: Any) -> str:
    if not isinstance(found, dict):
        return f"a {type(found).__name__}"
    others = [
        str(key)[:60]
        for key, value in found.items()
        if not (isinstance(key, str) and isinstance(value, Tensor))
    ]
    return f"a dictionary in which {', '.join(others[:3])} is not a tensor"


def _check_keys(published: dict[str, Tensor], importer: Importer, family: str, file: Path) -> None:
    expected = {part for parts in importer.keys.values() for part in parts}
    problems = [
        f"{what} {', '.join(sorted(keys))}"
        for what, keys in (
            ("missing:", expected - published.keys()),
            ("unexpected:", published.keys() - expected),
        )
        if keys
    ]
    if problems:
        raise UserError(
            f"{file} is not of the family {family!r} ({importer.source}). Its keys differ;"
            f" {'; '.join(problems)}."
        )


OUTSIDE = {"head": ["conv0.0"], "cell.gates": [f"conv_{g}.0" for g in "ifog"], "tail": ["conv.0"]}
"""Convolutions of PReNet and of SAPNet that are not in residual units: ours → published."""


def _prenet_keys() -> dict[str, tuple[str, ...]]:
    layers = OUTSIDE | {
        f"units.{unit}.body.{layer}": [f"res_conv{unit + 1}.{layer}"]
        for unit in range(5)
        for layer in (0, 2)
    }
    return _with_biases(layers)


def _sapnet_keys() -> dict[str, tuple[str, ...]]:
    layers, gates = dict(OUTSIDE), {}
    for unit in range(5):
        ours, theirs = f"units.{unit}.body", f"res_conv{unit + 1}"
        for layer in (0, 3):
            layers[f"{ours}.{layer}"] = [f"{theirs}.{layer}"]
        for layer in (1, 4):
            for name, part in GATE.items():
                gates[f"{ours}.{layer}.{name}.weight"] = (f"{theirs}.{layer}.{part}.weight",)
    return _with_biases(layers) | gates


GATE = {"squeeze.0": "conv_du.0", "squeeze.2": "conv_du.2", "residual": "conv_1_1"}
"""Matrices of a channel residual attention, without biases: ours → published."""


def _with_biases(layers: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the keys of weights and biases of convolutions."""
    return {
        f"{ours}.{kind}": tuple(f"{part}.{kind}" for part in theirs)
        for ours, theirs in layers.items()
        for kind in ("weight", "bias")
    }


IMPORTERS.add(
    "prenet",
    Importer(
        recipe=Recipe("prenet", {}),
        keys=_prenet_keys(),
        source="PReNet with LSTM and six stages, github.com/csdwren/PReNet",
    ),
)
IMPORTERS.add(
    "sapnet",
    Importer(
        recipe=Recipe("sapnet", {}),
        keys=_sapnet_keys(),
        source="SAPNet with dilation, github.com/ShenZheng2000/SAPNet-for-image-deraining",
    ),
)
