"""The process that sends records to MLflow while a run goes on.

It is a process of its own so that neither a slow store nor a dead one costs the run any time. It
learns from its standard input, which ends when the run does, that nothing will follow; whatever a
killed run left is sent, too. ``python -m ssid.tracking SPOOL RUNS`` starts it.
"""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread
from time import sleep

from ssid.tracking.delivery import Post, waiting
from ssid.tracking.spool import Spool, last_state, spools
from ssid.tracking.store import reason_of

PAUSE = 1.0
"""Seconds between two passes: what comes in between is sent together."""
LONGEST_PAUSE = 60.0
"""Seconds to which the pause doubles while the store cannot be reached."""
LAST_ATTEMPTS = 3
"""Attempts that follow the end of the run, while the store cannot be reached."""

log = logging.getLogger("ssid.tracking")


def start(spool: Path, runs: Path) -> "subprocess.Popen[bytes]":
    """Start the process for a run whose records are in ``spool``."""
    command = [sys.executable, "-m", "ssid.tracking", str(spool), str(runs)]
    # A session of its own: Ctrl-C is for the run, which then ends this process.
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )


def all_spools(runs: Path) -> list[Path]:
    """Return the spools of all runs of a project, oldest first."""
    found = [spool for folder in runs.glob("*/tracking") for spool in spools(folder)]
    return sorted(found, key=lambda path: path.name)


def main(spool: Path, runs: Path) -> int:
    """Send records until the run ends, after those of earlier runs; return 0 if all are sent.

    Args:
        spool: spool of the run.
        runs: folder of all runs of the project.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    over, post, pause, warned, attempts = _end_of_input(), Post(), PAUSE, False, 0
    while True:
        last = over.is_set()
        attempts += last
        if last and spool.is_dir() and last_state(spool) == "RUNNING":
            Spool(spool).status("KILLED")
        failed = post.deliver(all_spools(runs))
        if failed and not warned:
            for uri, error in failed.items():
                log.warning("%s", explain(uri, error))
        warned, pause = bool(failed), min(2 * pause, LONGEST_PAUSE) if failed else PAUSE
        if last and (not failed or attempts == LAST_ATTEMPTS):
            return int(spool.is_dir() and waiting(spool) > 0)
        if last:
            sleep(PAUSE)
        else:
            over.wait(pause)


def explain(uri: str, error: Exception) -> str:
    """Return what it means that a store cannot be reached, in one line."""
    reason = reason_of(error)[:200]
    return (
        f"MLflow ({uri}) cannot be reached, training goes on; its records are kept and sent later:"
        f" {reason}"
    )


def _end_of_input() -> Event:
    """Return an event that is set when the run has ended, however it did."""
    over = Event()

    def watch() -> None:
        sys.stdin.buffer.read()
        # Whoever reads what the run says must not wait for this process, too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        over.set()

    Thread(target=watch, daemon=True).start()
    return over
