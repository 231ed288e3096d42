#!/usr/bin/env bash
# lpips: a network that holds LPIPS as its loss trains the loss, and sets its dropout going
#
# Believed: lpips.LPIPS() is a fixed measure. It is made in evaluation mode, and its trunk is frozen,
#   so it may be an attribute of the module that is trained, as losses are in Lightning.
# Found: its linear heads (1,152 weights for "alex") ask for gradients. An optimizer of
#   module.parameters() learns them as well: the distance of two images that nobody changes falls to
#   0 and below. And module.train() reaches the dropout before the heads: each call then gives
#   another value, by several percent. requires_grad_(False) stops the first, and a train() that
#   does nothing the second (use_dropout=False does more, see lpips_without_dropout_is_random.sh).
#   The loss of ssid is kept from both.
# Source: lpips/lpips.py, LPIPS.__init__ (requires_grad is taken from the trunk alone) and NetLinLayer.
#
# Run on 2026-11-29, Python 3.11.7, lpips 0.1.4, torch 2.15.0, torchvision 0.29.2. Output:
#   weights that are learned 1152
#   distance of two images   0.090, after 300 steps -0.430
#   values in evaluation     1 of 8 calls
#   values after train()     64 of 64 calls, spread 3%
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python lpips==0.1.4 torch==2.15.0 torchvision==0.29.2 numpy==2.4.6
venv/bin/python -W ignore - <<'EOF'
import lpips
import torch
from torch import nn

torch.manual_seed(0)


class Trained(nn.Module):
    """A network and its loss; the trunk of the loss is random, as its weights are a download."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Conv2d(3, 3, 1)
        self.loss = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)


module = Trained()
first, second = (torch.rand(1, 3, 64, 64) * 2 - 1 for _ in range(2))
learned = sum(p.numel() for p in module.loss.parameters() if p.requires_grad)
steady = {module.loss(first, second).item() for _ in range(8)}
optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
distances = []
for _ in range(300):
    distance = module.loss(first, second)
    optimizer.zero_grad()
    distance.backward()
    optimizer.step()
    distances.append(distance.item())
print(f"weights that are learned {learned}")
print(f"distance of two images   {distances[0]:.3f}, after 300 steps {distances[-1]:.3f}")
assert learned == 1152 and distances[0] > 0.05 and distances[-1] < 0

module = Trained().train()
values = torch.tensor([module.loss(first, second).item() for _ in range(64)])
spread = (values.std() / values.mean()).item()
print(f"values in evaluation     {len(steady)} of 8 calls")
print(f"values after train()     {len(set(values.tolist()))} of 64 calls, spread {spread:.0%}")
assert len(steady) == 1 and len(set(values.tolist())) > 32 and spread > 0.005
EOF
