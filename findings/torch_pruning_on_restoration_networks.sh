#!/usr/bin/env bash
# torch-pruning: recurrent, half-normalised and upsampling networks cannot be pruned
#
# Believed: the dependency graph follows any network that torch can differentiate, as it does
#   ResNets.
# Found: residual blocks with channel attention work, and so does a gate of two halves (x1 * x2,
#   as in NAFNet). Instance norm on half of the channels (HINet), a recurrent state joined to
#   features (PReNet) and pixel shuffle end in an IndexError.
#
# Run on 2026-11-28, Python 3.11.7, torch-pruning 1.6.1, torch 2.15.0, numpy 2.4.6. Output:
#   torch-pruning 1.6.0, half of the channels asked for: {'attention': '29% kept', 'gate': '7% kept', 'half norm': 'IndexError', 'recurrent': 'IndexError', 'pixel shuffle': 'IndexError'}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch-pruning==1.6.1 torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import warnings

warnings.simplefilter("ignore")
import torch
import torch.nn.functional as F
import torch_pruning
from torch import nn


def conv(a: int, b: int) -> nn.Conv2d:
    return nn.Conv2d(a, b, 3, padding=1)


class Network(nn.Module):
    def __init__(self, middle: int, out: int, body):
        super().__init__()
        self.head, self.middle, self.tail, self.body = conv(3, 16), conv(*middle), conv(out, 3), body
        self.norm, self.squeeze = nn.InstanceNorm2d(8, affine=True), nn.Conv2d(16, 16, 1)

    def forward(self, x):
        return self.tail(self.body(self, self.head(x)))


def attention(n, y):
    return y + n.middle(y) * n.squeeze(F.adaptive_avg_pool2d(y, 1)).sigmoid()


def gate(n, y):
    a, b = n.middle(y).chunk(2, 1)
    return a * b


def half_norm(n, y):
    a, b = y.chunk(2, 1)
    return y + n.middle(torch.cat([n.norm(a), b], 1))


def recurrent(n, y):
    state = torch.zeros_like(y)
    for _ in range(2):
        state = n.middle(torch.cat([y, state], 1)).tanh()
    return state


networks = {"attention": ((16, 16), 16, attention), "gate": ((16, 32), 16, gate),
            "half norm": ((16, 16), 16, half_norm), "recurrent": ((32, 16), 16, recurrent),
            "pixel shuffle": ((16, 64), 16, lambda n, y: F.pixel_shuffle(n.middle(y), 2))}


def kept(network: nn.Module) -> str:
    x, size = torch.rand(1, 3, 32, 32), lambda: sum(p.numel() for p in network.head.parameters()) + sum(
        p.numel() for p in network.middle.parameters())
    whole, importance = size(), torch_pruning.importance.MagnitudeImportance(p=1)
    try:
        torch_pruning.pruner.BasePruner(
            network, x, importance=importance, pruning_ratio=0.5, ignored_layers=[network.tail]).step()
        network(x)
    except (IndexError, RuntimeError) as error:
        return type(error).__name__
    return f"{size() / whole:.0%} kept"


found = {name: kept(Network(*parts).eval()) for name, parts in networks.items()}
print(f"torch-pruning {torch_pruning.__version__}, half of the channels asked for: {found}")
assert found["attention"].endswith("kept") and found["gate"].endswith("kept")
assert set(list(found.values())[2:]) == {"IndexError"}
EOF
