"""The one training loop, for pretraining, distillation and recovery after pruning."""

import logging
import math
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, set_seed
from torch import Tensor

from ssid.files import atomic_write, sha256
from ssid.models import save_model
from ssid.objective import Setup
from ssid.objective.batch import Batch
from ssid.objective.objective import Objective, gradient_shares
from ssid.ownership import owned
from ssid.processes import check_start, mean_over, together
from ssid.progress import track
from ssid.project import data_digests
from ssid.tracking import Tracker, track_run
from ssid.training.batches import iterate
from ssid.training.best import clear_after, copy_best, hand_over
from ssid.training.checkpoint import (
    Checkpoint,
    Progress,
    load_checkpoint,
    remove_checkpoints,
    save_checkpoint,
)
from ssid.training.health import Health
from ssid.training.interruption import Stopping, termination
from ssid.training.job import Job, make_batches
from ssid.training.journal import Journal
from ssid.training.module import TrainingModule
from ssid.training.optimizer import learning_rate, make_optimizer
from ssid.training.precision import precision
from ssid.training.state import collect, restore
from ssid.training.validation import central_crops, validate

UNUSED = DistributedDataParallelKwargs(find_unused_parameters=True)
"""Several processes do not wait for gradients of weights that no term looks at."""

log = logging.getLogger(__name__)


def train(job: Job, output: Path) -> bool:
    """Train ``job.student``, going on from the newest checkpoint of the same run if there is one.

    Args:
        job: the run.
        output: place of the best student: the one of highest validation PSNR, or the last one
            without validation pairs.

    Returns:
        Whether it was asked to stop when all was learnt and the student was being handed over,
        which is finished then: those who have more to do should stop.

    Raises:
        UserError: if another process is at work on this run, or the loss stays without a value.
        KeyboardInterrupt: if the run was asked to stop; its checkpoint is written by then.
    """
    accelerator = Accelerator(
        mixed_precision=precision(job.params.precision), kwargs_handlers=[UNUSED]
    )
    main = accelerator.is_main_process
    if job.params.threads is not None:
        torch.set_num_threads(job.params.threads)
    set_seed(job.params.seed)
    with ExitStack() as stack:
        stack.enter_context(together(accelerator))
        if main:
            stack.enter_context(owned(job.folder))
        checkpoint = load_checkpoint(job.folder / "checkpoints", job.identity)
        check_start(accelerator, checkpoint.progress.step if checkpoint else 0, job.folder)
        store = job.tracking if main else None
        tracked = track_run(store, job.stage, job.folder, job.fingerprint)
        tracker, stop = stack.enter_context(tracked), stack.enter_context(termination())
        trainer = Trainer(job, accelerator, tracker, checkpoint)
        trainer.run(stop)
        trainer.finish(output)
    return stop.is_set()


