"""Check all parameters before hours are spent on a training."""

from pathlib import Path

from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.evaluation.params import EvaluateParams
from ssid.project import chosen_sets
from ssid.prune.params import PruneParams
from ssid.training.params import TeacherParams, TrainingParams, check_objective

PARAMS = Path("params")


def check_params() -> None:
    """Refuse what this stage or a later one of the same `dvc repro` would refuse in params/.

    Raises:
        UserError: says the file, the key, what was found and what is expected.
    """
    catalogue = load_params(PARAMS / "data.yaml", DataParams)
    for name, schema in (("teacher", TeacherParams), ("student", TrainingParams)):
        path = PARAMS / f"{name}.yaml"
        params = load_params(path, schema)
        check_objective(params, path)
        chosen_sets(catalogue, "synthetic", params.synthetic, str(path))
        chosen_sets(catalogue, "real", params.real, str(path))
    path = PARAMS / "evaluate.yaml"
    evaluation = load_params(path, EvaluateParams)
    chosen_sets(catalogue, "benchmark", evaluation.benchmarks, str(path))
    chosen_sets(catalogue, "real", evaluation.real, str(path))
    load_params(PARAMS / "prune.yaml", PruneParams)
