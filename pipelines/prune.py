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
    params, output = load_params(PARAMS, PruneParams), Path("models/pruned") / name
    output.mkdir(parents=True, exist_ok=True)
    if name not in params.models:
        said = f"{PARAMS} does not name the {name}: it is not pruned. To prune it: models: [{name}]"
        print(said)  # the file keeps DVC from warning of an empty folder
        (output / "not_pruned.txt").write_text(f"{said}\n", "utf-8")
        return
    model, folder = Path("models") / f"{name}.safetensors", Path("runs") / f"prune-{name}"
    before = sha256(model) if model.is_file() else None
    key = digest({"model": before, **params.model_dump(mode="json")})
    with owned(folder), track_run(tracking_uri(), "prune", folder, key) as tracker:
        prune_model(model, output / "model.safetensors", params, tracker)


if __name__ == "__main__":
    run(main)
