#!/usr/bin/env bash
# torchvision.transforms.v2: a random crop of two tensors cuts the first and hands the second back whole
#
# Believed: v2 transforms take any number of pictures and treat them alike, so rainy and clean
#   stay aligned.
# Found: of plain tensors only the first is a picture to v2; the second passes through untouched,
#   in a tuple as in a dictionary. A crop shows it by the shape; a flip or a colour change does
#   not, and trains on pairs that disagree. Wrapped in tv_tensors.Image both are treated alike.
# Source: "pure tensors" in torchvision's guide to v2.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, torchvision 0.29.2, numpy 2.4.6. Output:
#   torchvision 0.29.2
#   shapes after a crop to 64: [(3, 64, 64), (3, 100, 100)]
#   pair still equal after a flip: plain False - named False - tv_tensors.Image True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torch==2.15.0 torchvision==0.29.2 numpy==2.4.6
venv/bin/python - <<'EOF'
import torch
import torchvision
from torchvision.transforms import v2
from torchvision.tv_tensors import Image

rainy = torch.rand(3, 100, 100)
clean = rainy.clone()
flip, crop = v2.RandomHorizontalFlip(1.0), v2.RandomCrop(64)
plain = flip(rainy, clean)
named = flip({"rainy": rainy, "clean": clean})
wrapped = flip(Image(rainy), Image(clean))
print(f"torchvision {torchvision.__version__.split('+')[0]}")
print("shapes after a crop to 64:", [tuple(x.shape) for x in crop(rainy, clean)])
print("pair still equal after a flip: plain", torch.equal(*plain), "- named",
      torch.equal(named["rainy"], named["clean"]), "- tv_tensors.Image", torch.equal(*wrapped))
assert torch.equal(plain[0], rainy.flip(-1)) and torch.equal(plain[1], clean)
assert torch.equal(named["clean"], clean) and not torch.equal(named["rainy"], clean)
assert torch.equal(*wrapped) and torch.equal(wrapped[0], rainy.flip(-1))
EOF
