#!/usr/bin/env bash
# albumentations: ISONoise makes a few pixels jump towards white; the flatter the picture, the fewer
#
# Believed: noise of a camera's sensor is about every pixel, up and down, by how much light fell on it; fog,
#   which flattens a scene, keeps it, and a grey card shows it best.
# Found: the noise of lightness is a Poisson number whose mean is the standard deviation of the picture's own
#   lightness in [0, 1], times intensity: at 0.5 nine pixels of ten stay as light as they were, and the
#   tenth goes half the way to white. Fog has a tenth as many of those, a grey card none. The noise of
#   hue touches colours alone. So it is specks as of snow or rain, and more of them in the clear half of a
#   pair than in the hazy half.
# Source: albumentations/augmentations/pixel/functional.py, iso_noise.
#
# Run on 2026-11-29, Python 3.11.7, albumentations 2.0.8, opencv-python-headless 4.13.0.92, scikit-image
#   0.26.0. Output:
#   share of pixels whose lightness in [0, 255] goes up, or down, by more than 5
#   scene              ISONoise    GaussNoise
#   contrast 1.00   9.9%  0.0%   25.5% 25.2%
#   contrast 0.25   2.7%  0.0%   21.5% 28.7%
#   contrast 0.10   1.1%  0.0%   22.0% 26.7%
#   contrast 0.00   0.0%  0.0%   24.3% 24.3%
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  albumentations==2.0.8 opencv-python-headless==4.13.0.92 scikit-image==0.26.0
NO_ALBUMENTATIONS_UPDATE=1 venv/bin/python - <<'EOF'
import albumentations as A
import numpy as np
from skimage import data

photograph = data.coffee()
# The same mean of brightness, with less and less contrast about it.
mean = photograph.mean()
pictures = {
    f"contrast {contrast:4.2f}": ((photograph - mean) * contrast + mean).round().astype(np.uint8)
    for contrast in (1.0, 0.25, 0.1, 0.0)
}


def lightness(picture: np.ndarray) -> np.ndarray:
    return (picture.max(2).astype(float) + picture.min(2)) / 2


transforms = {
    "ISONoise": A.ISONoise(color_shift=(0.05, 0.05), intensity=(0.5, 0.5), p=1),
    "GaussNoise": A.GaussNoise(std_range=(0.05, 0.05), p=1),
}
print("share of pixels whose lightness in [0, 255] goes up, or down, by more than 5")
print("scene          " + "  ".join(f"{name:>12}" for name in transforms))
found = {}
for scene, picture in pictures.items():
    for name, transform in transforms.items():
        noisy = A.Compose([transform], seed=0)(image=picture)["image"]
        change = lightness(noisy) - lightness(picture)
        found[scene, name] = float((change > 5).mean()), float((change < -5).mean())
    pairs = ("{:5.1%} {:5.1%}".format(*found[scene, name]) for name in transforms)
    print(f"{scene:14} " + "   ".join(pairs))
clear, _, fog, card = (found[scene, "ISONoise"] for scene in pictures)
assert 0.05 < clear[0] < 0.2 and clear[1] < 0.01
assert fog[0] < clear[0] / 5 and card == (0, 0)
assert all(min(found[scene, "GaussNoise"]) > 0.2 for scene in pictures)
EOF
