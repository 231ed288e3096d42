"""Seconds of one image, by student, runtime and number of threads."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.deployment.plan import Group, Plan, Row
from benchmarks.timing import in_turns, spread
from ssid.inference.runtime import Batch, Runner, open_runner, runner_of
from ssid.models import load_model
from ssid.packaged import SIZES, Size, packaged_student

SIDE = 512


def latency(threads: int, plan: Plan) -> list[Group]:
    """Return the one group whose contestants all take turns on one square image."""
    name = f"{SIDE}×{SIDE}, {threads} thread(s): {', '.join(SIZES)}"
    return [Group(name, SIZES, lambda: _take(threads, plan.rounds))]


def _take(threads: int, rounds: int) -> list[Row]:
    image = np.random.default_rng(0).random((1, 3, SIDE, SIDE), np.float32)
    shown, calls = [], []
    for size in SIZES:
        for name, runner in _runners(size, threads):
            shown.append({"size": size, "runtime": name, "threads": threads})
            calls.append(_with_threads(threads, runner, image))
    taken = in_turns(calls, rounds)
    return [row | spread(seconds) for row, seconds in zip(shown, taken, strict=True)]


def _runners(size: Size, threads: int) -> list[tuple[str, Runner]]:
    compiled_model = load_model(size)
    compiled_model.compile()
    student = packaged_student(size)
    return [
        ("PyTorch, eager", open_runner(student, "torch", threads)),
        ("PyTorch, compiled", runner_of(compiled_model)),
        ("onnxruntime", open_runner(student, "onnxruntime", threads)),
        ("OpenVINO", open_runner(student, "openvino", threads)),
    ]


def _with_threads(threads: int, runner: Runner, image: Batch) -> Callable[[], Any]:
    def call() -> Any:
        torch.set_num_threads(threads)
        return runner.estimate(image)

    return call
