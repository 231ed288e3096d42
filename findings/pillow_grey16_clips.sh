#!/usr/bin/env bash
# Pillow: a 16-bit grey picture converted to 8 bits is clipped at 255, a 16-bit colour picture is scaled
#
# Believed: convert("L") and convert("RGB") scale 16 bits to 8, as opening a 16-bit colour PNG
#   does.
# Found: mode I;16 is clipped: every value above 255 becomes white, and a photograph of normal
#   exposure is one white area. A colour PNG of the same values is read as 8 bits by dropping the
#   low byte. OpenCV drops the low byte of both.
#
# Run on 2026-11-28, Python 3.11.7, pillow 13.0.0, opencv-python-headless 5.0.0.93, numpy 2.4.6. Output:
#   Pillow 13.0.0, OpenCV 5.0.0; grey PNG opens as I;16
#   white pixels after convert: {'L': 1.0, 'RGB': 1.0}
#   colour PNG is the high byte: True
#   OpenCV's grey is the high byte: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
venv/bin/python - <<'EOF'
import io

import cv2
import numpy as np
import PIL
from PIL import Image

values = np.random.default_rng(0).integers(256, 65536, (32, 32, 3)).astype(np.uint16)
grey = cv2.imencode(".png", values[..., 0])[1].tobytes()
colour = cv2.imencode(".png", values[..., ::-1])[1].tobytes()
opened = Image.open(io.BytesIO(grey))
print(f"Pillow {PIL.__version__}, OpenCV {cv2.__version__}; grey PNG opens as {opened.mode}")
white = {mode: float((np.asarray(opened.convert(mode)) == 255).mean()) for mode in ("L", "RGB")}
print(f"white pixels after convert: {white}")
by_colour = np.asarray(Image.open(io.BytesIO(colour)))
by_opencv = cv2.imdecode(np.frombuffer(grey, np.uint8), cv2.IMREAD_GRAYSCALE)
print("colour PNG is the high byte:", bool((by_colour == values >> 8).all()))
print("OpenCV's grey is the high byte:", bool((by_opencv == values[..., 0] >> 8).all()))
assert opened.mode == "I;16" and set(white.values()) == {1.0}
assert (by_colour == values >> 8).all() and (by_opencv == values[..., 0] >> 8).all()
EOF
