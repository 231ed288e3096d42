#!/usr/bin/env bash
# OpenCV: a TIFF with transparency is read multiplied by it, even where alpha is left out
#
# Believed: imread gives the colours as stored: with IMREAD_UNCHANGED beside alpha, without it less
#   alpha, whatever the format; and TIFF loses nothing.
# Found: so it is for PNG and WebP. Of a TIFF whose alpha is marked as not multiplied in, as Pillow and
#   tifffile write it, the colours come multiplied by alpha: at 8 bits under every flag, at 16 bits
#   unless IMREAD_UNCHANGED is given. A layer of rain that is then laid over a photograph by its alpha
#   has it twice, and half of its light. OpenCV does not mark alpha in its own files, so a test that
#   writes and reads by OpenCV sees nothing.
# Source: libtiff's TIFFReadRGBA functions, which give colours multiplied by alpha.
#
# Run on 2026-11-28, Python 3.11.7, opencv-python-headless 5.0.0.93, pillow 13.0.0, tifffile 2026.3.3,
# numpy 2.4.6. Output:
#   stored 200 180 160, alpha 128; read by Pillow, OpenCV unchanged, OpenCV by default:
#   pillow.png      [200 180 160 128] [200 180 160 128] [200 180 160]
#   pillow.webp     [200 180 160 128] [200 180 160 128] [200 180 160]
#   pillow.tif      [200 180 160 128] [100  90  80 128] [100  90  80]
#   tifffile.tif    [200 180 160 128] [100  90  80 128] [100  90  80]
#   tifffile16.tif  [200 180 160 128] [200 180 160 128] [100  90  80]
#   opencv.tif      [200 180 160 128] [200 180 160 128] [200 180 160]
#   pillow.png laid over black: red 100.4
#   pillow.tif laid over black: red 50.2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  opencv-python-headless==5.0.0.93 pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6
venv/bin/python - <<'PYTHON'
import cv2
import numpy as np
import tifffile
from PIL import Image

rain = np.full((32, 32, 4), (200, 180, 160, 128), np.uint8)
deep = rain.astype(np.uint16) * 257
kept = {"photometric": "rgb", "extrasamples": ["unassalpha"]}
Image.fromarray(rain).save("pillow.png")
Image.fromarray(rain).save("pillow.webp", lossless=True)
Image.fromarray(rain).save("pillow.tif")
tifffile.imwrite("tifffile.tif", rain, **kept)
tifffile.imwrite("tifffile16.tif", deep, **kept)
cv2.imwrite("opencv.tif", cv2.cvtColor(rain, cv2.COLOR_RGBA2BGRA))

print("stored 200 180 160, alpha 128; read by Pillow, OpenCV unchanged, OpenCV by default:")
darker = []
for name in ("pillow.png", "pillow.webp", "pillow.tif", "tifffile.tif", "tifffile16.tif", "opencv.tif"):
    by_pillow = np.asarray(Image.open(name))[5, 5]
    whole = cv2.imread(name, cv2.IMREAD_UNCHANGED)
    whole = whole[5, 5, [2, 1, 0, 3]] // (257 if whole.dtype == np.uint16 else 1)
    colour = cv2.imread(name)[5, 5, ::-1]
    print(f"{name:15}", by_pillow, whole, colour)
    assert by_pillow.tolist() == [200, 180, 160, 128] and whole[3] == 128
    darker += [(name, way) for way, x in (("unchanged", whole), ("default", colour)) if x[0] < 200]
assert darker == [
    ("pillow.tif", "unchanged"), ("pillow.tif", "default"),
    ("tifffile.tif", "unchanged"), ("tifffile.tif", "default"), ("tifffile16.tif", "default"),
]
for name in ("pillow.png", "pillow.tif"):
    layer = cv2.imread(name, cv2.IMREAD_UNCHANGED)[5, 5].astype(int)
    print(f"{name} laid over black: red {layer[3] * layer[2] / 255:.1f}")
PYTHON
