#!/usr/bin/env bash
# albumentations: ImageCompression makes its JPEG with red and blue exchanged
#
# Believed: of an RGB picture, which every transform expects, ImageCompression gives what saving it as a JPEG
#   of that quality and reading it again gives.
# Found: it hands RGB to OpenCV's encoder, which takes BGR, and decodes in the same wrong order. The colours
#   come back in place, but the file in between had red where blue belongs: JPEG keeps luma, to which red
#   gives 0.30 and blue 0.11, finely, and chroma coarsely, so red detail (lamps, skin, tail lights in rain)
#   suffers more than in any real JPEG and blue detail less. The result is that of a BGR picture.
#
# Run on 2026-11-29, Python 3.11.7, albumentations 2.0.8, opencv-python-headless 4.13.0.92, scikit-image
#   0.26.0. Output:
#   error of                   red green  blue
#   a JPEG of quality 50     7.72  6.69  8.33
#   ImageCompression         8.73  6.54  7.41
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  albumentations==2.0.8 opencv-python-headless==4.13.0.92 scikit-image==0.26.0
NO_ALBUMENTATIONS_UPDATE=1 venv/bin/python - <<'EOF'
import albumentations as A
import cv2
import numpy as np
from skimage import data

photograph = data.coffee()
options = [cv2.IMWRITE_JPEG_QUALITY, 50]


def saved(bgr: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", bgr, options)[1], cv2.IMREAD_COLOR)


def errors(picture: np.ndarray) -> list[float]:
    """Return the root mean square error of red, green and blue."""
    return np.sqrt(((picture.astype(float) - photograph) ** 2).mean((0, 1))).tolist()


compress = A.Compose([A.ImageCompression(quality_range=(50, 50), p=1)])
augmented = compress(image=photograph)["image"]
real = saved(photograph[:, :, ::-1])[:, :, ::-1]
print("error of                   red green  blue")
for name, picture in (("a JPEG of quality 50", real), ("ImageCompression", augmented)):
    print(f"{name:24}" + " ".join(f"{error:5.2f}" for error in errors(picture)))
assert (augmented == saved(photograph)).all() and not (augmented == real).all()
assert errors(augmented)[0] > 1.1 * errors(real)[0]
assert errors(augmented)[2] < 0.9 * errors(real)[2]
EOF
