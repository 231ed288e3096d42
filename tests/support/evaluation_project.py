"""Evaluations of a tiny project, in this process or in several."""

import multiprocessing
import os
import shutil
import socket
import time
from pathlib import Path

import torch

from ssid.data.params import DataParams
from ssid.evaluation import run
from ssid.evaluation.params import EvaluateParams
from ssid.models import Recipe
from ssid.project import Project

BENCHMARK = {"layout": "photographs", "rain": "rain100l"}
REAL = {"layout": "photographs", "rain": "standin", "limit": 2, "seed": 1}
TEACHER = Recipe("prenet", {"channels": 4, "stages": 2, "units": 1})
STUDENT = Recipe("prenet", {"channels": 4, "stages": 1, "units": 1})

CATALOGUE = DataParams.model_validate(
    {
        "synthetic": {"tiny": {"root": ".", **BENCHMARK}},
        "real": {"tiny": {"root": ".", **REAL}},
        "benchmark": {"tiny": {"root": ".", **BENCHMARK}},
    }
)
PARAMS = {
    "metrics": ["psnr", "ssim"],
    "threads": 1,
    "latency": {"height": 32, "width": 32, "repeats": 2, "warmup": 0},
}


def evaluate(project: Project, output: Path, **changes) -> None:
    """Evaluate in this process, as one of several if the environment says so."""
    params = EvaluateParams.model_validate({**PARAMS, **changes})
    run.evaluate(params, CATALOGUE, output, project, tracking=None)


def evaluate_in_processes(count: int, project: Project, output: Path, **changes) -> None:
    """Evaluate as `torchrun --nproc_per_node COUNT` does with ACCELERATE_USE_CPU=true."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # All are forks of a fresh process that has imported everything, and computed nothing.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "datasets", "segmentation_models_pytorch"])
    children = [
        context.Process(target=_child, args=(rank, count, port, project, output, changes))
        for rank in range(count)
    ]
    for child in children:
        child.daemon = True
        child.start()
    for child in children:
        child.join(100)
    assert [child.exitcode for child in children] == [0] * count


def _child(rank: int, count: int, port: int, project: Project, output: Path, changes: dict) -> None:
    os.environ |= {
        "ACCELERATE_USE_CPU": "true",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(count),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
    }
    torch.set_num_threads(1)
    run.shutil.rmtree = _remove_late
    evaluate(project, output, **changes)


def _remove_late(path: Path, *, ignore_errors: bool, remove=shutil.rmtree) -> None:
    """Give processes that do not wait for this the time to write what it removes."""
    time.sleep(0.5)
    remove(path, ignore_errors=ignore_errors)
