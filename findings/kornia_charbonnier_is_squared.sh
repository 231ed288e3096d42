#!/usr/bin/env bash
# kornia: charbonnier_loss is half the squared error for pictures in [0, 1], not nearly L1
#
# Believed: Charbonnier's loss is the smooth L1 of image restoration, sqrt(d^2 + eps^2) with an eps of
#   0.001 as in LapSRN and MPRNet: small errors and large ones have gradients of nearly one size.
# Found: eps is 1 and cannot be set: sqrt(d^2 + 1) - 1, as in Barron's general loss. No error of a
#   picture in [0, 1] is larger than that, so the loss is d^2 / 2 within a fifth, and the gradient of
#   an error of two levels is 127 times smaller than the usual one. A recipe that names Charbonnier is
#   another recipe with it. Divide the pictures by eps, and multiply the loss by it.
# Source: kornia/losses/charbonnier.py; its docstring has the formula without what follows from it.
#
# Run on 2026-11-29, Python 3.11.7, kornia 0.9.0, torch 2.15.0. Output:
#   levels off   kornia  d^2 / 2  usual   gradient of kornia, usual
#            2  0.00003  0.00003  0.00791   0.008 0.992
#           26  0.00518  0.00520  0.10197   0.101 1.000
#          128  0.11891  0.12598  0.50196   0.449 1.000
#          255  0.41421  0.50000  1.00000   0.707 1.000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python kornia==0.9.0 torch==2.15.0 numpy==2.4.6
venv/bin/python -W ignore - <<'EOF'
import torch
from kornia.losses import charbonnier_loss

EPS = 1e-3


def usual(estimate: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    return ((estimate - truth) ** 2 + EPS**2).sqrt()


def slope(loss, error: float) -> float:
    """Return the gradient of one value that is ``error`` off."""
    estimate = torch.tensor([error], dtype=torch.float64, requires_grad=True)
    loss(estimate, torch.zeros_like(estimate)).sum().backward()
    return float(estimate.grad)


print("levels off   kornia  d^2 / 2  usual   gradient of kornia, usual")
for levels in (2, 26, 128, 255):
    error = torch.tensor([levels / 255], dtype=torch.float64)
    values = charbonnier_loss(error, 0 * error), error**2 / 2, usual(error, 0 * error)
    slopes = slope(charbonnier_loss, levels / 255), slope(usual, levels / 255)
    print(f"{levels:10}  " + "  ".join(f"{float(v):.5f}" for v in values), "  %.3f %.3f" % slopes)
    assert 0.8 < float(values[0] / values[1]) <= 1
small = slope(usual, 2 / 255) / slope(charbonnier_loss, 2 / 255)
assert 100 < small < 150

generator = torch.Generator().manual_seed(0)
first, second = torch.rand(2, 1, 3, 32, 32, generator=generator, dtype=torch.float64)
scaled = EPS * charbonnier_loss(first / EPS, second / EPS)
assert torch.allclose(scaled + EPS, usual(first, second))
EOF
