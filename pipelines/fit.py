"""DVC stage: find out what the rain of a real set looks like, and render pairs in it."""

from pathlib import Path

from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.data.rain.params import FitParams
from ssid.entry import run
from ssid.fitting import fit_set
from ssid.project import Project
from ssid.tracking import tracking_uri


def main(name: str) -> None:
    """Read params, fit, leave models/rain/NAME.* and data/prepared/fitted/NAME."""
    params = load_params(Path("params/rain.yaml"), FitParams)
    catalogue = load_params(Path("params/data.yaml"), DataParams)
    fit_set(name, params, catalogue, Project(), tracking_uri())


if __name__ == "__main__":
    run(main)
