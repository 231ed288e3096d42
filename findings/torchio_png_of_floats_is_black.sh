#!/usr/bin/env bash
# TorchIO: a picture of [0, 1] saved as PNG is black, and what exceeds 255 begins again at 0
#
# Believed: ScalarImage.save scales floats for a format of integers, or refuses them as Pillow does;
#   what is too large becomes white.
# Found: the values are cut to integers without a word: all of a photograph in [0, 1] but pure white becomes
#   0, and 300 becomes 44, a dark spot in the light. Transforms of TorchIO (RescaleIntensity, for one) give
#   [0, 1]. (2-D pictures are tensors of width before height here, as the documentation says.)
#
# Run on 2026-11-29, Python 3.11.7, torchio 1.2.1, torch 2.15.0, pillow 13.0.0, scikit-image 0.26.0, numpy
#   2.4.6. Output:
#   largest value   written to PNG
#         1.0       uint8, mean 0.00 of 0.62
#       255.0       uint8, mean 158.57 of 158.57
#       300.0       uint8, mean 149.98 of 186.55
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torchio==1.2.1 torch==2.15.0 pillow==13.0.0 scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import warnings

warnings.simplefilter("ignore")
import numpy as np
import torchio
from PIL import Image
from skimage import data

photograph = data.coffee()
Image.fromarray(photograph).save("photograph.png")
read = torchio.ScalarImage("photograph.png").data
print("largest value   written to PNG")
grey = read[:1].float()
for scale in (1 / 255, 1.0, 300 / 255):
    tensor = grey * scale
    torchio.ScalarImage(tensor=tensor).save("grey.png")
    saved = np.asarray(Image.open("grey.png"))
    mean = float(tensor.mean())
    print(f"{float(tensor.max()):9.1f}       {saved.dtype}, mean {saved.mean():.2f} of {mean:.2f}")
    if scale == 1:
        assert (saved == grey[0, ..., 0].T.numpy()).all()
    elif scale < 1:
        assert saved.mean() < 0.05
    else:
        assert saved.mean() < 0.85 * mean
EOF
