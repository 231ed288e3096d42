#!/usr/bin/env bash
# Pillow, OpenCV, imageio, datasets: which of them turns a photograph depends on its format
#
# Believed: Pillow never turns a picture by its EXIF orientation, OpenCV always does, and
#   `datasets`, which opens with Pillow, behaves like Pillow.
# Found: Pillow turns TIFF by itself, and no other format; OpenCV turns JPEG, PNG and WebP, but
#   not AVIF; imageio and scikit-image turn none; the Image feature of `datasets` turns all. A
#   data set prepared with one and read with another has pictures that lie on their side, or whose
#   size differs from their target's.
#
# Run on 2026-11-28, Python 3.11.7, pillow 13.0.0, opencv-python-headless 5.0.0.93, imageio
#   2.38.1, tifffile 2026.3.3, datasets 5.2.0, numpy 2.4.6. Output:
#   turned by       Pillow  OpenCV  imageio datasets
#   JPEG            no      yes     no      yes
#   PNG             no      yes     no      yes
#   WEBP            no      yes     no      yes
#   AVIF            no      no      no      yes
#   TIFF            yes     yes     no      yes
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  pillow==13.0.0 opencv-python-headless==5.0.0.93 imageio==2.38.1 tifffile==2026.3.3 \
  datasets==5.2.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import io
import os

os.environ["HF_HUB_OFFLINE"] = "1"
import cv2
import datasets
import imageio.v3 as imageio
import numpy as np
from PIL import Image

picture = Image.fromarray(np.zeros((200, 320, 3), np.uint8))


def orientation() -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = 6  # to be turned by a quarter for viewing
    return tags


def by_datasets(raw: bytes) -> tuple[int, int]:
    table = datasets.Dataset.from_dict({"x": [{"bytes": raw, "path": None}]})
    return table.cast_column("x", datasets.Image())[0]["x"].size


print("turned by       Pillow  OpenCV  imageio datasets")
turned = {}
for kind in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF"):
    buffer = io.BytesIO()
    picture.save(buffer, kind, exif=orientation())
    raw = buffer.getvalue()
    widths = (
        np.asarray(Image.open(io.BytesIO(raw))).shape[1],
        cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR).shape[1],
        imageio.imread(raw, extension="." + kind.lower()).shape[1],
        by_datasets(raw)[0],
    )
    turned[kind] = tuple(width == 200 for width in widths)
    print(f"{kind:15} " + "  ".join(f"{'yes' if x else 'no':6}" for x in turned[kind]))
assert turned["JPEG"] == turned["PNG"] == turned["WEBP"] == (False, True, False, True)
assert turned["AVIF"] == (False, False, False, True)
assert turned["TIFF"] == (True, True, False, True)
EOF
