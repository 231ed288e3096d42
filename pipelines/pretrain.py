"""DVC stage: train the teacher on synthetic pairs."""

from pathlib import Path

from pipelines.check import check_params
from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.launch import run_together
from ssid.project import Project
from ssid.tracking import tracking_uri
from ssid.training.job import make_job
from ssid.training.loop import train
from ssid.training.params import TeacherParams

PARAMS = Path("params/teacher.yaml")


def main() -> None:
    """Read params, train, leave models/teacher.safetensors."""
    check_params()
    params = load_params(PARAMS, TeacherParams)
    catalogue = load_params(Path("params/data.yaml"), DataParams)
    job = make_job("pretrain", params, catalogue, Project(), tracking=tracking_uri())
    train(job, Path("models/teacher.safetensors"))


if __name__ == "__main__":
    run_together(main)
