"""The one training loop, for pretraining, distillation and recovery after pruning."""

import logging
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor, nn

from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from ssid.files import atomic_write, sha256
from ssid.models import Derainer, Stage, load_model, save_model
from ssid.models.weights import distinct_state, load_distinct_state
from ssid.objective import Setup
from ssid.objective.batch import Batch
from ssid.objective.objective import Objective, dead_terms, gradient_shares
from ssid.objective.scene import Scene
from ssid.progress import track
from ssid.project import data_digests
from ssid.tracking import Tracker, track_run
from ssid.training.batches import Batches, iterate
from ssid.training.checkpoint import (
    Progress,
    load_checkpoint,
    load_optimizer_tensors,
    optimizer_tensors,
    prefixed,
    remove_checkpoints,
    save_checkpoint,
    unprefixed,
)
from ssid.training.interruption import termination
from ssid.training.journal import Journal
from ssid.training.optimizer import learning_rate, make_optimizer
from ssid.training.params import TrainingParams
from ssid.training.validation import central_crops, validate

PATIENCE_FOR_NANS = 10
"""Consecutive steps without a finite loss or gradient after which a run gives up."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """Everything that one training run needs.

    Attributes:
        stage: its name: pretrain, distill or prune.
        params: what params/ says.
        synthetic: stores of pairs.
        real: stores of real rain; empty where no term looks at it.
        fitted: stores of pairs in the rain that was fitted to real sets; may be empty.
        student: the network that learns.
        teacher: the frozen teacher, or None.
        teacher_sha256: hash of the teacher's file, by which MLflow finds the run that made it.
        folder: where curves, panels and checkpoints go.
        fingerprint: hash of all that makes two runs the same; others are not resumed from.
        record: parameters as MLflow shows them.
        tags: what MLflow runs can be filtered by.
        tracking: MLflow's store, or None.
    """

    stage: str
    params: TrainingParams
    synthetic: list[ImageStore]
    real: list[ImageStore]
    fitted: list[ImageStore]
    student: Derainer
    teacher: Derainer | None
    teacher_sha256: str | None
    folder: Path
    fingerprint: str
    record: Mapping[str, object]
    tags: Mapping[str, str]
    tracking: str | None

    @property
    def pairs(self) -> list[ImageStore]:
        """All stores of pairs."""
        return [*self.synthetic, *self.fitted]


class Trainee(nn.Module):
    """The student and whatever its objective trains along with it, as one module to wrap."""

    def __init__(self, student: Derainer, objective: Objective) -> None:
        super().__init__()
        self.student = student
        self.objective = objective

    def forward(self, images: Tensor) -> list[Stage]:
        """Return the student's stages for images N×3×H×W."""
        return self.student.unroll(images)


def train(job: Job, output: Path) -> None:
    """Train ``job.student``, going on from the newest checkpoint of the same run if there is one.

    Args:
        job: the run.
        output: where the best student goes: the one of highest validation PSNR, or the last one
            without validation pairs.

    Raises:
        UserError: if the loss stays without a finite value.
        KeyboardInterrupt: if the run was asked to stop; its checkpoint is written by then.
    """
    accelerator = Accelerator(mixed_precision=precision(job.params.precision))
    if job.params.threads is not None:
        torch.set_num_threads(job.params.threads)
    set_seed(job.params.seed)
    checkpoint = load_checkpoint(job.folder / "checkpoints", job.fingerprint)
    progress = checkpoint[0] if checkpoint else Progress()
    store = job.tracking if accelerator.is_main_process else None
    with track_run(store, job.stage, progress.tracking_id) as tracker, termination() as stop:
        progress.tracking_id = tracker.run_id
        trainer = Trainer(job, accelerator, tracker, progress)
        if checkpoint:
            trainer.restore(checkpoint[1])
        trainer.run(stop)
        trainer.finish(output)


