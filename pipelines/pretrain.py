"""DVC stage: train the teacher on synthetic pairs."""

from pathlib import Path

from ssid.config import DataParams, TeacherParams, check_objective, load_params
from ssid.entry import reporting
from ssid.training.job import Project, make_job
from ssid.training.loop import train

PARAMS = Path("params/teacher.yaml")


def main() -> None:
    """Read params, train, leave models/teacher.safetensors."""
    params = load_params(PARAMS, TeacherParams)
    check_objective(params, PARAMS)
    catalogue = load_params(Path("params/data.yaml"), DataParams)
    train(make_job("pretrain", params, catalogue, Project()), Path("models/teacher.safetensors"))


if __name__ == "__main__":
    with reporting():
        main()
