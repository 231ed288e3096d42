#!/usr/bin/env bash
# OpenEXR: a crop, or a picture with its axes turned, is written as whatever lies in memory there
#
# Believed: OpenEXR.File writes the pixels of the NumPy array it is given, a view as well as a copy.
# Found: it writes as many numbers as the array has from where its memory begins, one after another:
#   a crop is a strip of the picture's full width, folded into the crop's shape; a transposed picture
#   and one moved from channels first are scrambled. Shape and type of what is read back are right,
#   and nothing is raised. The first row of a crop is right, so a look at its corner finds nothing.
#   np.ascontiguousarray() mends it.
# Source: OpenEXR.File(header, channels).write(), run as below.
#
# Run on 2026-11-28, Python 3.11.7, OpenEXR 3.5.3, numpy 2.4.6. Output:
#   largest error of what is read back
#   whole                  0.00
#   crop of rows           0.00
#   crop                   0.99
#   crop, half             0.99
#   crop, copied           0.00
#   channels first, moved  0.99
#   one channel of first   0.00
#   one channel            0.98
#   transposed             0.98
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python openexr==3.5.3 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
import OpenEXR


def written(name: str, pixels: np.ndarray) -> np.ndarray:
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {name: pixels}) as file:
        file.write("x.exr")
    with OpenEXR.File("x.exr") as file:
        return file.channels()[name].pixels


picture = np.random.default_rng(0).random((40, 50, 3), dtype=np.float32)
first = np.ascontiguousarray(picture.transpose(2, 0, 1))
cases = {
    "whole": ("RGB", picture),
    "crop of rows": ("RGB", picture[5:20]),
    "crop": ("RGB", picture[5:20, 7:31]),
    "crop, half": ("RGB", picture.astype(np.float16)[5:20, 7:31]),
    "crop, copied": ("RGB", np.ascontiguousarray(picture[5:20, 7:31])),
    "channels first, moved": ("RGB", first.transpose(1, 2, 0)),
    "one channel of first": ("Y", first[1]),
    "one channel": ("Y", picture[:, :, 0]),
    "transposed": ("Y", first[0].T),
}
print("largest error of what is read back")
for case, (name, pixels) in cases.items():
    back = written(name, pixels)
    assert back.shape == pixels.shape and back.dtype == pixels.dtype
    error = abs(back - pixels).max()
    print(f"{case:22} {error:.2f}")
    assert (error > 0.5) == (not pixels.flags.c_contiguous) and (error > 0.5 or error == 0)
memory = picture[5:20].ravel()[3 * 7:][: 15 * 24 * 3]
assert np.array_equal(written("RGB", picture[5:20, 7:31]).ravel(), memory)
EOF
