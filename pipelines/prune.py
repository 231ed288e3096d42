"""DVC stage: make a trained network smaller without its training data."""

from pathlib import Path

from ssid.config.load import load_params
from ssid.entry import run
from ssid.files import digest, sha256
from ssid.ownership import owned
from ssid.prune.job import prune_model
from ssid.prune.params import PruneParams
from ssid.tracking import track_run, tracking_uri


def main(name: str) -> None:
    """Read params, prune models/NAME.safetensors, leave models/NAME_pruned.safetensors."""
    params = load_params(Path("params/prune.yaml"), PruneParams)
    models = Path("models")
    model, output = models / f"{name}.safetensors", models / f"{name}_pruned.safetensors"
    folder = Path("runs") / f"prune-{name}"
    before = sha256(model) if model.is_file() else None
    key = digest({"model": before, **params.model_dump(mode="json")})
    with owned(folder), track_run(tracking_uri(), "prune", folder, key) as tracker:
        prune_model(model, output, params, tracker)


if __name__ == "__main__":
    run(main)
