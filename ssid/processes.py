"""Several processes that train together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor

from ssid.errors import UserError

LOST = ("gloo", "NCCL", "Connection closed", "Connection reset", "Broken pipe", "Timed out")
"""Words in what PyTorch says when another process is gone."""


@contextmanager
def together(accelerator: Accelerator) -> Iterator[None]:
    """Say in words that another process of the run is gone, where PyTorch ends in a traceback."""
    try:
        yield
    except RuntimeError as error:
        if accelerator.num_processes == 1 or not any(word in str(error) for word in LOST):
            raise
        raise UserError(
            f"process {accelerator.process_index} of {accelerator.num_processes} stops, as another"
            " process of this training is gone: look for what it said before, or whether memory"
            " ran out. The same command goes on from the last checkpoint."
        ) from error


def check_start(accelerator: Accelerator, step: int, folder: Path) -> None:
    """Check that all processes go on after the same step.

    Args:
        accelerator: accelerator of this process.
        step: step that this process has found.
        folder: folder of the run, for the message.

    Raises:
        UserError: if they do not; on machines that share no files, most of them would begin anew.
    """
    steps = gather_object([step])
    if len(set(steps)) > 1:
        raise UserError(
            f"the processes of this training would go on after steps {steps}, as they do not find"
            f" the same checkpoints in {folder}: put it on a disk that all of the machines share."
        )


def mean_over(accelerator: Accelerator) -> Callable[[Tensor], Tensor] | None:
    """Return what gives the mean of a tensor over all processes, or None where there is one."""
    if accelerator.num_processes == 1:
        return None
    return lambda tensor: accelerator.reduce(tensor, "mean")
