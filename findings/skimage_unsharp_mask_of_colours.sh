#!/usr/bin/env bash
# scikit-image: unsharp_mask(channel_axis=-1) sharpens three rows, and all others are what lay in memory
#
# Believed: channel_axis=-1, as everywhere in scikit-image, and channel_axis=2 are the same for a colour
#   picture, and give each channel's sharpened picture.
# Found: a negative axis is counted from nowhere: rows 0, 1 and 2 of the picture are taken for its channels,
#   each sharpened as a picture of its own, and the other rows of the result are never written. They hold
#   whatever the memory held, which may be an earlier picture of the same size, and then passes for a
#   result. channel_axis=2 is right.
# Source: skimage/_shared/utils.py, slice_at_axis; skimage/filters/_unsharp_mask.py.
#
# Run on 2026-11-29, Python 3.11.7, scikit-image 0.26.0, numpy 2.4.6. Output:
#   channel_axis= 2: 400 of 400 rows are right, 0% is 0.5
#   channel_axis=-1:   0 of 400 rows are right, 99% is 0.5
#   row 0 is row 0 sharpened as a picture of 600x3: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python scikit-image==0.26.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
from skimage import data, filters

photograph = data.coffee() / 255
channels = [filters.unsharp_mask(photograph[..., channel]) for channel in range(3)]
truth = np.stack(channels, axis=-1)


found = {}
for axis in (2, -1):
    # Another picture of this size, of which nobody knows any more: a card of 0.5.
    card = np.full_like(photograph, 0.5)
    del card
    result = filters.unsharp_mask(photograph, channel_axis=axis)
    assert result.shape == photograph.shape
    right = (np.abs(result - truth) < 1e-6).all((1, 2)).sum()
    found[axis] = int(right), float((result == 0.5).mean())
    print(f"channel_axis={axis:2}: {right:3} of {len(result)} rows are right, {found[axis][1]:.0%} is 0.5")
assert found[2][0] == len(photograph) and found[-1][0] == 0
alone = [filters.unsharp_mask(row) for row in photograph[:3]]
same = np.allclose(result[:3], alone)
print(f"row 0 is row 0 sharpened as a picture of 600x3: {same}")
assert same
EOF
