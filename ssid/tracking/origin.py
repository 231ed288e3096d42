"""Where a run comes from: commit, stage and versions; and how parameters are named."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

LIBRARIES = ("ssid", "torch", "torchvision", "accelerate", "datasets", "mlflow", "numpy", "pillow")


def flatten(params: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested mappings under dotted names."""
    for name, value in params.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def commit() -> str:
    """Return the commit of the working tree, ``-dirty`` where files differ, or ``unknown``."""
    described = _git("describe", "--always", "--dirty", "--abbrev=40")
    return described or "unknown"


def origin(stage: str) -> dict[str, str]:
    """Return the tags that tell where a run of ``stage`` comes from."""
    versions = {f"version.{name}": version(name) for name in LIBRARIES}
    names = ("DVC_STAGE", "DVC_EXP_NAME")
    dvc = {name.lower(): os.environ[name] for name in names if name in os.environ}
    found = commit()
    source = {  # what MLflow's table shows in its column Source
        "mlflow.source.name": f"pipelines/{stage}.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": found,
    }
    return {"stage": stage, "commit": found, **versions, **dvc, **source}


def _git(*arguments: str) -> str:
    try:
        result = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except OSError:  # there is no git
        return ""
    return result.stdout.strip()
