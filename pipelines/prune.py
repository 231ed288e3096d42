"""DVC stage: make a trained network smaller without its training data, if params name it."""

from pathlib import Path

from ssid.config.load import load_params
from ssid.entry import run
from ssid.files import digest, sha256
from ssid.ownership import owned
from ssid.prune.job import prune_model
from ssid.prune.params import PruneParams
from ssid.tracking import track_run, tracking_uri

PARAMS = Path("params/prune.yaml")


def main(name: str) -> None:
    """Read params, leave models/pruned/NAME with a model file, or the reason why there is none."""
    params = load_params(PARAMS, PruneParams)
    output = Path("models/pruned") / name
    output.mkdir(parents=True, exist_ok=True)
    if name in params.models:
        prune_network(name, output / "model.safetensors", params)
    else:
        say_nothing_is_pruned(name, output / "not_pruned.txt")


def prune_network(name: str, output: Path, params: PruneParams) -> None:
    """Prune models/NAME.safetensors."""
    model, folder = Path("models") / f"{name}.safetensors", Path("runs") / f"prune-{name}"
    before = sha256(model) if model.is_file() else None
    key = digest({"model": before, **params.model_dump(mode="json")})
    with owned(folder), track_run(tracking_uri(), "prune", folder, key) as tracker:
        prune_model(model, output, params, tracker)


def say_nothing_is_pruned(name: str, output: Path) -> None:
    """Say that the network is not named; the file keeps DVC from warning of an empty folder."""
    said = f"{PARAMS} does not name the {name}: it is not pruned. To prune it: models: [{name}]"
    print(said)
    output.write_text(f"{said}\n", "utf-8")


if __name__ == "__main__":
    run(main)
