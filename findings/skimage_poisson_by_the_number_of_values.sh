#!/usr/bin/env bash
# scikit-image: Poisson noise fades as the picture has more different values: a blurred one gets almost none
#
# Believed: random_noise(mode="poisson") draws counts of photons, so its strength follows the light: the
#   same scene gets the same noise whether its pixels come from 8 bits, from a blur or from a network.
# Found: the number of photons that white stands for is the number of different values in the array,
#   rounded up to a power of two (the notes say so, but not what comes of it). A picture of 256 levels
#   gets 256 photons; the same picture blurred by one pixel, or with half a level of dither, a million, and
#   60 times less noise; a picture of 16 levels four times more. A crop may differ from the whole.
# Source: skimage/util/noise.py, random_noise, `vals = len(np.unique(image))`.
#
# Run on 2026-11-29, Python 3.11.7, scikit-image 0.26.0, numpy 2.4.6. Output:
#   photograph        values   noise
#   16 levels             16 0.1412
#   as it is             256 0.0382
#   with dither       717744 0.0006
#   blurred by 1 px   720000 0.0006
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
from skimage import data, filters, util

photograph = data.coffee() / 255
dither = np.random.default_rng(0).uniform(-0.5, 0.5, photograph.shape) / 255
pictures = {
    "16 levels": (photograph * 15).round() / 15,
    "as it is": photograph,
    "with dither": (photograph + dither).clip(0, 1),
    "blurred by 1 px": filters.gaussian(photograph, 1, channel_axis=-1),
}
print("photograph        values   noise")
found = {}
for name, picture in pictures.items():
    noisy = util.random_noise(picture, mode="poisson", rng=0)
    found[name] = float((noisy - picture).std())
    print(f"{name:16} {len(np.unique(picture)):7} {found[name]:.4f}")
assert 3 < found["16 levels"] / found["as it is"] < 5
assert found["as it is"] > 30 * found["with dither"]
assert found["as it is"] > 30 * found["blurred by 1 px"]
EOF
