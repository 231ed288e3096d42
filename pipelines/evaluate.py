"""DVC stage: measure teacher and student on benchmarks and on real rain."""

from pathlib import Path

from ssid.config import DataParams, EvaluateParams, load_params
from ssid.entry import reporting
from ssid.evaluation.run import evaluate
from ssid.training.job import Project
from ssid.training.tracking import store


def main() -> None:
    """Read params, evaluate, leave evaluation/."""
    params = load_params(Path("params/evaluate.yaml"), EvaluateParams)
    catalogue = load_params(Path("params/data.yaml"), DataParams)
    evaluate(params, catalogue, Path("evaluation"), Project(), store())


if __name__ == "__main__":
    with reporting():
        main()
