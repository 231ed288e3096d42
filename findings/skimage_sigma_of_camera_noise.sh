#!/usr/bin/env bash
# scikit-image: estimate_sigma sees white noise, not the noise of a finished photograph
#
# Believed: estimate_sigma gives the standard deviation of noise within some tenths, photographs
#   as they come included.
# Found: right for white noise (11 for 10 on `camera`). The same strength of noise blurred by one
#   pixel, as demosaicking and denoising leave it, counts as 1 to 3, and JPEG of quality 75 takes
#   a third away, of 50 four fifths. As a judge of real rainy photographs, which are JPEG, it
#   ranks the compression.
# Source: the estimator is the median of the finest diagonal wavelet coefficients (Donoho and
#   Johnstone 1994).
#
# Run on 2026-11-28, Python 3.11.7, scikit-image 0.26.0, PyWavelets 1.9.0, pillow 13.0.0, numpy
#   2.4.6. Output:
#   scikit-image 0.26.0, noise of standard deviation 10 each
#   clean: 1.3, white: 11.2, blurred by a pixel: 2.5, white, JPEG 75: 6.7, white, JPEG 50: 1.9
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  scikit-image==0.26.0 PyWavelets==1.9.0 pillow==13.0.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import io

import numpy as np
import skimage
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.restoration import estimate_sigma

picture = skimage.data.camera().astype(float)
white = np.random.default_rng(0).normal(0, 10, picture.shape)
blurred = gaussian_filter(white, 1)
blurred *= 10 / blurred.std()


def as_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer), float)


found = {
    "clean": estimate_sigma(picture),
    "white": estimate_sigma(picture + white),
    "blurred by a pixel": estimate_sigma(picture + blurred),
    "white, JPEG 75": estimate_sigma(as_jpeg(picture + white, 75)),
    "white, JPEG 50": estimate_sigma(as_jpeg(picture + white, 50)),
}
print(f"scikit-image {skimage.__version__}, noise of standard deviation 10 each")
print(", ".join(f"{name}: {value:.1f}" for name, value in found.items()))
assert 9 < found["white"] < 12 and found["blurred by a pixel"] < 4
assert found["white, JPEG 75"] < 8 and found["white, JPEG 50"] < 3
EOF
