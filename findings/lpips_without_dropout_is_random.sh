#!/usr/bin/env bash
# lpips: LPIPS(use_dropout=False) is a measure with random heads, and says that it loaded them
#
# Believed: dropout does nothing in evaluation mode, so use_dropout=False gives the same values, and
#   keeps giving them when a training loop calls train().
# Found: without its dropout a head has its convolution at place 0 instead of 1, under which the file
#   of weights has it. The file is read with strict=False: nothing fits, nothing is said, and the
#   heads keep what they were drawn with. The distance then differs by seed, and half of its weights
#   are negative, so that images which differ more may be nearer. That the weights are loaded is
#   printed all the same.
# Source: lpips/lpips.py, NetLinLayer and load_state_dict(..., strict=False) in LPIPS.__init__.
#
# Run on 2026-11-29, Python 3.11.7, lpips 0.1.4, torch 2.15.0, torchvision 0.29.2. Output:
#   dropout True : negative 0%, same in both seeds True, said True
#   dropout False: negative 51%, same in both seeds False, said True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python lpips==0.1.4 torch==2.15.0 torchvision==0.29.2 numpy==2.4.6
venv/bin/python -W ignore - <<'EOF'
import contextlib
import io

import lpips
import torch


def heads(seed: int, dropout: bool) -> tuple[torch.Tensor, str]:
    """Return the weights of the heads, and what was printed."""
    torch.manual_seed(seed)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        # The trunk's weights are a download, and no part of this.
        model = lpips.LPIPS(net="alex", pnet_rand=True, use_dropout=dropout)
    weights = [head.model[-1].weight.flatten() for head in model.lins]
    return torch.cat(weights).detach(), said.getvalue()


for dropout in (True, False):
    (first, said), (second, _) = heads(0, dropout), heads(1, dropout)
    same, negative = torch.equal(first, second), (first < 0).float().mean().item()
    loaded = "Loading model from" in said
    print(f"dropout {dropout!s:5}: negative {negative:.0%}, same in both seeds {same}, said {loaded}")
    assert loaded and same == dropout and (negative == 0 if dropout else 0.4 < negative < 0.6)
EOF
