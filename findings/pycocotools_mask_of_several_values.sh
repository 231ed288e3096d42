#!/usr/bin/env bash
# pycocotools: encode() of a mask of several values makes every second run of values background
#
# Believed: as with 0 and 255, every pixel that is not 0 becomes foreground; a mask of several
#   classes, or with a soft rim after resizing, loses its values but not its shape.
# Found: a run ends wherever the value changes, whatever to. So a 2 after a 1 is background, a
#   2 that follows a 0 is foreground, and a soft rim comes back as stripes, silently, and
#   area() is that of the wrong mask. Encode mask > threshold, or mask == label.
#
# Run on 2026-11-28, Python 3.11.7, pycocotools 2.0.11, numpy 2.4.6. Output:
#   one value: [0, 255, 255, 255, 255, 255, 255, 0] comes back as [0, 1, 1, 1, 1, 1, 1, 0], area 6
#   classes  : [0, 1, 1, 2, 2, 2, 0, 2] comes back as [0, 1, 1, 0, 0, 0, 1, 0], area 3
#   soft rim : [0, 51, 102, 153, 204, 255, 255, 0] comes back as [0, 1, 0, 1, 0, 1, 1, 0], area 4
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  pycocotools==2.0.11 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
from pycocotools import mask


def reread(column: list[int]) -> tuple[list[int], int]:
    coded = mask.encode(np.asfortranarray(np.array([column], np.uint8).T))
    return [int(x) for x in mask.decode(coded)[:, 0]], int(mask.area(coded))


columns = {
    "one value": [0, 255, 255, 255, 255, 255, 255, 0],
    "classes": [0, 1, 1, 2, 2, 2, 0, 2],
    "soft rim": [0, 51, 102, 153, 204, 255, 255, 0],
}
back = {}
for name, column in columns.items():
    back[name], area = reread(column)
    print(f"{name:9}: {column} comes back as {back[name]}, area {area}")
assert back["one value"] == [0, 1, 1, 1, 1, 1, 1, 0]
assert back["classes"] == [0, 1, 1, 0, 0, 0, 1, 0]
assert back["soft rim"] == [0, 1, 0, 1, 0, 1, 1, 0]
EOF
