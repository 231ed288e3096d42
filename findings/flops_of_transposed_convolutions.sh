#!/usr/bin/env bash
# thop, torchinfo, torch-pruning, ptflops: MACs of an upsampling network are four times too many, or 0
#
# Believed: tools that count multiply-accumulates differ in what they say of norms, activations and
#   biases, a few percent, and agree on convolutions and matrix products.
# Found: of a transposed convolution of stride 2 thop, torchinfo and torch-pruning take the kernel
#   once for each output pixel, four times what is computed; fvcore, ptflops and torch do not. A
#   product written `a @ b` is nothing to these three and to ptflops (which sees torch.bmm), and
#   neither is functional.conv2d: they look at modules. The share of MACs that pruning is said to
#   have left so hangs on the tool, where a network goes up by transposed convolutions.
# Source: the tools' counts, run as below; each convention is the tool's own.
#
# Run on 2026-11-28, Python 3.11.7, thop 0.1.1.post2209072238, torchinfo 1.8.0, torch-pruning 1.6.1,
# ptflops 0.7.5, fvcore 0.1.5.post20221221, torch 2.15.0, torchvision 0.29.2, numpy 2.4.6. Output:
#   counted / right          torch        fvcore       ptflops          thop     torchinfo torch-pruning
#   Conv2d                     1.0           1.0           1.0           1.0           1.0           1.0
#   ConvTranspose2d            1.0           1.0           1.0           4.0           4.0           4.0
#   conv2d                     1.0           1.0           0.0           0.0           0.0           0.0
#   a @ b                      1.0           1.0           0.0           0.0           0.0           0.0
#   bmm(a, b)                  1.0           1.0           1.0           0.0           0.0           0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python thop==0.1.1.post2209072238 torchinfo==1.8.0 \
  torch-pruning==1.6.1 ptflops==0.7.5 fvcore==0.1.5.post20221221 torch==2.15.0 torchvision==0.29.2 \
  numpy==2.4.6
venv/bin/python -W ignore - <<'EOF'
import copy

import ptflops
import thop
import torch
import torch_pruning
import torchinfo
from fvcore.nn import FlopCountAnalysis
from torch.utils.flop_counter import FlopCounterMode

SHAPE = (1, 16, 32, 32)


class Network(torch.nn.Module):
    def __init__(self, call, *layers: torch.nn.Module) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)
        self.call = call

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.call(self.layers, x)


def by_torch(network: torch.nn.Module, x: torch.Tensor) -> float:
    with FlopCounterMode(display=False) as counter:
        network(x)
    return counter.get_total_flops() / 2


def by_fvcore(network: torch.nn.Module, x: torch.Tensor) -> float:
    return FlopCountAnalysis(network, x).unsupported_ops_warnings(False).total()


def by_ptflops(network: torch.nn.Module, x: torch.Tensor) -> float:
    return ptflops.get_model_complexity_info(
        network, SHAPE[1:], as_strings=False, print_per_layer_stat=False, backend="pytorch")[0]


TOOLS = {
    "torch": by_torch,
    "fvcore": by_fvcore,
    "ptflops": by_ptflops,
    "thop": lambda network, x: thop.profile(network, (x,), verbose=False)[0],
    "torchinfo": lambda network, x: torchinfo.summary(network, input_data=x, verbose=0).total_mult_adds,
    "torch-pruning": lambda network, x: torch_pruning.utils.count_ops_and_params(network, x)[0],
}
pixels = 32 * 32
convolution = torch.nn.Conv2d(16, 16, 3, padding=1, bias=False)
up = torch.nn.ConvTranspose2d(16, 16, 2, stride=2, bias=False)
CASES = {
    "Conv2d": (Network(lambda m, x: m[0](x), convolution), 9 * 256 * pixels),
    "ConvTranspose2d": (Network(lambda m, x: m[0](x), up), 4 * 256 * pixels),
    "conv2d": (Network(lambda m, x: torch.nn.functional.conv2d(x, m[0].weight, padding=1),
                       convolution), 9 * 256 * pixels),
    "a @ b": (Network(lambda m, x: x.flatten(2) @ x.flatten(2).transpose(1, 2)), 256 * pixels),
    "bmm(a, b)": (Network(lambda m, x: torch.bmm(x.flatten(2), x.flatten(2).transpose(1, 2))),
                  256 * pixels),
}
print("counted / right  " + " ".join(f"{tool:>13}" for tool in TOOLS))
shares = {}
for case, (network, right) in CASES.items():
    with torch.no_grad():
        for tool, count in TOOLS.items():
            operations = count(copy.deepcopy(network).eval(), torch.rand(SHAPE))
            shares[case, tool] = round(operations / right, 2)
    print(f"{case:16} " + " ".join(f"{shares[case, tool]:13}" for tool in TOOLS))
modules_only = ("thop", "torchinfo", "torch-pruning")
for tool in TOOLS:
    assert shares["Conv2d", tool] == 1
    assert shares["ConvTranspose2d", tool] == (4 if tool in modules_only else 1)
    sees_all = tool in ("torch", "fvcore")
    assert shares["a @ b", tool] == shares["conv2d", tool] == sees_all
    assert shares["bmm(a, b)", tool] == (tool not in modules_only)
EOF
