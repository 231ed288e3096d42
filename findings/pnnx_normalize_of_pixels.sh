#!/usr/bin/env bash
# pnnx: normalize(dim=-1) of channel attention becomes the division of each value by itself
#
# Believed: what pnnx cannot express for ncnn stays in the .param file under its torch name, and
#   loading it fails.
# Found: F.normalize(q, dim=-1) of a q of channels x pixels, as attention across channels has it
#   (MDTA of Restormer), is written as a Normalize layer over one value each: all become +1 or -1.
#   pnnx prints "unsupported normalize for 2-rank tensor with axis 1" in the midst of its log, ends
#   with 0, and ncnn loads it. normalize(dim=1) of a feature map is right. q / q.norm(dim=-1,
#   keepdim=True) is right in both.
# Source: pnnx NAME.pt inputshape=..., run as below.
#
# Run on 2026-11-28, Python 3.11.7, pnnx 20261020, ncnn 1.0.20261020, torch 2.15.0, numpy 2.4.6. Output:
#   largest value               torch     ncnn
#   normalize(map, dim=1)       0.860    0.860
#   normalize(q, dim=-1)        0.110    1.000
#   attention by normalize      1.000  384.000
#   attention by q / norm       1.000    1.000
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


def attention(q: torch.Tensor) -> torch.Tensor:
    return q @ q.transpose(1, 2)


def by_norm(y: torch.Tensor) -> torch.Tensor:
    q = y.flatten(2)
    return attention(q / q.norm(dim=-1, keepdim=True))


CASES = {
    "normalize(map, dim=1)": lambda y: torch.nn.functional.normalize(y, dim=1),
    "normalize(q, dim=-1)": lambda y: torch.nn.functional.normalize(y.flatten(2), dim=-1),
    "attention by normalize": lambda y: attention(
        torch.nn.functional.normalize(y.flatten(2), dim=-1)),
    "attention by q / norm": by_norm,
}


class Network(torch.nn.Module):
    def __init__(self, tail) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.tail = tail

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.tail(self.convolution(x))


x = torch.rand(1, 3, 16, 24)
print("largest value               torch     ncnn")
largest = {}
for name, tail in CASES.items():
    network = Network(tail).eval()
    torch.jit.trace(network, x).save("net.pt")
    command = ["venv/bin/pnnx", "net.pt", "inputshape=[1,3,16,24]", "fp16=0"]
    log = subprocess.run(command, check=True, capture_output=True, text=True)
    with ncnn.Net() as net:
        net.load_param("net.ncnn.param")
        net.load_model("net.ncnn.bin")
        with net.create_extractor() as extractor:
            extractor.input("in0", ncnn.Mat(x[0].numpy()).clone())
            got = np.array(extractor.extract("out0")[1])
    with torch.no_grad():
        right = network(x)[0].numpy()
    assert got.shape == right.shape
    wrong = abs(got - right).max() > 1e-3
    assert wrong == (name in ("normalize(q, dim=-1)", "attention by normalize"))
    assert wrong == ("unsupported normalize" in log.stdout + log.stderr)
    print(f"{name:24} {right.max():8.3f} {got.max():8.3f}")
    largest[name] = got.max()
assert largest["normalize(q, dim=-1)"] > 0.999 and largest["attention by normalize"] > 300
EOF
