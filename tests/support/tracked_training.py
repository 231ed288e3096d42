"""Train a tiny student: python -m support.tracked_training RUN PREPARED TEACHER URI STEPS.

In as many processes as SSID_PROCESSES says. URI may be ``-``, CHANGES holds changes of parameters
as JSON. Every step is held for the seconds in PAUSE, the step HOLD until there is a file ``go on``,
the step HOLD_UNTIL_ASKED until the run is asked to stop: it lasts long enough for what is to happen
to it. Each process leaves a digest of its weights in ``weights-RANK.txt``.
"""

import hashlib
import json
import os
import time
from pathlib import Path
from threading import Event

import torch

from ssid.launch import run_together
from ssid.training.batches import Batches
from ssid.training.interruption import Stopping
from ssid.training.loop import train
from support.training_runs import Run

OFTEN = {"checkpoint_every": 3, "log_every": 1, "validate_every": 4}


def main(folder: str, prepared: str, teacher: str, uri: str, steps: str) -> None:
    pause, hold = float(os.environ.get("PAUSE", "0")), os.environ.get("HOLD")
    until_asked, asked = os.environ.get("HOLD_UNTIL_ASKED"), Event()
    load, ask = Batches.__getitem__, Stopping.ask

    def load_slowly(self: Batches, step: int) -> object:
        time.sleep(pause)
        while hold and step == int(hold) and not Path("go on").exists():
            time.sleep(0.1)
        while until_asked and step == int(until_asked) and not asked.is_set():
            time.sleep(0.1)
        return load(self, step)

    def ask_and_note(self: Stopping, *signal: object) -> None:
        asked.set()
        ask(self, *signal)

    Batches.__getitem__, Stopping.ask = load_slowly, ask_and_note
    torch.set_num_threads(1)
    run = Run(Path(folder), Path(prepared), Path(teacher), None if uri == "-" else uri)
    changes = {**OFTEN, "steps": int(steps), **json.loads(os.environ.get("CHANGES", "{}"))}
    job = run.job(**changes)
    train(job, run.output)
    weights = b"".join(tensor.numpy().tobytes() for tensor in job.student.state_dict().values())
    digest = hashlib.sha256(weights).hexdigest()
    (run.folder / f"weights-{os.environ.get('RANK', 0)}.txt").write_text(digest)


if __name__ == "__main__":
    run_together(main)
