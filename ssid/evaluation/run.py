"""The evaluation of a project: its teacher and student on every benchmark and real set."""

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState

from ssid.config import DataParams, EvaluateParams
from ssid.data.store import ImageStore
from ssid.evaluation.scores import (
    PROTOCOL,
    Score,
    evaluate_set,
    measure_network,
    summarise,
    write_json,
    write_scores,
)
from ssid.files import sha256
from ssid.models import load_model
from ssid.training.job import Project, describe, open_stores
from ssid.training.tracking import STORE, data_digests, flatten, track_run

STAGES = {"teacher": "pretrain", "student": "distill"}


def evaluate(params: EvaluateParams, catalogue: DataParams, output: Path, project: Project) -> None:
    """Score teacher and student, and leave everything that is shown of it in ``output``.

    ``metrics.json`` for `dvc metrics`, ``images.csv`` with a row per image and method,
    ``sets.csv`` and ``curves/`` for `dvc plots`, ``pictures/<role>/<set>/<image>/``.

    Raises:
        UserError: if a set or a network is missing.
    """
    state = PartialState()
    if params.threads is not None:
        torch.set_num_threads(params.threads)
    files = {name: project.models / f"{name}.safetensors" for name in STAGES}
    networks = {name: load_model(file)[0].eval().to(state.device) for name, file in files.items()}
    stores = [
        *open_stores(catalogue, "benchmark", params.benchmarks, project),
        *open_stores(catalogue, "real", params.real, project),
    ]
    if state.is_main_process:
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir(parents=True)
    scores = [
        score
        for store in stores
        for score in evaluate_set(store, networks, params, pictures_of(output, store))
    ]
    if state.is_main_process:
        metrics = {
            **summarise(scores),
            "network": {name: measure_network(n, params.latency) for name, n in networks.items()},
        }
        write_json(output / "metrics.json", metrics)
        write_json(output / "protocol.json", protocol(stores, params, state.device))
        write_scores(output / "images.csv", scores)
        write_bars(output / "sets.csv", metrics)
        for stage in STAGES.values():
            write_curve(project.runs / stage / "metrics.jsonl", output / "curves" / f"{stage}.csv")
        track(params, metrics, scores, files, stores, output)


def pictures_of(output: Path, store: ImageStore) -> Path:
    """Return the folder for the pictures of one set."""
    return output / "pictures" / store.summary.role / store.summary.name


def protocol(
    stores: Sequence[ImageStore], params: EvaluateParams, device: torch.device
) -> dict[str, Any]:
    """Return what a reader has to know to repeat the numbers."""
    latency = params.latency
    return {
        **PROTOCOL,
        "latency": f"median of {latency.repeats} runs at {latency.height}×{latency.width},"
        f" {latency.threads} thread(s), {device.type}",
        "sets": {f"{s.summary.role}/{s.summary.name}": set_protocol(s) for s in stores},
    }


def set_protocol(store: ImageStore) -> dict[str, Any]:
    """Return which images a set of scores was measured on."""
    summary = store.summary
    kind = "stand-in for real rain (rendered)" if summary.standin else summary.role
    return {"images": summary.images, "kind": kind, "digest": summary.digest}


def write_bars(path: Path, metrics: Mapping[str, Any]) -> None:
    """Write the means by set and method, for a bar chart."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("set", "method", "psnr_y", "ssim_y", "niqe"))
        for role in ("benchmark", "real"):
            for name, methods in metrics.get(role, {}).items():
                for method, means in methods.items():
                    numbers = (means.get(metric) for metric in ("psnr_y", "ssim_y", "niqe"))
                    writer.writerow((f"{role}/{name}", method, *numbers))


def write_curve(source: Path, target: Path) -> None:
    """Write the loss and validation curve of a run as CSV: step, loss, psnr."""
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = source.read_text("utf-8").splitlines() if source.is_file() else []
    merged: dict[int, dict[str, float]] = {}
    for record in map(json.loads, lines):
        merged.setdefault(record["step"], {}).update(record)
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("step", "loss", "psnr"))
        for step, record in sorted(merged.items()):
            if "train/loss" in record or "val/psnr" in record:
                writer.writerow((step, record.get("train/loss"), record.get("val/psnr")))


def track(
    params: EvaluateParams,
    metrics: Mapping[str, Any],
    scores: Sequence[Score],
    files: Mapping[str, Path],
    stores: Sequence[ImageStore],
    output: Path,
) -> None:
    """Record the evaluation in MLflow: a run of its own, and its numbers on each network's run.

    That second copy is what lets `mlflow ui` sort training runs by how good their network is.
    """
    with track_run(STORE, "evaluate") as tracker:
        tracker.params({"evaluate": params.model_dump(mode="json")})
        tracker.inputs(data_digests(stores))
        tracker.tags(describe([store for store in stores if store.summary.role == "real"]))
        tracker.metrics(dict(flatten(metrics)), 0)
        for name in ("metrics.json", "protocol.json", "images.csv"):
            tracker.file(output / name)
        for method, file in files.items():
            run_id = tracker.find("model_sha256", sha256(file))
            tracker.tags({f"{method}_run": run_id or "unknown"})
            if run_id:
                with track_run(STORE, STAGES[method], run_id) as trained:
                    trained.metrics(of_method(metrics, method), 0)


def of_method(metrics: Mapping[str, Any], method: str) -> dict[str, float]:
    """Return one network's numbers as ``<role>/<set>/<metric>``."""
    numbers = {
        f"{role}/{name}/{metric}": value
        for role in ("benchmark", "real")
        for name, methods in metrics.get(role, {}).items()
        for metric, value in methods[method].items()
    }
    return numbers | {f"network/{k}": v for k, v in metrics["network"][method].items()}
