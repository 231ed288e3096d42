#!/usr/bin/env bash
# huggingface_hub: a network built with a NumPy number is stored and loaded with the default instead
#
# Believed: PyTorchModelHubMixin writes the arguments of __init__ into config.json, or says that it
#   cannot, and from_pretrained builds the network that was saved.
# Found: an argument that is not plain JSON is left out, and the default is written in its place,
#   without a word. A recurrent network of np.int64(3) passes, as a sweep over np.arange hands over,
#   comes back with 6 passes; its weights fit, so nothing fails, and its picture is another one.
#   np.float32, torch scalars, torch.dtype and range are lost alike. Say int(x) or float(x).
# Source: huggingface_hub/hub_mixin.py, is_jsonable; the defaults are filled in for what is left out.
#
# Run on 2026-11-28, Python 3.11.7, huggingface_hub 2.4.0, torch 2.15.0, safetensors 0.8.0,
#   numpy 2.4.6. Output:
#   Loading weights from local directory
#   3 passes, share 0.25, as Python numbers: {'passes': 3, 'share': 0.25} and pictures 0.00 apart
#   Loading weights from local directory
#   3 passes, share 0.25, as NumPy numbers: {'passes': 6, 'share': 1.0} and pictures 13.72 apart
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  huggingface_hub==2.4.0 torch==2.15.0 safetensors==0.8.0 numpy==2.4.6
HF_HUB_OFFLINE=1 venv/bin/python -W error - <<'EOF'
import json
import logging

import numpy as np
import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

logging.basicConfig(level=logging.WARNING)


class Recurrent(nn.Module, PyTorchModelHubMixin):
    def __init__(self, passes: int = 6, share: float = 1.0):
        super().__init__()
        self.passes, self.share = passes, share
        self.layer = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(self.passes):
            x = x + self.share * self.layer(x)
        return x


torch.manual_seed(0)
x, found = torch.rand(1, 3, 32, 32), {}
for kind in ("Python", "NumPy"):
    passes, share = (3, 0.25) if kind == "Python" else (np.int64(3), np.float32(0.25))
    network = Recurrent(passes, share)
    network.save_pretrained(kind)
    with open(f"{kind}/config.json") as file:
        config = json.load(file)
    with torch.no_grad():
        again = (Recurrent.from_pretrained(kind)(x) - network(x)).abs().max().item()
    found[kind] = config, again
    print(f"3 passes, share 0.25, as {kind} numbers: {config} and pictures {again:.2f} apart")
assert found["Python"] == ({"passes": 3, "share": 0.25}, 0.0)
assert found["NumPy"][0] == {"passes": 6, "share": 1.0} and found["NumPy"][1] > 0.1
EOF
