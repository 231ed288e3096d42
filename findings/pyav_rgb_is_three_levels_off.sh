#!/usr/bin/env bash
# PyAV: colours from 8-bit 4:2:0 are up to three levels off the formula, and grey is full range
#
# Believed: VideoFrame.to_ndarray(format="rgb24") and reformat(), told matrix and range, give the
#   standard's colours, rounded; and a frame of format gray keeps the levels of its Y' plane.
# Found: constant colours come out up to 3 levels off, with ACCURATE_RND or without;
#   turning them back to Y'CbCr loses more. And "gray" is taken for full range whatever the frame
#   and the arguments say: Y' 77 of limited range becomes 71.
# Source: ITU-R BT.709-6, 3.2 to 3.4; BT.601-7, 2.5.
#
# Run on 2026-11-28, Python 3.11.7, av 18.1.0 (libswscale 9.5.102), numpy 2.4.6. Output:
#   av 18.1.0: largest difference from the formula, levels of 255
#   plain 3, ACCURATE_RND 3
#   Y' 77 as gray: 71
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python av==18.1.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation

WEIGHTS = {Colorspace.ITU601: (0.299, 0.114), Colorspace.ITU709: (0.2126, 0.0722)}


def formula(y, cb, cr, kr, kb):
    y, cb, cr = (y - 16) / 219, (cb - 128) / 224, (cr - 128) / 224
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return np.rint(np.clip([red, green, blue], 0, 1) * 255)


def frame_of(y, cb, cr, matrix):
    planes = [np.full(size, level, np.uint8) for size, level in ((1536, y), (384, cb), (384, cr))]
    frame = av.VideoFrame.from_ndarray(np.concatenate(planes).reshape(48, 48), format="yuv420p")
    frame.colorspace, frame.color_range = matrix, ColorRange.MPEG
    return frame


rng = np.random.default_rng(0)
plain = flagged = 0
for matrix, weights in WEIGHTS.items():
    for _ in range(200):
        levels = [int(rng.integers(*span)) for span in ((30, 220), (90, 166), (90, 166))]
        frame, right = frame_of(*levels, matrix), formula(*levels, *weights)
        plain = max(plain, np.abs(frame.to_ndarray(format="rgb24")[5, 5] - right).max())
        exact = frame.reformat(
            format="rgb24", src_colorspace=matrix, src_color_range=ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
        )
        flagged = max(flagged, np.abs(exact.to_ndarray()[5, 5] - right).max())
print(f"av {av.__version__}: largest difference from the formula, levels of 255")
print(f"plain {plain:.0f}, ACCURATE_RND {flagged:.0f}")
limited = {"src_color_range": ColorRange.MPEG, "dst_color_range": ColorRange.MPEG}
grey = frame_of(77, 128, 128, Colorspace.ITU709).reformat(format="gray", **limited).to_ndarray()
print(f"Y' 77 as gray: {grey[5, 5]}")
assert (plain, flagged, grey[5, 5]) == (3, 3, 71)
EOF
