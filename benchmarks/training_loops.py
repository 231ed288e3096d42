"""Loops that train the same network on the same data: ours, a bare one, and the published one."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import torch
from accelerate import Accelerator

from benchmarks.loader import make_pairs
from benchmarks.published_loop import train_as_published
from benchmarks.turns import Turn
from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.data.prepare import prepare
from ssid.models import create_model
from ssid.objective.batch import Batch
from ssid.objective.fidelity import ssim
from ssid.project import Project
from ssid.training import loop
from ssid.training.batches import Batches, iterate
from ssid.training.job import make_batches, make_job
from ssid.training.optimizer import make_optimizer
from ssid.training.params import TrainingParams

STUDENT = Path("params/student.yaml")
EVERY = {"log_every": 5, "checkpoint_every": 7, "probe_every": 11}
"""Intervals of what is timed, so that most of it falls in steps of its own."""
LONG = 1_000_000
IMAGES, CROP, BATCH = 24, 120, 12
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "RRG, 8 channels": ("rrg", {"channels": 8, "msrbs": 1}),
    "SSID-KD, narrow": ("ssid_kd", {"widths": [4, 4, 12], "units": [1, 1, 1]}),
}
PUBLISHED = {
    "l1": {"weight": 20},
    "dark_channel": {"weight": 1e-6, "window": CROP, "on": "both", "as_published": True},
    "total_variation": {"weight": 1e-6, "on": "both", "as_published": True},
    "code_self_alignment": {"weight": 1e-6, "distance": "code_kl_as_published"},
}


class Place(NamedTuple):
    """Where the data of the benchmark lie, and where runs may."""

    folder: Path

    @property
    def png(self) -> Path:
        """Return the folder of PNG pairs."""
        return self.folder / "png"

    def project(self, name: str) -> Project:
        """Return a project of its own on the common data."""
        return Project(self.folder / "prepared", self.folder / name / "runs", self.folder / name)


def prepare_data(place: Place) -> DataParams:
    """Make photographs and prepare them once as pairs and once as real rain."""
    make_pairs(place.png, IMAGES)
    sets = {
        "synthetic": {"pairs": {"root": str(place.png), "layout": "pairs"}},
        "real": {"real": {"root": str(place.png / "rainy"), "layout": "photographs"}},
    }
    catalogue = DataParams.model_validate(sets)
    for role in ("synthetic", "real"):
        for name, block in catalogue.sets(role).items():
            prepare(role, name, block, place.folder / "prepared" / role / name, 1)
    (place.folder / "prepared" / "excluded.json").write_text("{}")
    return catalogue


def ours(
    place: Place, catalogue: DataParams, params: TrainingParams, tracking: str | None, turn: Turn
) -> None:
    """Train as the stage ``distill`` does, without a teacher."""
    project = place.project(turn.name)
    job = make_job("distill", params, catalogue, project, tracking=tracking)

    def paced(batches: Batches, start: int, stop: int, workers: int) -> Iterator[Batch]:
        steps = iterate(batches, start, stop, workers)
        for _ in range(start, stop):
            turn.begin()
            yield turn.wait(lambda: next(steps))

    with patch.object(loop, "iterate", paced):
        loop.train(job, project.models / "student.safetensors")


def bare(place: Place, catalogue: DataParams, params: TrainingParams, turn: Turn) -> None:
    """Train the same network on the same batches, and do nothing else."""
    torch.set_num_threads(1)
    job = make_job("distill", params, catalogue, place.project(turn.name))
    network, optimizer = job.student, make_optimizer(params.optimizer, job.student)
    steps = iterate(make_batches(job, Accelerator()), 0, LONG)
    while True:
        turn.begin()
        batch = turn.wait(lambda: next(steps)).to(torch.device("cpu"))
        derained = network.unroll(batch.rainy)[-1].image
        loss = (derained - batch.clean).abs().mean() + 1 - ssim(derained, batch.clean)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), params.optimizer.clip or 1.0)
        optimizer.step()


def published(network: str, place: Place, whole_window: bool, turn: Turn) -> None:
    """Train a network as SSID-KD's code does."""
    torch.set_num_threads(1)
    name, options = NETWORKS[network]
    train_as_published(create_model(name, **options), place.png, BATCH, CROP, turn, whole_window)


def demo_params() -> TrainingParams:
    """Return the run of params/student.yaml on pairs alone, with other intervals and no end."""
    found = load_params(STUDENT, TrainingParams).model_dump(mode="json")
    batch = found["batch"]
    batch |= {"pairs": batch["pairs"] + batch["fitted"] + batch["real"], "fitted": 0, "real": 0}
    objective = {"l1": {"weight": 1}, "ssim": {"weight": 1}}
    rest = {
        "init": "random",
        "steps": LONG,
        "validate_every": LONG,
        "threads": 1,
        "synthetic": None,
        "real": None,
    }
    return TrainingParams.model_validate(found | EVERY | rest | {"objective": objective})


def published_params(network: str) -> TrainingParams:
    """Return a run of SSID-KD's objective in our terms."""
    name, options = NETWORKS[network]
    batch = {"pairs": BATCH, "real": BATCH, "fitted": 0, "patch": CROP}
    model = {"name": name, "options": options}
    changes = {"model": model, "batch": batch, "objective": PUBLISHED}
    every = {"log_every": 10, "checkpoint_every": LONG, "probe_every": LONG}
    return TrainingParams.model_validate(demo_params().model_dump(mode="json") | changes | every)


@contextmanager
def unhelpful() -> Iterator[str]:
    """Yield the address of a server that lets everybody in and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
