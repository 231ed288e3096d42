#!/usr/bin/env bash
# torch DataLoader: workers draw different numbers from np.random, equal ones from a generator of your own
#
# Believed: np.random repeats in every worker (the well-known bug), and a np.random.default_rng
#   kept by the data set is the modern cure.
# Found: the other way round. Workers seed numpy's global generator, each its own. A generator
#   that is an attribute is copied to every worker and, as workers start anew each epoch, repeats
#   in all epochs as well: crops and rain come in equal pairs, and the second epoch shows the
#   first one's again.
# Source: torch/utils/data/_utils/worker.py seeds numpy since 1.9.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, numpy 2.4.6. Output:
#   torch 2.15.0, numpy 2.4.6: two epochs of 8, two workers
#   different numbers: np.random 16, own generator 4
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset


class Draws(Dataset):
    def __init__(self):
        self.own = np.random.default_rng(0)

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return np.random.randint(10**9), int(self.own.integers(10**9))


torch.manual_seed(0)
loader = DataLoader(Draws(), num_workers=2)
epochs = [[(int(a), int(b)) for a, b in loader] for _ in range(2)]
shared = {a for epoch in epochs for a, _ in epoch}
own = {b for epoch in epochs for _, b in epoch}
print(f"torch {torch.__version__.split('+')[0]}, numpy {np.__version__}: two epochs of 8, two workers")
print(f"different numbers: np.random {len(shared)}, own generator {len(own)}")
assert len(shared) == 16 and len(own) == 4
EOF
