#!/usr/bin/env bash
# torchvision: to_dtype(uint16, scale=True) makes pure white black; so do adjust_gamma and adjust_hue of 16 bits
#
# Believed: 1.0 becomes 65535 as it becomes 255 with uint8, and 16-bit pictures keep their whites in every
#   transform that takes them.
# Found: 1.0 is multiplied by 65535.999, which float32 rounds to 65536, and that wraps to 0. The next lower
#   float is right. adjust_gamma and adjust_hue go by way of floats and put black dots into what is blown
#   out: lamps, sky, drops of rain. Brightness, contrast, saturation, sharpness and resizing of 16 bits
#   keep white, as does 8 bits. In float64, 1.0 is right.
# Source: torchvision/transforms/v2/functional/_misc.py, to_dtype_image, `eps = 1e-3`.
#
# Run on 2026-11-29, Python 3.11.7, torchvision 0.29.2, torch 2.15.0. Output:
#   1.0 to uint8                     255
#   1.0 to uint16                      0
#   1.0 of float64 to uint16       65535
#   the float below 1.0 to uint16  65535
#   adjust_gamma(255, 0.5)           255
#   adjust_gamma(65535, 0.5)           0
#   adjust_hue(65535, 0.1)             0
#   adjust_saturation(65535, 0.5)  65531
#   adjust_sharpness(65535, 2)     65535
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python torchvision==0.29.2 torch==2.15.0
venv/bin/python - 2>/dev/null <<'EOF'
import torch
from torchvision.transforms.v2 import functional as F

white = torch.ones(3, 8, 8)
below = torch.full((3, 8, 8), 1 - 2**-24)
white8 = torch.full((3, 8, 8), 255, dtype=torch.uint8)
white16 = torch.full((3, 8, 8), 65535, dtype=torch.uint16)
found = {
    "1.0 to uint8": F.to_dtype(white, torch.uint8, scale=True),
    "1.0 to uint16": F.to_dtype(white, torch.uint16, scale=True),
    "1.0 of float64 to uint16": F.to_dtype(white.double(), torch.uint16, scale=True),
    "the float below 1.0 to uint16": F.to_dtype(below, torch.uint16, scale=True),
    "adjust_gamma(255, 0.5)": F.adjust_gamma(white8, 0.5),
    "adjust_gamma(65535, 0.5)": F.adjust_gamma(white16, 0.5),
    "adjust_hue(65535, 0.1)": F.adjust_hue(white16, 0.1),
    "adjust_saturation(65535, 0.5)": F.adjust_saturation(white16, 0.5),
    "adjust_sharpness(65535, 2)": F.adjust_sharpness(white16, 2.0),
}
values = {name: int(picture[0, 4, 4]) for name, picture in found.items()}
for name, value in values.items():
    print(f"{name:30} {value:5}")
black = {"1.0 to uint16", "adjust_gamma(65535, 0.5)", "adjust_hue(65535, 0.1)"}
for name, value in values.items():
    white_there = 255 if "255" in name or "uint8" in name else 65535
    assert value == 0 if name in black else value >= white_there - 5
EOF
