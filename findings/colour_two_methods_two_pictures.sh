#!/usr/bin/env bash
# colour-science: its two methods read transparent colours and write fractions and highlights differently
#
# Believed: method="Imageio" and method="OpenImageIO" of read_image and write_image differ in the formats they
#   know; a PNG has the same numbers by either.
# Found: OpenImageIO reads a PNG's colours multiplied by alpha, and 8 bits written with it are cut off instead
#   of rounded, half a level darker on average. Imageio reads colours as stored and rounds, but what is
#   above 1 wraps when written: 1.01, as any filter overshoots, becomes black. To be safe clip before
#   writing, and name the method in reading and writing.
# Source: colour/io/image.py, write_image_OpenImageIO and convert_bit_depth.
#
# Run on 2026-11-29, Python 3.11.7, colour-science 0.4.7, OpenImageIO 3.2.2.0, imageio 2.38.1, pillow
#   13.0.0, numpy 2.4.6. Output:
#   method       200, 100, 50, 128 is read as  mean error of a slope  1.01 is written as
#   OpenImageIO  [100, 50, 25, 128]                  -0.50 levels                 255
#   Imageio      [200, 100, 50, 128]                 +0.00 levels                   2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  colour-science==0.4.7 OpenImageIO==3.2.2.0 imageio==2.38.1 pillow==13.0.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import warnings

warnings.simplefilter("ignore")
import colour
import numpy as np
from PIL import Image

Image.new("RGBA", (8, 8), (200, 100, 50, 128)).save("transparent.png")
slope = np.linspace(0, 1, 10_001).reshape(1, -1, 1).repeat(3, 2)
bright = np.full((8, 8, 3), 1.01)
print("method       200, 100, 50, 128 is read as  mean error of a slope  1.01 is written as")
for method in ("OpenImageIO", "Imageio"):
    colours = colour.read_image("transparent.png", method=method)[0, 0]
    read = (colours * 255).round().astype(int).tolist()
    colour.write_image(slope, "slope.png", bit_depth="uint8", method=method)
    bias = float((np.asarray(Image.open("slope.png")) - slope * 255).mean())
    colour.write_image(bright, "bright.png", bit_depth="uint8", method=method)
    white = int(np.asarray(Image.open("bright.png"))[0, 0, 0])
    print(f"{method:12} {read!s:28} {bias:+12.2f} levels {white:19}")
    if method == "OpenImageIO":
        assert read == [100, 50, 25, 128] and white == 255 and abs(bias + 0.5) < 0.02
    else:
        assert read == [200, 100, 50, 128] and white < 5 and abs(bias) < 0.02
EOF
