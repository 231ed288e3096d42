#!/usr/bin/env bash
# SciPy: Gaussian and box filters of 8-bit pictures darken them by a level; zoom and rotate do not
#
# Believed: scipy.ndimage computes in float64 and rounds once, so that a blurred uint8 picture is on
#   average as bright as before, within half a level everywhere.
# Found: filters cut the fraction off, once for each axis: gaussian_filter loses 1.0 level on average
#   (2 at the most), uniform_filter 0.8, convolve 0.5, and again with each call. Below 0 and above 255
#   they wrap: a sharpened picture has black points in its lights. zoom, rotate and shift, in the same
#   module, round and clip. A picture minus its blurred self, the usual first guess of a rain layer,
#   is so a level too bright everywhere. Convert to float first.
# Source: the notes of gaussian_filter warn of intermediate results of little precision; which way
#   they err, and that other functions round, is not said.
#
# Run on 2026-11-29, Python 3.11.7, scipy 1.17.1, numpy 2.4.6. Output:
#   gaussian_filter  mean error -1.00, largest 1.9 levels
#     twice          mean error -2.00, largest 3.0 levels
#   uniform_filter   mean error -0.80, largest 1.6 levels
#   convolve         mean error -0.49, largest 1.0 levels
#   zoom             mean error +0.00, largest 0.5 levels
#   rotate           mean error +0.00, largest 0.5 levels
#   sharpened: 3.8% leave the range, 3.8% wrap
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python scipy==1.17.1 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
from scipy import ndimage

rng = np.random.default_rng(0)
scene = ndimage.zoom(rng.uniform(0, 255, (40, 40, 3)), (8, 8, 1), order=1)
picture = np.rint(scene + rng.normal(0, 6, scene.shape)).clip(0, 255).astype(np.uint8)
SHARPEN = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])[..., None]
ways = {
    "gaussian_filter": lambda x: ndimage.gaussian_filter(x, (2, 2, 0)),
    "  twice": lambda x: ndimage.gaussian_filter(ndimage.gaussian_filter(x, (2, 2, 0)), (2, 2, 0)),
    "uniform_filter": lambda x: ndimage.uniform_filter(x, (5, 5, 1)),
    "convolve": lambda x: ndimage.convolve(x, np.full((5, 5, 1), 1 / 25)),
    "zoom": lambda x: ndimage.zoom(x, (0.5, 0.5, 1), order=1),
    "rotate": lambda x: ndimage.rotate(x, 10, reshape=False, mode="nearest"),
}
shifts = {}
for name, way in ways.items():
    error = way(picture) - way(picture.astype(np.float64)).clip(0, 255)
    shifts[name] = error.mean()
    print(f"{name:16} mean error {error.mean():+.2f}, largest {np.abs(error).max():.1f} levels")
sharp = ndimage.convolve(picture.astype(np.float64), SHARPEN)
wrapped = np.abs(ndimage.convolve(picture, SHARPEN) - sharp.clip(0, 255)) > 100
print(f"sharpened: {((sharp < 0) | (sharp > 255)).mean():.1%} leave the range, {wrapped.mean():.1%} wrap")

assert -1.1 < shifts["gaussian_filter"] < -0.7 and -0.9 < shifts["uniform_filter"] < -0.5
assert shifts["  twice"] < 1.8 * shifts["gaussian_filter"] and -0.6 < shifts["convolve"] < -0.3
assert abs(shifts["zoom"]) < 0.05 and abs(shifts["rotate"]) < 0.05
assert wrapped.mean() > 0.01
EOF
