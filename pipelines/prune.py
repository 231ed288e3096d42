"""DVC stage: make a trained network smaller without its training data."""

from pathlib import Path

from ssid.config.load import load_params
from ssid.entry import run
from ssid.project import Project
from ssid.prune.job import prune_model
from ssid.prune.params import PruneParams
from ssid.tracking import store, track_run


def main(name: str) -> None:
    """Read params, prune models/NAME.safetensors, leave models/NAME_pruned.safetensors."""
    params = load_params(Path("params/prune.yaml"), PruneParams)
    models = Path("models")
    with track_run(store(), "prune", Project().runs / f"prune-{name}") as tracker:
        prune_model(
            models / f"{name}.safetensors", models / f"{name}_pruned.safetensors", params, tracker
        )


if __name__ == "__main__":
    run(main)
