"""One run of a table: train it once, measure it once; what is finished is never done again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from accelerate import PartialState

from benchmarks.sets import is_prepared, open_place
from benchmarks.tables import Training
from ssid.data.params import DataParams
from ssid.data.store.reader import ImageStore
from ssid.evaluation.compare.runs import Measured, read_images
from ssid.evaluation.results import Score, write_scores
from ssid.evaluation.scores import RAINY, measure, measure_streaks, summarise
from ssid.files import sha256
from ssid.inference import derain
from ssid.models import Derainer, load_model
from ssid.progress import track
from ssid.project import Project
from ssid.tracking import flatten, track_run
from ssid.training.job import Job, fingerprint, make_job
from ssid.training.loop import train


class Workspace(NamedTuple):
    """Where runs find their data and leave their results.

    Attributes:
        catalogue: the data sets.
        project: where they are prepared, and the folder of all runs.
        tracking: MLflow's store, or None.
    """

    catalogue: DataParams
    project: Project
    tracking: str | None


class Outcome(NamedTuple):
    """What is known of a finished run.

    Attributes:
        run: what was trained.
        folder: its name, from the parameters.
        rainy: the scores of the input.
        derained: the scores of the estimates.
        gradient_share: each term's mean share of the gradient, in [0, 1].
        validation: PSNR in dB on the pairs held out of the training sets, by which weights are
            chosen; None where there are none.
    """

    run: Training
    folder: str
    rainy: Measured
    derained: Measured
    gradient_share: dict[str, float]
    validation: float | None


def finished(run: Training, workspace: Workspace) -> Outcome | None:
    """Return what a run has reached, or None if it has not been trained and measured yet."""
    if not _is_known(run, workspace):
        return None
    job = job_of(run, workspace)
    images = images_of(job, run, workspace)
    if not images.is_file():
        return None
    curves = read_curves(job.folder / "metrics.jsonl")
    scores = read_images(images, RAINY), read_images(images, run.method)
    validations = [line["val/psnr"] for line in curves if "val/psnr" in line]
    validation = validations[-1] if validations else None
    return Outcome(run, job.folder.name, *scores, gradient_shares(curves), validation)


def folders_of(runs: Iterable[Training], workspace: Workspace) -> set[str]:
    """Return the names of the folders of runs, of those whose parameters are known as yet."""
    return {job_of(run, workspace).folder.name for run in runs if _is_known(run, workspace)}


def _is_known(run: Training, workspace: Workspace) -> bool:
    """Return whether its data is prepared, and the runs that it needs are finished."""
    return all(is_prepared(workspace.project, place) for place in run.places) and all(
        _is_known(needed, workspace) and model_of(job_of(needed, workspace)).is_file()
        for needed in run.needs
    )


def finish(run: Training, workspace: Workspace) -> None:
    """Train and measure a run, after those that it needs."""
    for needed in run.needs:
        _train_once(needed, workspace)
    model = _train_once(run, workspace)
    stores = [open_place(workspace.project, place) for place in run.evaluate]
    images = images_of(job_of(run, workspace), run, workspace)
    if not images.is_file():
        network = load_model(model).to(PartialState().device)
        scores = [score for store in stores for score in score_set(network, store, run.method)]
        partial = images.parent.with_suffix(".partial")
        partial.mkdir(exist_ok=True)
        write_scores(partial / images.name, scores)
        _record(run, workspace, scores, partial / images.name, model)
        partial.rename(images.parent)


def job_of(run: Training, workspace: Workspace) -> Job:
    """Return the training job, in a folder that its parameters name.

    Raises:
        UserError: if a run that it needs is not finished yet, or a data set is not prepared.
    """
    teacher = model_of(job_of(run.teacher, workspace)) if run.teacher else None
    stage = "distill" if run.method == "student" else "pretrain"
    params = run.params
    if run.start:
        init = str(model_of(job_of(run.start, workspace)))
        params = params.model_copy(update={"init": init})
    job = make_job(stage, params, workspace.catalogue, workspace.project, teacher)
    return replace(
        job,
        folder=workspace.project.runs / fingerprint(job.record)[:12],
        tags={**job.tags, "benchmark": str(run)},
        tracking=workspace.tracking,
    )


def model_of(job: Job) -> Path:
    """Return where the trained network of a job lies."""
    return job.folder / "model.safetensors"


def images_of(job: Job, run: Training, workspace: Workspace) -> Path:
    """Return where the scores of a run lie; the folder is named by the images measured."""
    digests = {place: open_place(workspace.project, place).summary.digest for place in run.evaluate}
    return job.folder / f"scores-{fingerprint(digests)[:12]}" / "images.csv"


def score_set(network: Derainer, store: ImageStore, method: str) -> list[Score]:
    """Return the scores of the rainy images and of a network's estimates, at full size.

    PSNR and SSIM where there are targets, NIQE where there are none; sharpness for both; and where
    there are masks of streaks, what was removed of them.
    """
    metrics = ("psnr", "ssim") if store.paired else ("niqe",)
    scores = []
    for i in track(range(len(store)), len(store), f"measure {store.summary.name}"):
        clean = store.clean(i) if store.paired else None
        rainy = store.rainy(i)
        for name, picture in ((RAINY, rainy), (method, derain(network, rainy))):
            place = store.summary.role, store.summary.name, store.records[i].name, name
            measures = measure(picture, clean, metrics) | measure_streaks(store, i, picture)
            scores.append(Score(*place, measures))
    return scores


def read_curves(file: Path) -> list[dict[str, float]]:
    """Return the lines of a metrics.jsonl."""
    return [json.loads(line) for line in file.read_text().splitlines()]


def gradient_shares(curves: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return each term's mean share of the gradient over a run."""
    shares: dict[str, list[float]] = {}
    for line in curves:
        for name, value in line.items():
            if name.startswith("train/grad_share/"):
                shares.setdefault(name.removeprefix("train/grad_share/"), []).append(value)
    return {name: round(fmean(values), 4) for name, values in shares.items()}


def _train_once(run: Training, workspace: Workspace) -> Path:
    job = job_of(run, workspace)
    model = model_of(job)
    if not model.is_file():
        partial = model.with_name("partial.safetensors")
        asked_to_stop = train(job, partial)
        partial.replace(model)
        if asked_to_stop:
            raise KeyboardInterrupt(f"{run} is trained")
    return model


def _record(
    run: Training, workspace: Workspace, scores: Sequence[Score], images: Path, model: Path
) -> None:
    """Leave the scores in MLflow as the pipeline does, in a run that `ssid compare` can read."""
    with track_run(workspace.tracking, "evaluate", model.parent) as tracker:
        tracker.tags({"benchmark": str(run)})
        tracker.link(f"{run.method}_run", model_sha256=sha256(model))
        tracker.metrics(dict(flatten(summarise(scores))), 0)
        tracker.file(images)
