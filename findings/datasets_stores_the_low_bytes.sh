#!/usr/bin/env bash
# datasets: a 16-bit colour picture given as an array is stored as its low bytes, which is noise
#
# Believed: features.Image() keeps 16 bits where PNG has them, as it does for grey arrays, and what it
#   reduces to 8 bits, as its warning says, it scales.
# Found: grey uint16 arrays are kept. Colour ones, which Pillow has no mode for, are cast: each value
#   is left with its remainder by 256. The only word is "Downcasting array dtype uint16 to uint8 to be
#   compatible with 'Pillow'". Arrays of int64 are cast in the same way.
# Source: datasets/features/image.py, encode_np_array; run as below.
#
# Run on 2026-11-28, Python 3.11.7, datasets 5.2.0, pillow 13.0.0, numpy 2.4.6. Output:
#   given               0 12000 24000 36000 48000 60000
#   grey, uint16        0 12000 24000 36000 48000 60000 uint16
#   colour, uint16      0   224   192   160   128    96 uint8
#   colour, int64       0   224   192   160   128    96 uint8
#   Downcasting array dtype int64 to uint8 to be compatible with 'Pillow'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python datasets==5.2.0 pillow==13.0.0 numpy==2.4.6
HF_HUB_OFFLINE=1 venv/bin/python - <<'EOF'
import warnings

import datasets
import numpy as np

ramp = np.tile(np.linspace(0, 60000, 6).astype(np.uint16), (4, 1))
PICTURES = {
    "grey, uint16": ramp,
    "colour, uint16": np.dstack([ramp] * 3),
    "colour, int64": np.dstack([ramp] * 3).astype(np.int64),
}
print(f"{'given':15}", *(f"{value:5}" for value in ramp[0]))
for name, picture in PICTURES.items():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        features = datasets.Features(x=datasets.Image())
        stored = datasets.Dataset.from_dict({"x": [picture]}, features=features)[0]["x"]
    back = np.asarray(stored)
    words = [str(word.message) for word in heard if "Downcasting" in str(word.message)]
    print(f"{name:15}", *(f"{value:5}" for value in back[0].reshape(6, -1)[:, 0]), back.dtype)
    if name == "grey, uint16":
        assert not words and back.dtype == np.uint16 and np.array_equal(back, picture)
    else:
        assert len(words) == 1 and back.dtype == np.uint8 and np.array_equal(back, picture % 256)
print(words[0])
EOF
