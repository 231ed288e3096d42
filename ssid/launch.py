"""Stages that several processes work on together, on one machine."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable
from types import FrameType

from ssid.entry import reporting, run
from ssid.errors import UserError

PROCESSES = "SSID_PROCESSES"
"""Environment variable with the number of processes."""
PATIENCE = 300
"""Seconds in which processes that were asked to stop finish their step, before they are killed."""
INTERRUPTED = 130
"""Exit status of a process that was asked to stop."""


def run_together(main: Callable[..., None]) -> None:
    """Call the entry point of a stage, in as many processes as SSID_PROCESSES says.

    Each of them runs the same module; those that a launcher has started start no others.
    """
    if "RANK" in os.environ:
        run(main)
        return
    with reporting():
        count = processes_wanted()
        if count > 1:
            launch(main.__globals__["__spec__"].name, sys.argv[1:], count)
    if count == 1:
        run(main)


def processes_wanted() -> int:
    """Return the number of processes that SSID_PROCESSES asks for, 1 without it.

    Raises:
        UserError: if it is no number of processes that this machine can run.
    """
    text = os.environ.get(PROCESSES, "1")
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise UserError(f"{PROCESSES}: found {text!r}; set a number of processes from 1 to 1024.")
    return int(text)


def launch(module: str, arguments: Iterable[str], count: int) -> None:
    """Run a module in processes that know each other, until all have ended.

    Once one of them fails or is killed, the others are asked to stop.

    Args:
        module: name of the module.
        arguments: words of its command line.
        count: number of processes: one for each GPU at most, if there are any.

    Raises:
        UserError: if a process fails; says which, and how.
        KeyboardInterrupt: if this process was asked to stop; the others have by then.
    """
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    prepare_environment(count)
    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)  # we say it ourselves
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id="ssid",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
        max_restarts=0,
        signals_to_handle="SIGHUP,SIGQUIT",
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    try:
        elastic_launch(config, sys.executable)("-m", module, *arguments)
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        if failure.exitcode == INTERRUPTED:
            raise KeyboardInterrupt(f"all {count} processes have stopped") from error
        raise UserError(explain(rank, count, failure.exitcode)) from error


def pass_on(number: int, frame: FrameType | None) -> None:
    """Hand a signal to the processes, which end in their own way, and this one after them.

    PyTorch's agent would wait for them after a second Ctrl-C as after the first.
    """
    import psutil

    children = psutil.Process().children()
    if not children:
        raise KeyboardInterrupt
    for child in children:
        child.send_signal(number)


def prepare_environment(count: int) -> None:
    """Tell the processes what they compute with: a GPU each, or a share of the cores.

    Raises:
        UserError: if there are fewer GPUs than processes.
    """
    import torch

    gpus = torch.cuda.device_count()
    if 0 < gpus < count:
        raise UserError(
            f"{PROCESSES} is {count}, and this machine has {gpus} GPU(s): set {gpus} at most, or"
            " CUDA_VISIBLE_DEVICES= to compute on the processor."
        )
    if gpus == 0:
        os.environ["ACCELERATE_USE_CPU"] = "true"
    threads = max(1, len(os.sched_getaffinity(0)) // count)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", str(PATIENCE))


def explain(rank: int, count: int, status: int) -> str:
    """Return what it means that one of the processes ended with an exit status."""
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else "failed, as said above"
    hint = " Perhaps memory ran out." if status == -signal.SIGKILL else ""
    return (
        f"process {rank} of {count} {how}, and the others were stopped.{hint}"
        " The same command goes on from the last checkpoint."
    )
