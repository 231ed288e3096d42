#!/usr/bin/env bash
# OpenCV: an 8-bit TIFF in a compression that it lacks is read as a black picture; a 16-bit one is refused
#
# Believed: imread returns None for what it cannot decode.
# Found: for 8 bits it returns an array of the right size, all zeros, where the TIFF is compressed with
#   JPEG XL, JPEG 2000, PNG or JPEG XR; only a line on standard error tells. The same files with 16 bits
#   give None, as do 8 bits in Zstandard. A check for None, as every tutorial has, lets a training set
#   of black pictures through.
#
# Run on 2026-11-29, Python 3.11.7, opencv-python-headless 5.0.0.93, tifffile 2026.3.3, imagecodecs
#   2026.3.6, scikit-image 0.26.0. Output:
#   compression  8 bits        16 bits
#   deflate      right         right
#   jpegxl       up to 0       None
#   jpeg2000     up to 0       None
#   png          up to 0       None
#   jpegxr       up to 0       None
#   zstd         None          None
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  opencv-python-headless==5.0.0.93 tifffile==2026.3.3 imagecodecs==2026.3.6 scikit-image==0.26.0
venv/bin/python - 2>/dev/null <<'EOF'
import cv2
import numpy as np
import tifffile
from skimage import data

photograph = data.coffee()[:256, :256]
print("compression  8 bits        16 bits")
for compression in ("deflate", "jpegxl", "jpeg2000", "png", "jpegxr", "zstd"):
    found = []
    for picture in (photograph, photograph.astype(np.uint16) * 257):
        tifffile.imwrite("x.tif", picture, photometric="rgb", compression=compression)
        assert (tifffile.imread("x.tif") == picture).all()
        read = cv2.imread("x.tif", cv2.IMREAD_UNCHANGED)
        if read is None:
            found.append("None")
        else:
            assert read.shape == picture.shape and read.dtype == picture.dtype
            found.append("right" if (read[:, :, ::-1] == picture).all() else f"up to {read.max()}")
    print(f"{compression:12} {found[0]:13} {found[1]}")
    expected = {"deflate": ["right", "right"], "zstd": ["None", "None"]}
    assert found == expected.get(compression, ["up to 0", "None"])
EOF
