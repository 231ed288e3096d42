"""Train a tiny student in a process of its own: tracked_training.py RUN PREPARED TEACHER URI STEPS.

URI may be ``-``. Every step is held for the seconds in PAUSE, and the step HOLD until there is a
file ``go on``, so that a run lasts long enough for what is to happen to it.
"""

import os
import sys
import time
from pathlib import Path

import torch

from ssid.entry import reporting
from ssid.training.batches import Batches
from support.training_runs import Run


def main(folder: str, prepared: str, teacher: str, uri: str, steps: str) -> None:
    pause, hold = float(os.environ.get("PAUSE", "0")), os.environ.get("HOLD")
    load = Batches.__getitem__

    def load_slowly(self: Batches, step: int) -> object:
        time.sleep(pause)
        while hold and step == int(hold) and not Path("go on").exists():
            time.sleep(0.1)
        return load(self, step)

    Batches.__getitem__ = load_slowly
    torch.set_num_threads(1)
    run = Run(Path(folder), Path(prepared), Path(teacher), None if uri == "-" else uri)
    run.train(steps=int(steps), checkpoint_every=3, log_every=1, validate_every=4)


if __name__ == "__main__":
    with reporting():
        main(*sys.argv[1:])
