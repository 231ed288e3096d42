#!/usr/bin/env bash
# pnnx: told a second input size, it leaves out every crop with an open or negative end, silently
#
# Believed: inputshape2 marks the sides that differ as free, and otherwise the ncnn network is the
#   one that is made without it.
# Found: with it y[:, :, 1:] and y[:, :, :-1] hand y on whole: the .param file has no crop, pnnx ends
#   with 0, ncnn runs, and the picture is larger than it was, or a difference of neighbours is 0
#   everywhere. With one size the same crops are right, and so is y[:, :, :10] with both.
# Source: pnnx NAME.pt inputshape=... inputshape2=..., run as below.
#
# Run on 2026-11-28, Python 3.11.7, pnnx 20261020, ncnn 1.0.20261020, torch 2.15.0, numpy 2.4.6. Output:
#   rows x columns             right    one size two sizes
#   y[:, :, 1:]                (20, 30) (20, 30) (21, 30)
#   y[:, :, 1:-1, 2:-2]        (19, 26) (19, 26) (21, 30)
#   y[:, :, :10]               (10, 30) (10, 30) (10, 30)
#   y[:, :, 1:] - y[:, :, :-1] (20, 30) (20, 30) (21, 30)
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
CROPS = {
    "y[:, :, 1:]": lambda y: y[:, :, 1:],
    "y[:, :, 1:-1, 2:-2]": lambda y: y[:, :, 1:-1, 2:-2],
    "y[:, :, :10]": lambda y: y[:, :, :10],
    "y[:, :, 1:] - y[:, :, :-1]": lambda y: y[:, :, 1:] - y[:, :, :-1],
}


class Network(torch.nn.Module):
    def __init__(self, crop) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.crop = crop

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.crop(self.convolution(x))


def by_ncnn(picture: np.ndarray) -> np.ndarray:
    with ncnn.Net() as net:
        net.load_param("net.ncnn.param")
        net.load_model("net.ncnn.bin")
        with net.create_extractor() as extractor:
            extractor.input("in0", ncnn.Mat(picture).clone())
            return np.array(extractor.extract("out0")[1])


x = torch.rand(1, 3, 21, 30)
print("rows x columns             right    one size two sizes")
for name, crop in CROPS.items():
    network = Network(crop).eval()
    torch.jit.trace(network, x).save("net.pt")
    with torch.no_grad():
        right = network(x)[0].numpy()
    sizes = []
    for second in ([], ["inputshape2=[1,3,16,24]"]):
        command = ["venv/bin/pnnx", "net.pt", "inputshape=[1,3,21,30]", "fp16=0", *second]
        subprocess.run(command, check=True, capture_output=True)
        got = by_ncnn(x[0].numpy())
        sizes.append(got.shape[1:])
        if got.shape == right.shape:
            assert abs(got - right).max() < 1e-4
        else:
            assert got.shape == (4, 21, 30)  # nothing was cut
            assert got.any() == (" - " not in name)  # what was a difference is y - y
    print(f"{name:26} {right.shape[1:]} {sizes[0]} {sizes[1]}")
    assert sizes[0] == right.shape[1:]
    assert (sizes[1] == right.shape[1:]) == (name == "y[:, :, :10]")
EOF
