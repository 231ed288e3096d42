#!/usr/bin/env bash
# sewar: msssim blurs across colours, so RGB and BGR have different values, and false colours good ones
#
# Believed: msssim of a colour picture is the mean of that of its channels, as ssim is in the same module.
# Found: between two scales all axes are averaged in pairs, the channels too: at the second scale green
#   is green and red, blue is blue and green, and so on. The value depends on the order of the channels,
#   and errors of opposite sign in two of them cancel: a picture whose green and blue are exchanged
#   has 0.99, where its channels have 0.96. Give it one channel at a time.
# Source: sewar/full_ref.py, msssim: uniform_filter(im, 2) of an H x W x C array.
#
# Run on 2026-11-29, Python 3.11.7, sewar 0.4.10, scikit-image 0.26.0, numpy 2.4.6. Output:
#                in colour  by channel
#   noisy        0.8666     0.8402
#   noisy, BGR   0.8697     0.8402
#   exchanged    0.9940     0.9553
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python sewar==0.4.10 scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
from sewar.full_ref import msssim, ssim
from skimage import data

picture = data.astronaut()
noise = np.random.default_rng(0).normal(0, 25, picture.shape)
noisy = (picture + noise).clip(0, 255).astype(np.uint8)


def of_channels(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.mean([msssim(first[..., c], second[..., c]) for c in range(3)]))


def reverse(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image[..., ::-1])


exchanged = np.ascontiguousarray(picture[..., [0, 2, 1]])
found = {
    "noisy": (msssim(picture, noisy), of_channels(picture, noisy)),
    "noisy, BGR": (msssim(reverse(picture), reverse(noisy)), of_channels(picture, noisy)),
    "exchanged": (msssim(picture, exchanged), of_channels(picture, exchanged)),
}
print(f"{'':12} in colour  by channel")
for name, (colour, channels) in found.items():
    print(f"{name:12} {colour:.4f}     {channels:.4f}")
same = ssim(picture, noisy)[0] - ssim(reverse(picture), reverse(noisy))[0]
assert abs(same) < 1e-9
assert abs(found["noisy"][0] - found["noisy, BGR"][0]) > 0.002
assert found["noisy"][0] - found["noisy"][1] > 0.02
assert found["exchanged"][0] - found["exchanged"][1] > 0.03
EOF
