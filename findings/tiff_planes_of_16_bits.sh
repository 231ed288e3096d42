#!/usr/bin/env bash
# Pillow, OpenCV: a 16-bit colour TIFF written by tifffile from a tensor is read as noise
#
# Believed: how a TIFF orders its samples (pixel by pixel, or plane by plane) is a matter of the file;
#   every reader gives the same picture, as all do at 8 bits.
# Found: tifffile writes an array 3xHxW, the order of a tensor, plane by plane. At 16 bits and without
#   compression Pillow then takes every byte for a sample: what it shows is the upper half of the
#   picture, each row broken into two, of low and high bytes in turn. OpenCV is right with its default
#   flags, which give 8 bits; with IMREAD_UNCHANGED, which one needs for 16, its picture begins with the
#   plane of red cut up into pixels, compressed or not. Neither warns. Write HxWx3.
#
# Run on 2026-11-28, Python 3.11.7, tifffile 2026.3.3, pillow 13.0.0, opencv-python-headless 5.0.0.93,
# imagecodecs 2026.3.6, numpy 2.4.6. Output:
#   largest error, of 255     Pillow  OpenCV  OpenCV, unchanged  tifffile
#   uint8  HxWx3 plain           0.5     0.5                0.5       0.5
#   uint8  HxWx3 zlib            0.5     0.5                0.5       0.5
#   uint8  3xHxW plain           0.5     0.5                0.5       0.5
#   uint8  3xHxW zlib            0.5     0.5                0.5       0.5
#   uint16 HxWx3 plain           0.9     0.5                0.0       0.0
#   uint16 HxWx3 zlib            0.9     0.5                0.0       0.0
#   uint16 3xHxW plain         wrong     0.5              wrong       0.0
#   uint16 3xHxW zlib            0.9     0.5              wrong       0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  tifffile==2026.3.3 pillow==13.0.0 opencv-python-headless==5.0.0.93 imagecodecs==2026.3.6 numpy==2.4.6
venv/bin/python - <<'EOF'
import cv2
import numpy as np
import tifffile
from PIL import Image

down, across = np.mgrid[:64, :96]
scene = np.stack([across / 95, down / 63, (across + down) / 158], axis=-1)
readers = {
    "Pillow": lambda: np.asarray(Image.open("x.tif").convert("RGB")) / 255,
    "OpenCV": lambda: cv2.imread("x.tif")[..., ::-1] / 255,
    "OpenCV, unchanged": lambda: cv2.imread("x.tif", cv2.IMREAD_UNCHANGED)[..., ::-1] / top,
    "tifffile": lambda: upright(tifffile.imread("x.tif")) / top,
}


def upright(picture: np.ndarray) -> np.ndarray:
    return picture if picture.shape[-1] == 3 else np.moveaxis(picture, 0, -1)


print("largest error, of 255     " + "  ".join(readers))
wrong = set()
for top, kind in ((255, np.uint8), (65535, np.uint16)):
    for order in ("HxWx3", "3xHxW"):
        for compression in (None, "zlib"):
            picture = np.round(scene * top).astype(kind)
            picture = picture if order == "HxWx3" else np.moveaxis(picture, -1, 0).copy()
            tifffile.imwrite("x.tif", picture, photometric="rgb", compression=compression)
            errors = {name: 255 * np.abs(read() - scene).max() for name, read in readers.items()}
            what = f"{kind.__name__:6} {order} {compression or 'plain'}"
            wrong |= {(name, what) for name, error in errors.items() if error > 100}
            shown = {name: "wrong" if error > 100 else f"{error:.1f}" for name, error in errors.items()}
            print(f"{what:25} " + "  ".join(f"{shown[name]:>{len(name)}}" for name in readers))
assert wrong == {
    ("Pillow", "uint16 3xHxW plain"),
    ("OpenCV, unchanged", "uint16 3xHxW plain"),
    ("OpenCV, unchanged", "uint16 3xHxW zlib"),
}
EOF
