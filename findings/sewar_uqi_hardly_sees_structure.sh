#!/usr/bin/env bash
# sewar: uqi gives a picture and its negative 0.97, as means stand where its formula has sums
#
# Believed: uqi is the index of Wang and Bovik: 1 for equal pictures, 0 for unrelated ones of the same
#   brightness, -1 for a picture and its negative, and the truth to compare other libraries with.
# Found: its box filter gives means of 64 pixels, and the terms that follow are those of sums. The
#   product of the means is so counted 63 times too often in the covariance and in the variances, and
#   nearly hides them: what is left is a comparison of brightness. Unrelated noise of one brightness
#   has 0.98, a picture and its negative 0.97, and noise that takes the index to 0.25 takes this
#   one to 0.95.
# Source: sewar/full_ref.py, _uqi_single (N * mean(xy) - mean(x) mean(y)); Wang and Bovik, A universal
#   image quality index, 2002, equation 1.
#
# Run on 2026-11-29, Python 3.11.7, sewar 0.4.10, numpy 2.4.6. Output:
#                  paper  sewar
#   itself         +1.00  +1.00
#   its negative   -1.00  +0.97
#   unrelated      -0.01  +0.98
#   noisy          +0.25  +0.95
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python sewar==0.4.10 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sewar.full_ref import uqi


def index(first: np.ndarray, second: np.ndarray, side: int = 8) -> float:
    """Return equation 1 over all windows; no window here is flat."""
    x, y = (sliding_window_view(image.astype(np.float64), (side, side)) for image in (first, second))
    a, b = x.mean((-1, -2)), y.mean((-1, -2))
    covariance = (x * y).mean((-1, -2)) - a * b
    variances = x.var((-1, -2)) + y.var((-1, -2))
    return float((4 * covariance * a * b / (variances * (a * a + b * b))).mean())


rng = np.random.default_rng(0)
one, other = rng.integers(100, 156, (2, 96, 96)).astype(np.uint8)
noisy = (one + rng.normal(0, 40, one.shape)).clip(0, 255).astype(np.uint8)
pairs = {"itself": one, "its negative": 255 - one, "unrelated": other, "noisy": noisy}
found = {name: (index(one, image), float(uqi(one, image))) for name, image in pairs.items()}
print(f"{'':14} paper  sewar")
for name, (truth, value) in found.items():
    print(f"{name:14} {truth:+.2f}  {value:+.2f}")
assert np.allclose([truth for truth, _ in found.values()][:3], [1, -1, 0], atol=0.05)
assert all(value > 0.9 for _, value in found.values()) and found["noisy"][0] < 0.5
EOF
