"""A network as a folder that the Hugging Face hub knows: weights, configuration, model card."""

import json
from pathlib import Path

import torch

from ssid.export.description import UNSTATED, Description, Origin, describe
from ssid.files import atomic_write, sha256
from ssid.metrics.efficiency import count_macs, count_parameters
from ssid.models import MODELS, Derainer, Recipe, save_model
from ssid.models.weights import HUB_CONFIG, HUB_WEIGHTS
from ssid.packaged import SIZES, packaged_student

CARD = """\
---
{header}
---

# {recipe.name}: rain removal

This network removes rain streaks from photographs. It is {recipe.name}, trained by
`ssid` {known.ssid}: {parameters:,} parameters, {gmacs:.2f} GMACs for 256×256 pixels.

Architecture: {source}.

## Use

    pip install ssid
    ssid derain photo.jpg --model THIS_FOLDER

In Python:

    import ssid

    network = ssid.load_model("THIS_FOLDER")
    derained = ssid.derain("photo.jpg", network)    # uint8 H×W×3, RGB

## Input and output

Images N×3×H×W of any size, {known.colour_order} in [{known.value_range}], as stored
({known.transfer}). The estimate has the same shape and is not clamped.

## Origin

- Licence of the weights: {known.licence}
- Commit of the project: {known.commit}
- Options of the network: `{options}`

## Limits and figures

They depend on the data that the network was trained on, which this file does not know: add them
here before you publish it. `ssid`'s reports hold the figures on your own pairs.
"""


def licence_of(model: Path) -> str:
    """Return the licence of the packaged students, and ``not stated`` for other weights."""
    packaged = {sha256(packaged_student(size)) for size in SIZES}
    return "apache-2.0" if model.is_file() and sha256(model) in packaged else UNSTATED


def write_hub(folder: Path, model: Derainer, origin: Origin, half: bool = False) -> None:
    """Fill a folder with ``model.safetensors``, ``config.json`` and ``README.md``.

    Args:
        folder: created where it does not exist; its weights and configuration are replaced, a
            model card that is there already is kept.
        model: the network, which knows its recipe.
        origin: origin for the configuration and the card.
        half: flag that says whether floating point numbers are stored as float16.

    Raises:
        ValueError: if the network has no recipe.
    """
    description = describe(model.cpu().eval(), origin)
    save_model(folder / HUB_WEIGHTS, model, torch.float16 if half else None)
    known = json.loads(description.to_json())
    config = {"model_type": "ssid", "architectures": [known["recipe"]["name"]], **known}
    with atomic_write(folder / HUB_CONFIG) as partial:
        partial.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
    if not (folder / "README.md").exists():
        with atomic_write(folder / "README.md") as partial:
            partial.write_text(_card(model, Recipe(**known["recipe"]), description), "utf-8")


def _card(model: Derainer, recipe: Recipe, known: Description) -> str:
    return CARD.format(
        header=_header(known.licence),
        known=known,
        recipe=recipe,
        source=MODELS[recipe.name].source,
        parameters=count_parameters(model),
        gmacs=count_macs(model, 256, 256) / 1e9,
        options=json.dumps(recipe.options, sort_keys=True),
    )


def _header(licence: str) -> str:
    """Return the YAML header. Source: huggingface.co/docs/hub/model-cards."""
    lines = [
        f"license: {'unknown' if licence == UNSTATED else licence.lower()}",
        "library_name: ssid",
        "pipeline_tag: image-to-image",
        "tags:",
        "- deraining",
        "- image-restoration",
    ]
    return "\n".join(lines)
