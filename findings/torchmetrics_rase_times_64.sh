#!/usr/bin/env bash
# torchmetrics: RASE is 64 times what it should be, the number of pixels of its window
#
# Believed: RelativeAverageSpectralError is 100 / mean * RMSE, a percentage, in windows of 8x8.
# Found: it divides the windows' means by window_size**2, though its filter has averaged already, so
#   that every value is 64 times too large with the default window, and another number of times with
#   another. sewar has the true values. torchmetrics' can be compared with each other, at one window
#   size, and with nothing published.
# Source: torchmetrics/functional/image/rase.py, _rase_update.
#
# Run on 2026-11-28, Python 3.11.7, torchmetrics 1.9.0, sewar 0.4.10, torch 2.15.0, scikit-image
#   0.26.0, numpy 2.4.6. Output:
#   noise on     sewar   torchmetrics
#   rocket     17.45 %    1116.91 %
#   coffee     17.01 %    1088.45 %
#   0.4 for 0.5, window  4:    320.0 %
#   0.4 for 0.5, window  8:   1280.0 %
#   0.4 for 0.5, window 16:   5120.0 %
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  torchmetrics==1.9.0 sewar==0.4.10 torch==2.15.0 scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
import torch
from sewar.full_ref import rase
from skimage import data
from torchmetrics.functional.image import relative_average_spectral_error

print("noise on     sewar   torchmetrics")
for name in ("rocket", "coffee"):
    clean = getattr(data, name)()[40:296, 40:296]
    noise = np.random.default_rng(0).normal(0, 12, clean.shape)
    noisy = np.clip(clean + noise, 0, 255).round().astype(np.uint8)
    a, b = (torch.tensor(x / 255).permute(2, 0, 1)[None] for x in (noisy, clean))
    truth, found = float(rase(clean, noisy)), float(relative_average_spectral_error(a, b))
    print(f"{name:8} {truth:7.2f} % {found:10.2f} %")
    assert abs(found / truth - 64) < 0.1
# Grey 0.5 against 0.4: an error of a fifth, 20 %, whatever the window.
grey = torch.full((1, 3, 64, 64), 0.5, dtype=torch.float64)
for window in (4, 8, 16):
    found = float(relative_average_spectral_error(grey - 0.1, grey, window_size=window))
    print(f"0.4 for 0.5, window {window:2}: {found:8.1f} %")
    assert abs(found - 20 * window**2) < 1e-3
EOF
