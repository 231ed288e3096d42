#!/usr/bin/env bash
# torch.save: one object under two file names is two different byte sequences
#
# Believed: the bytes depend on the object alone.
# Found: the archive's root folder is the file's stem, so best.pt and last.pt of one checkpoint
#   have different hashes, as has a copy made by saving again under another name; a store
#   addressed by content keeps both. Saving to an open file or buffer names the root "archive" and
#   is stable.
#
# Run on 2026-11-28, Python 3.11.7, torch 2.15.0, numpy 2.4.6. Output:
#   torch 2.15.0: root folders ['best', 'archive']
#   same bytes by path: False, by open file: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import io
import zipfile
from pathlib import Path

import torch

weights = {"w": torch.arange(6.0)}
torch.save(weights, "best.pt")
torch.save(weights, "last.pt")
for name in ("one.pt", "two.pt"):
    with Path(name).open("wb") as file:
        torch.save(weights, file)
same = {pair: Path(pair[0]).read_bytes() == Path(pair[1]).read_bytes()
        for pair in (("best.pt", "last.pt"), ("one.pt", "two.pt"))}
roots = [zipfile.ZipFile(name).namelist()[0].split("/")[0] for name in ("best.pt", "one.pt")]
print(f"torch {torch.__version__.split('+')[0]}: root folders {roots}")
print(f"same bytes by path: {same['best.pt', 'last.pt']}, by open file: {same['one.pt', 'two.pt']}")
assert list(same.values()) == [False, True]
EOF