class Trainer:
    """One run in progress."""

    def __init__(
        self, job: Job, accelerator: Accelerator, tracker: Tracker, checkpoint: Checkpoint | None
    ) -> None:
        self.job, self.params = job, job.params
        self.accelerator, self.tracker = accelerator, tracker
        self.progress = checkpoint.progress if checkpoint else Progress()
        self.checkpoints, self.best = job.folder / "checkpoints", job.folder / "best.safetensors"
        main = accelerator.is_main_process
        self.journal = Journal(job.folder, tracker, main, mean_over(accelerator))
        self.teacher = job.teacher
        if self.teacher is not None:
            self.teacher.to(accelerator.device)
        setup = Setup(job.student, job.teacher)
        self.objective = Objective(self.params.objective, setup, self.params.batch.real)
        self.weights = [p for p in job.student.parameters() if p.requires_grad]
        module = TrainingModule(job.student, self.objective)
        optimizer = make_optimizer(self.params.optimizer, module)
        self.module, self.optimizer = accelerator.prepare(module, optimizer)
        self.batches = make_batches(job, accelerator)
        self.health = Health(
            self.params, self.progress, self.batches, job.folder / "not_finite", main
        )
        if checkpoint:
            self._restore(checkpoint)

    def run(self, stop: Stopping) -> None:
        """Go through the remaining steps: learn, log, validate, save."""
        params, progress = self.params, self.progress
        self._begin()
        workers = 4 if self.accelerator.device.type == "cuda" else 0
        batches = iterate(self.batches, progress.step, params.steps, workers)
        for batch in track(batches, params.steps - progress.step, self.job.stage):
            self._learn(batch.to(self.accelerator.device))
            progress.step += 1
            last, stopping = progress.step == params.steps, stop.agreed(self.accelerator)
            if progress.step % params.log_every == 0 or last:
                means = self.journal.average(progress.step, self._rate(progress.step - 1))
                self.health.watch(progress.step, means.get("train/loss"))
            if progress.step % params.validate_every == 0 or last:
                self._validate()
            if progress.step % params.checkpoint_every == 0 or last or stopping:
                self._save()
            if stopping:
                raise KeyboardInterrupt(f"stopped after step {progress.step}, which is saved")

    def finish(self, output: Path) -> None:
        """Hand over the best student, and record it."""
        if not self.accelerator.is_main_process:
            return
        hand_over(self.best, output, self.progress)
        self.tracker.tags({"model_sha256": sha256(output)})
        example, _ = next(central_crops(self.job.synthetic), (torch.rand(1, 3, 64, 64), None))
        self.tracker.model(output, example[..., :40, :64].repeat(2, 1, 1, 1).numpy())
        remove_checkpoints(self.checkpoints)

    def _begin(self) -> None:
        self.module.train()
        if self.accelerator.is_main_process:
            clear_after(self.job.folder, self.progress.step)
            log.info("%s learns by %s", self.job.stage, self.job.tags["objective"])
        self.journal.begin(self.progress.step)
        self.tracker.params(self.job.record)
        self.tracker.inputs(data_digests([*self.job.pairs, *self.job.real]))
        self.tracker.tags(self.job.tags)
        if self.job.teacher_sha256:
            self.tracker.link("teacher_run", model_sha256=self.job.teacher_sha256)

    def _learn(self, batch: Batch) -> None:
        """Take one optimizer step, unless the loss or its gradient has no finite value."""
        step, count = self.progress.step, self.params.batch.parts
        self._seed(self.params.seed * 1_000_003 + step)
        self.objective.done = step / self.params.steps
        sums: dict[str, Tensor] = {}
        for part, images in enumerate(batch.parts(count)):
            values = self._values(images, count, first=part == 0)
            loss = torch.stack(list(values.values())).sum()
            total = self.accelerator.reduce(loss.detach(), "sum")
            if not self.health.is_finite("loss", total, values):
                self.optimizer.zero_grad()
                return
            if step % self.params.probe_every == 0 and part == 0:
                self._probe(values)
            self.accelerator.backward(loss)
            sums = {name: sums.get(name, 0) + value.detach() for name, value in values.items()}
        clip = self.params.optimizer.clip or math.inf
        norm = self.accelerator.clip_grad_norm_(self.weights, clip)
        if not self.health.is_finite("gradient", norm, sums):
            self.optimizer.zero_grad()
            return
        self.health.is_well()
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate(step)
        self.optimizer.step()
        self.optimizer.zero_grad()
        terms = {f"train/term/{name}": value for name, value in sums.items()}
        self.journal.collect({"train/loss": torch.stack(list(sums.values())).sum(), **terms})

    def _seed(self, number: int) -> None:
        """Set the state of random numbers, of which terms may draw."""
        if self.accelerator.device.type == "cpu":
            # torch.manual_seed also notes the call stack for every kind of device that is absent.
            torch.default_generator.manual_seed(number)
        else:
            torch.manual_seed(number)

    def _values(self, batch: Batch, count: int, first: bool) -> dict[str, Tensor]:
        """Return the weighted terms of one of ``count`` parts of a step."""
        values = self.module(batch, self.teacher, first)
        return values if count == 1 else {name: value / count for name, value in values.items()}

    def _rate(self, step: int) -> float:
        schedule, base = self.params.schedule, self.params.optimizer.lr
        return learning_rate(schedule, base, step, self.params.steps, self.progress.scores)

    def _probe(self, values: Mapping[str, Tensor]) -> None:
        """Log each term's share of the gradient."""
        started = {term.name: values[term.name] for term in self.objective.started}
        step, shares = self.progress.step + 1, gradient_shares(started, self.weights)
        self.journal.record(step, {f"train/grad_share/{n}": share for n, share in shares.items()})
        self.health.watch_shares(step, shares)

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
            progress.best_sha256 = sha256(self.best)

    def _save(self) -> None:
        if self.accelerator.is_main_process:
            tensors = collect(self.job.student, self.objective, self.optimizer, self.journal)
            what = self.job.identity, self.progress, tensors, self.best
            save_checkpoint(self.checkpoints, *what)

    def _restore(self, checkpoint: Checkpoint) -> None:
        """Go back to the state of a checkpoint."""
        student, tensors = self.job.student, checkpoint.tensors
        restore(tensors, student, self.objective, self.optimizer, self.journal)
        if checkpoint.best is not None and self.accelerator.is_main_process:
            with atomic_write(self.best) as partial:
                copy_best(checkpoint.best, partial, self.progress)
        log.info("%s goes on after step %d", self.job.stage, self.progress.step)
