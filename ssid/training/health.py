"""Numbers that go wrong in a run: seen, named, and in the end a reason to give up."""

import logging
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from ssid.errors import UserError
from ssid.files import write_json
from ssid.objective.objective import dead_terms
from ssid.training.batches import Batches
from ssid.training.checkpoint import Progress
from ssid.training.params import TrainingParams

PATIENCE_FOR_NANS = 10
"""Consecutive steps without a finite loss or gradient after which a run gives up."""
EXPLODING = 10.0
"""Times its usual value that the mean loss of an interval may reach before it is warned of."""
REMEMBERED = 0.9
"""Share of the usual loss that stays when the mean of another interval is taken into it."""

log = logging.getLogger(__name__)


class Health:
    """Watches the loss of a run.

    Args:
        params: params of the run.
        progress: progress of the run; what is seen is noted there.
        batches: tell which samples a step had.
        folder: folder for ``step-XXXXXXXX.json`` with those of each step that was skipped.
        active: flag that says whether this process writes; only the main one does.
    """

    def __init__(
        self,
        params: TrainingParams,
        progress: Progress,
        batches: Batches,
        folder: Path,
        active: bool,
    ) -> None:
        self.params, self.progress, self.batches = params, progress, batches
        self.folder, self.active = folder, active
        self._in_a_row = 0

    def is_finite(self, what: str, number: Tensor, values: Mapping[str, Tensor]) -> bool:
        """Return whether the loss, or the norm of its gradient, has a value; note it if not.

        Args:
            what: ``loss`` or ``gradient``.
            number: number that is the same on all processes.
            values: values of the terms.

        Raises:
            UserError: if it had none for :data:`PATIENCE_FOR_NANS` steps in a row.
        """
        if bool(number.isfinite()):
            return True
        self._in_a_row += 1
        self.progress.skipped += 1
        found = ", ".join(f"{name} = {value.item():.3g}" for name, value in values.items())
        self._note(what, values, found)
        if self._in_a_row == PATIENCE_FOR_NANS:
            raise UserError(
                f"{PATIENCE_FOR_NANS} steps in a row had no finite {what} ({found})."
                f" Lower optimizer.lr (now {self.params.optimizer.lr}), set optimizer.clip, or"
                " take the term that is not finite out of the objective."
                f" {self.folder} names the samples of these steps."
            )
        return False

    def is_well(self) -> None:
        """Note that a step was taken."""
        self._in_a_row = 0

    def watch(self, step: int, loss: float | None) -> None:
        """Warn of the mean loss of an interval that is far above those before it."""
        if loss is None:
            return
        usual = self.progress.usual_loss
        if usual is not None and loss > EXPLODING * usual > 0:
            log.warning(
                "step %d: the loss is %.3g, and was %.3g until now. If it does not come down"
                " again, lower optimizer.lr (now %g) or set optimizer.clip.",
                *(step, loss, usual, self.params.optimizer.lr),
            )
        before = loss if usual is None else usual
        self.progress.usual_loss = REMEMBERED * before + (1 - REMEMBERED) * loss

    def watch_shares(self, step: int, shares: Mapping[str, float]) -> None:
        """Warn of terms that have no share of the gradient."""
        for name in dead_terms(shares):
            log.warning(
                "step %d: term %r has %.1e of the gradient, so it changes nothing."
                " Raise its weight or remove it.",
                *(step, name, shares[name]),
            )

    def _note(self, what: str, values: Mapping[str, Tensor], found: str) -> None:
        """Save and name the samples of the step that is skipped."""
        step = self.progress.step
        samples = self.batches.samples(step)
        names = ", ".join(f"{sample['set']}/{sample['image']}" for sample in samples)
        log.warning(
            "step %d is skipped, its %s is not finite: %s; its samples: %s",
            *(step, what, found, names),
        )
        if self.active:
            terms = {name: str(value.item()) for name, value in values.items()}
            content = {"step": step, "not finite": what, "terms": terms, "samples": samples}
            write_json(self.folder / f"step-{step:08d}.json", content)
