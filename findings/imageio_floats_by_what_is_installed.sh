#!/usr/bin/env bash
# imageio: with OpenCV or PyAV installed, it reads pictures of floats as 8 bits, clipped
#
# Believed: imread of a format of floats (EXR, HDR, PFM) gives floats, or says that it cannot read it.
# Found: imageio alone refuses all three. Once OpenCV or PyAV lies in the environment, though only as
#   what another package needs, the same call goes through and gives uint8. All above 1 becomes 255,
#   without a warning; OpenCV rounds the floats of a PFM to integers, so that a picture in [0, 1] is
#   nearly black; PyAV puts a fourth axis in front. flags=cv2.IMREAD_UNCHANGED makes OpenCV's plugin
#   give the floats, of HDR and PFM.
#
# Run on 2026-11-28, Python 3.11.7, imageio 2.38.1, pillow 13.0.0, opencv-python-headless 5.0.0.93,
# av 18.1.0, OpenEXR 3.5.3, numpy 2.4.6. Output:
#   0.5, 2 are read  from .exr         from .hdr         from .pfm
#   alone           refused           refused           refused
#   opencv          refused           uint8 128, 255    uint8 0, 2
#   pyav            uint8 128, 255    uint8 128, 255    uint8 128, 255
#   opencv, IMREAD_UNCHANGED x.hdr float32 0.5 2.0
#   opencv, IMREAD_UNCHANGED x.pfm float32 0.5 2.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
pinned() {  # the name of an environment, and what is installed beside imageio
  uv venv --quiet --python 3.11 "$1"
  uv pip install --quiet --python "$1/bin/python" imageio==2.38.1 pillow==13.0.0 numpy==2.4.6 "${@:2}"
}
pinned alone
pinned opencv opencv-python-headless==5.0.0.93
pinned pyav av==18.1.0
pinned openexr OpenEXR==3.5.3
openexr/bin/python - <<'PYTHON'
import numpy as np
import OpenEXR

picture = np.full((16, 32, 3), 0.5, np.float32)
picture[:, 16:] = 2
with OpenEXR.File({"type": OpenEXR.scanlineimage}, {"RGB": picture}) as file:
    file.write("x.exr")
with open("x.pfm", "wb") as file:
    file.write(b"PF\n32 16\n-1.0\n" + picture.tobytes())
with open("x.hdr", "wb") as file:  # mantissas of red, green, blue, and their exponent
    row = bytes([128, 128, 128, 128] * 16 + [128, 128, 128, 130] * 16)
    file.write(b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 16 +X 32\n" + row * 16)
PYTHON
cat > read.py <<'PYTHON'
import sys

import imageio.v3 as iio

seen = []
for name in ("x.exr", "x.hdr", "x.pfm"):
    try:
        picture = iio.imread(name)
        row = picture[..., 8, :, 1].ravel()
        seen.append(f"{picture.dtype} {row[8]}, {row[24]}")
    except OSError:
        seen.append("refused")
print(f"{sys.argv[1]:16}" + "".join(f"{x:18}" for x in seen).rstrip())
PYTHON
echo "0.5, 2 are read  from .exr         from .hdr         from .pfm"
for name in alone opencv pyav; do
  "$name/bin/python" read.py "$name" | tee -a seen
done
opencv/bin/python - <<'PYTHON'
import cv2
import imageio.v3 as iio

for name in ("x.hdr", "x.pfm"):
    picture = iio.imread(name, flags=cv2.IMREAD_UNCHANGED)
    print("opencv, IMREAD_UNCHANGED", name, picture.dtype, picture[8, 8, 1], picture[8, 24, 1])
    assert picture.dtype == "float32" and set(picture.ravel().tolist()) == {0.5, 2.0}
lines = [line.split(maxsplit=1)[1].split("  ") for line in open("seen")]
alone, opencv, pyav = ([x.strip() for x in line if x.strip()] for line in lines)
assert alone == ["refused"] * 3 and pyav == ["uint8 128, 255"] * 3
assert opencv == ["refused", "uint8 128, 255", "uint8 0, 2"]
PYTHON
