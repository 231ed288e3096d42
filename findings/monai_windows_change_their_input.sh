#!/usr/bin/env bash
# MONAI: Gaussian sliding windows multiply the picture itself where a network hands it on
#
# Believed: the windows of a picture are read only; a network that returns its input, as the baseline of a
#   comparison or for a dry photograph, gives the picture back.
# Found: with one window at a time (sw_batch_size=1) the network gets a view of the picture, and what it
#   returns is multiplied in place by the window's weights. An identity gives dark rims, and the caller's
#   picture is ruined for all that follows, such as its comparison with the result. With two windows at a
#   time, where windows are copied, or mode="constant", whose weights are 1, all is well.
# Source: monai/inferers/utils.py, sliding_window_inference, `sw_device_buffer[ss] *= w_t`.
#
# Run on 2026-11-29, Python 3.11.7, monai 1.6.1, torch 2.15.0, scikit-image 0.26.0. Output:
#   mean of the picture 0.387; after nn.Identity in windows of 128x128:
#   constant, 1 at a time: result 0.387, the caller's picture 0.387
#   gaussian, 1 at a time: result 0.293, the caller's picture 0.054
#   gaussian, 2 at a time: result 0.387, the caller's picture 0.387
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python monai==1.6.1 torch==2.15.0 scikit-image==0.26.0
venv/bin/python - <<'EOF'
import torch
from monai.inferers import sliding_window_inference
from skimage import data

photograph = torch.tensor(data.coffee() / 255, dtype=torch.float32).permute(2, 0, 1)[None]
print(f"mean of the picture {photograph.mean():.3f}; after nn.Identity in windows of 128x128:")
found = {}
for mode, batch in (("constant", 1), ("gaussian", 1), ("gaussian", 2)):
    picture = photograph.clone()
    with torch.no_grad():
        result = sliding_window_inference(
            picture, (128, 128), batch, torch.nn.Identity(), overlap=0.25, mode=mode
        )
    found[mode, batch] = [float(x.mean()) for x in (result, picture)]
    print(
        f"{mode}, {batch} at a time: result {found[mode, batch][0]:.3f}, "
        f"the caller's picture {found[mode, batch][1]:.3f}"
    )
mean = float(photograph.mean())
for run in (("constant", 1), ("gaussian", 2)):
    assert all(abs(x - mean) < 1e-4 for x in found[run])
assert all(x < 0.8 * mean for x in found["gaussian", 1])
EOF
