#!/usr/bin/env bash
# accelerate: the last, shorter accumulation of an epoch has too small a gradient
#
# Believed: each optimizer step uses the mean gradient of the batches that were accumulated for
#   it.
# Found: every batch's loss is divided by gradient_accumulation_steps, also where an epoch ends
#   early: of 10 batches by 4 the last step gets two batches' sum divided by 4, half the mean.
#   Adam hides it, SGD and gradient clipping do not. Use a multiple, or a loader that never ends.
# Source: Accelerator.backward divides; the loader's end forces the step.
#
# Run on 2026-11-28, Python 3.11.7, accelerate 1.15.0, torch 2.15.0, numpy 2.4.6. Output:
#   accelerate 1.15.0: 10 batches of gradient 1, accumulated by 4: [1.0, 1.0, 0.5]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  accelerate==1.15.0 torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import accelerate
import torch
from torch.utils.data import DataLoader, TensorDataset

accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=4)
network = torch.nn.Linear(1, 1, bias=False)
optimizer = torch.optim.SGD(network.parameters(), lr=0.0)
loader = DataLoader(TensorDataset(torch.ones(10, 1)), batch_size=1)
network, optimizer, loader = accelerator.prepare(network, optimizer, loader)
gradients = []
for (batch,) in loader:
    with accelerator.accumulate(network):
        accelerator.backward(network(batch).mean())  # each batch's gradient is 1
        if accelerator.sync_gradients:
            gradients.append(network.weight.grad.item())
        optimizer.step()
        optimizer.zero_grad()
print(f"accelerate {accelerate.__version__}: 10 batches of gradient 1, accumulated by 4: {gradients}")
assert gradients == [1.0, 1.0, 0.5]
EOF