class Trainer:
    """One run in progress."""

    def __init__(
        self, job: Job, accelerator: Accelerator, tracker: Tracker, progress: Progress
    ) -> None:
        self.job, self.params, self.progress = job, job.params, progress
        self.accelerator, self.tracker = accelerator, tracker
        self.checkpoints, self.best = job.folder / "checkpoints", job.folder / "best.safetensors"
        self.journal = Journal(job.folder, tracker, accelerator.is_main_process)
        self.teacher = job.teacher
        if self.teacher is not None:
            self.teacher.to(accelerator.device)
        setup = Setup(job.student, job.teacher)
        self.objective = Objective(self.params.objective, setup, self.params.batch.real)
        self.weights = [p for p in job.student.parameters() if p.requires_grad]
        trainee = Trainee(job.student, self.objective)
        optimizer = make_optimizer(self.params.optimizer, trainee)
        self.trainee, self.optimizer = accelerator.prepare(trainee, optimizer)
        self.batches = Batches(
            job.synthetic,
            job.real,
            job.fitted,
            pairs=self.params.batch.pairs,
            real_count=self.params.batch.real,
            fitted_count=self.params.batch.fitted,
            patch=self.params.batch.patch,
            seed=self.params.seed,
            rank=accelerator.process_index,
            world=accelerator.num_processes,
        )
        self.nans_in_a_row = 0

    def run(self, stop: Event) -> None:
        """Go through the remaining steps: learn, log, validate, save."""
        params, progress = self.params, self.progress
        self._begin()
        workers = 4 if self.accelerator.device.type == "cuda" else 0
        batches = iterate(self.batches, progress.step, params.steps, workers)
        for batch in track(batches, params.steps - progress.step, self.job.stage):
            self._learn(batch.to(self.accelerator.device))
            progress.step += 1
            last = progress.step == params.steps
            if progress.step % params.log_every == 0 or last:
                self.journal.average(progress.step, self._rate(progress.step - 1))
            if progress.step % params.validate_every == 0 or last:
                self._validate()
            if progress.step % params.checkpoint_every == 0 or stop.is_set():
                self._save()
            if stop.is_set():
                raise KeyboardInterrupt(f"stopped after step {progress.step}, which is saved")

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go back to the state of a checkpoint."""
        load_distinct_state(self.job.student, unprefixed("student", tensors))
        self.objective.load_saved_state(unprefixed("parts", tensors))
        load_optimizer_tensors(self.optimizer, unprefixed("optimizer", tensors))
        self.journal.restore(unprefixed("journal", tensors))
        log.info("%s goes on after step %d", self.job.stage, self.progress.step)

    def finish(self, output: Path) -> None:
        """Hand over the best student, and record it."""
        if not self.accelerator.is_main_process:
            return
        with atomic_write(output) as partial:
            shutil.copyfile(self.best, partial)
        self.tracker.tags({"model_sha256": sha256(output)})
        student = load_model(output)
        example, _ = next(central_crops(self.job.synthetic), (torch.rand(1, 3, 64, 64), None))
        pair = example[..., :40, :64].expand(2, -1, -1, -1)
        self.tracker.model(student.eval(), pair.contiguous().numpy())
        remove_checkpoints(self.checkpoints)

    def _begin(self) -> None:
        self.trainee.train()
        self.journal.begin(self.progress.step)
        if not self.progress.step:
            remove_checkpoints(self.checkpoints)
        # Once more after an interruption: MLflow may have been away, and repeating changes nothing.
        self.tracker.params(self.job.record)
        self.tracker.inputs(data_digests([*self.job.pairs, *self.job.real]))
        self.tracker.tags(self.job.tags)
        if self.job.teacher_sha256:
            teacher_run = self.tracker.find("model_sha256", self.job.teacher_sha256)
            self.tracker.tags({"teacher_run": teacher_run or "unknown"})

    def _learn(self, batch: Batch) -> None:
        """Take one optimizer step, unless the loss or its gradient has no finite value."""
        step = self.progress.step
        torch.manual_seed(self.params.seed * 1_000_003 + step)
        self.objective.done = step / self.params.steps
        with self.accelerator.autocast():
            scene = Scene(batch, self.trainee, self.teacher, self.objective.views)
        values = self.objective(scene)
        loss = torch.stack(list(values.values())).sum()
        if not self._is_finite("loss", self.accelerator.reduce(loss.detach(), "sum"), values):
            return
        if step % self.params.probe_every == 0:
            self._probe(values)
        self.accelerator.backward(loss)
        clip = self.params.optimizer.clip or math.inf
        norm = self.accelerator.clip_grad_norm_(self.weights, clip)
        if not self._is_finite("gradient", norm, values):
            self.optimizer.zero_grad()
            return
        self.nans_in_a_row = 0
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate(step)
        self.optimizer.step()
        self.optimizer.zero_grad()
        terms = {f"train/term/{name}": value for name, value in values.items()}
        self.journal.collect({"train/loss": loss, **terms})

    def _rate(self, step: int) -> float:
        schedule, base = self.params.schedule, self.params.optimizer.lr
        return learning_rate(schedule, base, step, self.params.steps, self.progress.scores)

    def _is_finite(self, what: str, number: Tensor, values: Mapping[str, Tensor]) -> bool:
        """Return whether the loss, or the norm of its gradient, has a value; count if not."""
        if bool(number.isfinite()):
            return True
        self.nans_in_a_row += 1
        self.progress.skipped += 1
        found = ", ".join(f"{name} = {value.item():.3g}" for name, value in values.items())
        step = self.progress.step
        log.warning("step %d is skipped, its %s is not finite: %s", step, what, found)
        if self.nans_in_a_row == PATIENCE_FOR_NANS:
            raise UserError(
                f"{PATIENCE_FOR_NANS} steps in a row had no finite {what} ({found})."
                f" Lower optimizer.lr (now {self.params.optimizer.lr}), set optimizer.clip, or"
                " take the term that is not finite out of the objective."
            )
        return False

    def _probe(self, values: Mapping[str, Tensor]) -> None:
        """Log each term's share of the gradient, and warn of terms that have none."""
        started = {term.name: values[term.name] for term in self.objective.started}
        step, shares = self.progress.step + 1, gradient_shares(started, self.weights)
        self.journal.record(step, {f"train/grad_share/{n}": share for n, share in shares.items()})
        for name in dead_terms(shares):
            log.warning(
                "step %d: term %r has %.1e of the gradient, so it changes nothing."
                " Raise its weight or remove it.",
                *(step, name, shares[name]),
            )

    def _validate(self) -> None:
        """Score the student, and keep it if it is the best so far."""
        progress, student = self.progress, self.job.student
        result = validate(student, self.job.pairs, self.accelerator)
        if result is not None:
            best = -math.inf if progress.best is None else progress.best
            improved = result.psnr > best
            progress.scores.append(result.psnr)
            progress.best = max(best, result.psnr)
            scores = {"val/psnr": result.psnr, "val/ssim": result.ssim, "best/psnr": progress.best}
            self.journal.record(progress.step, scores)
            self.journal.show(progress.step, result.examples)
            if not improved:
                return
        if self.accelerator.is_main_process:
            save_model(self.best, student)

    def _save(self) -> None:
        if self.accelerator.is_main_process:
            tensors = {
                **prefixed("student", distinct_state(self.job.student)),
                **prefixed("parts", self.objective.saved_state()),
                **prefixed("optimizer", optimizer_tensors(self.optimizer)),
                **prefixed("journal", self.journal.pending()),
            }
            save_checkpoint(self.checkpoints, self.job.fingerprint, self.progress, tensors)


def precision(name: str) -> str:
    """Return Accelerate's name for fp32, bf16 or auto, which is bf16 where the GPU has it."""
    supported = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return "bf16" if name == "bf16" or (name == "auto" and supported) else "no"
