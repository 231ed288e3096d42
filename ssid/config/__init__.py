"""What params/*.yaml may contain, and the only place that reads YAML."""

from ssid.config.data import (
    BenchmarkSet,
    DataParams,
    DataSet,
    Layout,
    Rain,
    RealSet,
    Role,
    SyntheticSet,
    data_set,
)
from ssid.config.evaluate import EvaluateParams, LatencyParams
from ssid.config.load import load_params
from ssid.config.training import (
    BatchParams,
    ModelParams,
    OptimizerParams,
    ScheduleParams,
    TeacherParams,
    TermParams,
    TrainingParams,
    check_objective,
)

__all__ = [
    "BatchParams",
    "BenchmarkSet",
    "DataParams",
    "DataSet",
    "EvaluateParams",
    "LatencyParams",
    "Layout",
    "ModelParams",
    "OptimizerParams",
    "Rain",
    "RealSet",
    "Role",
    "ScheduleParams",
    "SyntheticSet",
    "TeacherParams",
    "TermParams",
    "TrainingParams",
    "check_objective",
    "data_set",
    "load_params",
]
