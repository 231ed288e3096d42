"""DVC stage: measure teacher and student on benchmarks and on real rain."""

from pathlib import Path

from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.evaluation.params import EvaluateParams
from ssid.evaluation.run import evaluate
from ssid.launch import run_together
from ssid.project import Project
from ssid.tracking import tracking_uri


def main() -> None:
    """Read params, evaluate, leave evaluation/."""
    params = load_params(Path("params/evaluate.yaml"), EvaluateParams)
    catalogue = load_params(Path("params/data.yaml"), DataParams)
    evaluate(params, catalogue, Path("evaluation"), Project(), tracking_uri())


if __name__ == "__main__":
    run_together(main)
