"""The evaluation of a project: its teacher and student on every benchmark and real set."""

import csv
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from ssid.data.params import DataParams
from ssid.data.store.reader import ImageStore
from ssid.evaluation.downstream import measure_downstream
from ssid.evaluation.metric_models import MetricModels, load_metric_models
from ssid.evaluation.params import EvaluateParams
from ssid.evaluation.protocol import describe_protocol
from ssid.evaluation.results import Score, write_scores
from ssid.evaluation.scores import RAINY, count_images, describe_counts, evaluate_set, summarise
from ssid.files import named, replace_folder, sha256, write_json
from ssid.metrics.cost import measure_cost
from ssid.models import Derainer, load_model
from ssid.ownership import owned
from ssid.processes import together
from ssid.project import Project, data_digests, describe_real_rain, open_stores
from ssid.tracking import Tracker, flatten, track_run

STAGES = {"teacher": "pretrain", "student": "distill"}
BARS = ("psnr_y", "ssim_y", "streak_auc", "removed_inside", "changed_outside", "niqe")
"""What `dvc plots` can show of every set."""


def evaluate(
    params: EvaluateParams,
    catalogue: DataParams,
    output: Path,
    project: Project,
    tracking: str | None,
) -> None:
    """Score teacher and student, and leave everything that is shown of it in ``output``.

    ``metrics.json`` for `dvc metrics`, ``images.csv`` with a row per image and method,
    ``sets.csv`` and ``curves/`` for `dvc plots`, ``pictures/<role>/<set>/<image>/``.

    Processes that Accelerate started share the images; times apart, the files are the same for any
    number of them.

    Args:
        params: settings of the evaluation.
        catalogue: the data sets.
        output: folder to fill; what it held is removed.
        project: places of sets and networks.
        tracking: MLflow's store; None tracks nothing.

    Raises:
        UserError: if a set, a network, or the weights of a metric network are missing;
            before anything is removed or measured.
    """
    # Unlike PartialState alone, it also joins processes that compute on CPUs.
    accelerator = Accelerator()
    device = accelerator.device
    if params.threads is not None:
        torch.set_num_threads(params.threads)
    files = {name: project.models / f"{name}.safetensors" for name in STAGES}
    networks = {name: load_model(file).to(device) for name, file in files.items()}
    stores = [
        *open_stores(catalogue, "benchmark", params.benchmarks, project),
        *open_stores(catalogue, "real", params.real, project),
    ]
    models = load_metric_models(params, device)
    main = accelerator.is_main_process
    runs = project.runs / "evaluate"
    hold = owned(runs) if main else nullcontext()
    # Opened before the work, so that MLflow shows how long it took.
    with (
        together(accelerator),
        hold,
        track_run(tracking if main else None, "evaluate", runs) as tracker,
    ):
        with replacing(output, accelerator) as folder:
            scores, numbers = measure_sets(stores, networks, params, models, folder)
            if not main:
                return
            costs = {name: measure_cost(n, params.latency, device) for name, n in networks.items()}
            counts = count_images(stores, scores, params.metrics)
            metrics = {**numbers, "network": costs, "images": counts}
            for line in describe_counts(counts):
                print(line)
            write_json(folder / "metrics.json", metrics)
            write_json(folder / "protocol.json", describe_protocol(stores, params, device, scores))
            write_scores(folder / "images.csv", scores)
            write_bars(folder / "sets.csv", metrics)
            for stage in STAGES.values():
                curve = folder / "curves" / f"{stage}.csv"
                write_curve(project.runs / stage / "metrics.jsonl", curve)
        record(tracker, params, metrics, files, stores, output)
        print(f"all runs, the best first: uv run ssid track show {stores[0].summary.name}")


@contextmanager
def replacing(output: Path, accelerator: Accelerator) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``output`` if all goes well.

    No process goes on, to write pictures into it, before it is there.
    """
    partial = output.with_name(f"{output.name}.partial")
    with named(output):
        if accelerator.is_main_process:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
        accelerator.wait_for_everyone()
        yield partial
        if accelerator.is_main_process:
            replace_folder(partial, output)


def measure_sets(
    stores: Sequence[ImageStore],
    networks: Mapping[str, Derainer],
    params: EvaluateParams,
    models: MetricModels,
    output: Path,
) -> tuple[list[Score], dict[str, Any]]:
    """Return all scores, and role → set → method → what holds for the set as a whole.

    Those are the means of the scores, and for pairs what other networks make of the estimates.
    """
    scores: list[Score] = []
    numbers: dict[str, Any] = {}
    for store in stores:
        role, name = store.summary.role, store.summary.name
        folder = output / "pictures" / role / name
        scores_of_set = evaluate_set(store, networks, params, folder, models.lpips)
        methods = summarise(scores_of_set)[role][name]
        if store.paired:
            found = measure_downstream(store, [RAINY, *networks], params.limit, models, folder)
            methods = {method: means | found[method] for method, means in methods.items()}
        scores += scores_of_set
        numbers.setdefault(role, {})[name] = methods
    return scores, numbers


def write_bars(path: Path, metrics: Mapping[str, Any]) -> None:
    """Write the means by set and method, for a bar chart."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("set", "method", *BARS))
        for role in ("benchmark", "real"):
            for name, methods in metrics.get(role, {}).items():
                for method, means in methods.items():
                    writer.writerow((f"{role}/{name}", method, *map(means.get, BARS)))


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


def record(
    tracker: Tracker,
    params: EvaluateParams,
    metrics: Mapping[str, Any],
    files: Mapping[str, Path],
    stores: Sequence[ImageStore],
    output: Path,
) -> None:
    """Record the evaluation in MLflow: in a run of its own, and its numbers on each network's run.

    That second copy is what lets `mlflow ui` sort training runs by how good their network is.
    """
    tracker.params({"evaluate": params.model_dump(mode="json")})
    tracker.inputs(data_digests(stores))
    tracker.tags(describe_real_rain([store for store in stores if store.summary.role == "real"]))
    tracker.metrics(dict(flatten(metrics)), 0)
    for name in ("metrics.json", "protocol.json", "images.csv"):
        tracker.file(output / name)
    for method, file in files.items():
        digest = sha256(file)
        tracker.link(f"{method}_run", model_sha256=digest)
        tracker.metrics_of(of_method(metrics, method), model_sha256=digest)


def of_method(metrics: Mapping[str, Any], method: str) -> dict[str, float]:
    """Return one network's numbers as ``<role>/<set>/<metric>``."""
    numbers = {
        f"{role}/{name}/{metric}": value
        for role in ("benchmark", "real")
        for name, methods in metrics.get(role, {}).items()
        for metric, value in methods[method].items()
    }
    return numbers | {f"network/{k}": v for k, v in metrics["network"][method].items()}
