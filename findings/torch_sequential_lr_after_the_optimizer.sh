#!/usr/bin/env bash
# torch: resuming with SequentialLR is wrong for good if the optimizer's state is loaded first
#
# Believed: load_state_dict of a schedule brings its rates back, whether it was made before or after
#   the optimizer's state was loaded, as it is with CosineAnnealingLR alone.
# Found: making a SequentialLR, or a ChainedScheduler, of a LinearLR warm-up sets the optimizer's rate
#   to the warm-up's first one. Loading its state does not set it back, and the cosine goes on from
#   the rate that it finds: all the rest is trained at a fraction of the rate, in silence. Load the
#   optimizer's state last.
# Source: torch.optim.lr_scheduler.SequentialLR.__init__ and the recursive form of get_lr.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, numpy 2.4.6. Output:
#   rates of steps 6 to 9: uninterrupted; schedule made first; made after the optimizer's state
#   cosine     [0.5, 0.371, 0.25, 0.146] [0.5, 0.371, 0.25, 0.146] [0.5, 0.371, 0.25, 0.146]
#   sequential [0.75, 0.587, 0.413, 0.25] [0.75, 0.587, 0.413, 0.25] [0.1, 0.078, 0.055, 0.033]
#   chained    [0.5, 0.371, 0.25, 0.146] [0.5, 0.371, 0.25, 0.146] [0.05, 0.037, 0.025, 0.015]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import copy

import torch
from torch.optim.lr_scheduler import ChainedScheduler, CosineAnnealingLR, LinearLR, SequentialLR

SCHEDULES = {
    "cosine": lambda o: CosineAnnealingLR(o, 12),
    "sequential": lambda o: SequentialLR(o, [LinearLR(o, 0.1, 1, 3), CosineAnnealingLR(o, 9)], [3]),
    "chained": lambda o: ChainedScheduler([LinearLR(o, 0.1, 1, 3), CosineAnnealingLR(o, 12)]),
}


def new_optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def rates(optimizer, schedule, steps: int) -> list[float]:
    found = []
    for _ in range(steps):
        found.append(round(optimizer.param_groups[0]["lr"], 3))
        optimizer.step()
        schedule.step()
    return found


print("rates of steps 6 to 9: uninterrupted; schedule made first; made after the optimizer's state")
for name, make in SCHEDULES.items():
    optimizer = new_optimizer()
    schedule = make(optimizer)
    rates(optimizer, schedule, 6)
    saved = copy.deepcopy((optimizer.state_dict(), schedule.state_dict()))
    found = [rates(optimizer, schedule, 4)]
    for first in (True, False):
        optimizer = new_optimizer()
        if first:
            schedule = make(optimizer)
        optimizer.load_state_dict(saved[0])
        if not first:
            schedule = make(optimizer)
        schedule.load_state_dict(saved[1])
        found.append(rates(optimizer, schedule, 4))
    print(f"{name:10}", *found)
    assert found[1] == found[0]
    if name == "cosine":
        assert found[2] == found[0]
    else:
        assert all(0 < late < 0.2 * right for late, right in zip(found[2], found[0], strict=True))
EOF
