#!/usr/bin/env bash
# albumentations, kornia: their rain is not light added to the picture
#
# Believed: RandomRain of either library adds bright streaks, so no pixel of the rainy picture is
#   darker than the clean one, as in Rain100L and Rain100H.
# Found: albumentations darkens and blurs the whole picture by default (98 % of pixels end below
#   the clean ones); with brightness_coefficient=1 it only brightens. kornia paints a fixed grey
#   of 200/255 over what is there, whatever its light: on a bright sky streaks are darker than it.
#   Losses that assume rain >= 0 do not hold on such pairs.
#
# Run on 2026-11-28, Python 3.11.7, albumentations 2.0.8, kornia 0.9.0, torch 2.15.0, opencv-
#   python-headless 4.13.0.92, numpy 2.4.6. Output:
#   albumentations 2.0.8, kornia 0.9.0
#   albumentations, grey                   98.1% of pixels darker, by up to 30 levels
#   albumentations, brightness 1, no blur   0.0% of pixels darker, by up to 0 levels
#   kornia, grey                            0.0% of pixels darker, by up to 0 levels
#   kornia, sky of 240                      4.3% of pixels darker, by up to 40 levels
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  albumentations==2.0.8 kornia==0.9.0 torch==2.15.0 opencv-python-headless==4.13.0.92 \
  numpy==2.4.6
venv/bin/python - <<'EOF'
import os

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
import albumentations
import kornia
import numpy as np
import torch


def darker(clean: np.ndarray, rainy: np.ndarray) -> tuple[float, int]:
    difference = rainy.astype(int) - clean
    return float((difference < 0).mean()), int(difference.min())


def by_albumentations(clean: np.ndarray, **options) -> np.ndarray:
    rain = albumentations.RandomRain(p=1, **options)
    return albumentations.Compose([rain], seed=0)(image=clean)["image"]


def by_kornia(clean: np.ndarray) -> np.ndarray:
    torch.manual_seed(0)
    rain = kornia.augmentation.RandomRain(p=1, number_of_drops=(100, 200), drop_height=(10, 20))
    rainy = rain(torch.from_numpy(clean).permute(2, 0, 1)[None].float() / 255)
    return (rainy[0] * 255).round().permute(1, 2, 0).numpy()


grey, sky = (np.full((200, 300, 3), level, np.uint8) for level in (100, 240))
found = {
    "albumentations, grey": darker(grey, by_albumentations(grey)),
    "albumentations, brightness 1, no blur": darker(
        grey, by_albumentations(grey, brightness_coefficient=1.0, blur_value=1)),
    "kornia, grey": darker(grey, by_kornia(grey)),
    "kornia, sky of 240": darker(sky, by_kornia(sky)),
}
print(f"albumentations {albumentations.__version__}, kornia {kornia.__version__}")
for name, (share, least) in found.items():
    print(f"{name:38} {share:5.1%} of pixels darker, by up to {-least} levels")
assert found["albumentations, grey"][0] > 0.9 and found["kornia, sky of 240"][1] == -40
assert found["albumentations, brightness 1, no blur"][0] == found["kornia, grey"][0] == 0
EOF
