"""DVC stage: train the student on synthetic pairs and unlabelled real rain, under the teacher."""

from pathlib import Path

from pipelines.check import check_params
from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.launch import run_together
from ssid.project import Project
from ssid.tracking import tracking_uri
from ssid.training.job import make_job
from ssid.training.loop import train
from ssid.training.params import TrainingParams

PARAMS = Path("params/student.yaml")
TEACHER = Path("models/teacher.safetensors")


def main() -> None:
    """Read params, train, leave models/student.safetensors."""
    check_params()
    params = load_params(PARAMS, TrainingParams)
    catalogue = load_params(Path("params/data.yaml"), DataParams)
    job = make_job("distill", params, catalogue, Project(), TEACHER, tracking_uri())
    train(job, Path("models/student.safetensors"))


if __name__ == "__main__":
    run_together(main)
