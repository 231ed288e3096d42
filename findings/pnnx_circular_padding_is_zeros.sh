#!/usr/bin/env bash
# pnnx: circular padding, as of panoramas, is zeros in the ncnn network
#
# Believed: ncnn has no circular padding, so pnnx leaves the padding under its torch name, and the
#   network cannot be loaded; a border of zeros is not written instead.
# Found: it is: Conv2d(padding_mode="circular") with a line "unsupported padding_mode circular" in
#   the log, F.pad(mode="circular") without a word. pnnx ends with 0 either way. Within the border
#   all is right; reflect and replicate are right everywhere.
# Source: pnnx NAME.pt inputshape=..., run as below.
#
# Run on 2026-11-29, Python 3.11.7, pnnx 20261020, ncnn 1.0.20261020, torch 2.15.0, numpy 2.4.6. Output:
#   largest error    everywhere  within the border  said
#   reflect   Conv2d       0.00               0.00  -
#   reflect   pad          0.00               0.00  -
#   replicate Conv2d       0.00               0.00  -
#   replicate pad          0.00               0.00  -
#   circular  Conv2d       0.61               0.00  unsupported
#   circular  pad          0.46               0.00  -
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  pnnx==20261020 ncnn==1.0.20261020 torch==2.15.0 numpy==2.4.6
venv/bin/python -W ignore - <<'EOF'
import subprocess

import ncnn
import numpy as np
import torch

torch.manual_seed(0)


class Padded(torch.nn.Module):
    def __init__(self, mode: str, by_convolution: bool) -> None:
        super().__init__()
        self.mode = "constant" if by_convolution else mode
        own = {"padding": 1, "padding_mode": mode} if by_convolution else {}
        self.border = 0 if by_convolution else 1
        self.convolution = torch.nn.Conv2d(3, 4, 3, **own)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.border:
            x = torch.nn.functional.pad(x, (1, 1, 1, 1), mode=self.mode)
        return self.convolution(x)


x = torch.rand(1, 3, 16, 24)
print("largest error    everywhere  within the border  said")
for mode in ("reflect", "replicate", "circular"):
    for by_convolution in (True, False):
        network = Padded(mode, by_convolution).eval()
        torch.jit.trace(network, x).save("net.pt")
        command = ["venv/bin/pnnx", "net.pt", "inputshape=[1,3,16,24]", "fp16=0"]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        with ncnn.Net() as net:
            net.load_param("net.ncnn.param")
            net.load_model("net.ncnn.bin")
            with net.create_extractor() as extractor:
                extractor.input("in0", ncnn.Mat(x[0].numpy()).clone())
                got = np.array(extractor.extract("out0")[1])
        with torch.no_grad():
            right = network(x)[0].numpy()
            weights = network.convolution.weight, network.convolution.bias
            zeros = torch.nn.functional.conv2d(x, *weights, padding=1)[0].numpy()
        error, inside = abs(got - right), abs(got - right)[:, 1:-1, 1:-1].max()
        said = "unsupported" in run.stdout + run.stderr
        name = "Conv2d" if by_convolution else "pad"
        print(f"{mode:9} {name:6} {error.max():10.2f} {inside:18.2f}  {'unsupported' if said else '-'}")
        assert inside < 1e-4 and said == (mode == "circular" and by_convolution)
        assert abs(got - zeros).max() < 1e-4 if mode == "circular" else error.max() < 1e-4
EOF
