#!/usr/bin/env bash
# timm: sched="poly" keeps four fifths of the rate until the last epoch; its power is decay_rate
#
# Believed: create_scheduler_v2(sched="poly") is the schedule of segmentation, (1 - t / T) ** 0.9, or,
#   with PolyLRScheduler's own default, ** 0.5; both approach min_lr.
# Found: it passes decay_rate, 0.1 by default and meant for steps, as the power. The rate is 0.93 of the
#   first half way, 0.79 in the last of ten epochs, and min_lr only after the last. To have the usual
#   schedule, say decay_rate=0.9, which makes "step" a schedule that hardly falls.
# Source: timm/scheduler/scheduler_factory.py, "overloading 'decay_rate' as polynomial power".
#
# Run on 2026-11-28, Python 3.11.7, timm 1.0.31, torch 2.15.0, torchvision 0.29.2. Output:
#   create_scheduler_v2 1.00 0.99 0.98 0.96 0.95 0.93 0.91 0.89 0.85 0.79
#   decay_rate=0.9      1.00 0.91 0.82 0.73 0.63 0.54 0.44 0.34 0.23 0.13
#   PolyLRScheduler     1.00 0.95 0.89 0.84 0.77 0.71 0.63 0.55 0.45 0.32
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python timm==1.0.31 torch==2.15.0 torchvision==0.29.2
venv/bin/python - <<'EOF'
import torch
from timm.scheduler import PolyLRScheduler, create_scheduler_v2


def rates(scheduled) -> list[float]:
    """Return the rates of ten epochs, the first of which is 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = scheduled(optimizer)
    found = []
    for epoch in range(10):
        found.append(optimizer.param_groups[0]["lr"])
        scheduler.step(epoch + 1)
    return found


common = {"sched": "poly", "num_epochs": 10, "min_lr": 0.0, "warmup_epochs": 0}
found = {
    "create_scheduler_v2": rates(lambda o: create_scheduler_v2(o, **common)[0]),
    "decay_rate=0.9": rates(lambda o: create_scheduler_v2(o, decay_rate=0.9, **common)[0]),
    "PolyLRScheduler": rates(lambda o: PolyLRScheduler(o, t_initial=10)),
}
for name, values in found.items():
    print(f"{name:20}" + " ".join(f"{x:.2f}" for x in values))
assert abs(found["create_scheduler_v2"][9] - 0.1**0.1) < 1e-6
assert abs(found["decay_rate=0.9"][9] - 0.1**0.9) < 1e-6
assert abs(found["PolyLRScheduler"][9] - 0.1**0.5) < 1e-6
EOF
