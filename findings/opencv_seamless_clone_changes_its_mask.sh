#!/usr/bin/env bash
# OpenCV: seamlessClone leaves the mask inverted, so every second call with it pastes something else
#
# Believed: source, target and mask are read only; the same call gives the same picture.
# Found: a mask of one channel comes back inverted within its bounding box, less a margin of three
#   pixels. Where one mask serves several frames, or rainy and clean of a pair, the second picture is
#   cloned by the inverse, the third is right again, and a mask that is drawn or saved later is not the
#   one that was drawn. illuminationChange, colorChange and textureFlattening do it too, and even to an
#   array that NumPy holds to be read-only. 4.10 did not. A mask of three channels stays as it is.
# Source: opencv issue 12053 has the same of 3.4.1, mended then.
#
# Run on 2026-11-28, Python 3.11.7, opencv-python-headless 5.0.0.93 and 4.10.0.84, numpy 2.4.6. Output:
#   OpenCV 4.10.0   .....####################.....
#   after call 1    .....####################..... largest difference from the first picture 0
#   after call 2    .....####################..... largest difference from the first picture 0
#   after call 3    .....####################..... largest difference from the first picture 0
#   mask kept by illuminationChange, colorChange, textureFlattening, three channels
#   OpenCV 5.0.0    .....####################.....
#   after call 1    .....###..............###..... largest difference from the first picture 0
#   after call 2    .....####################..... largest difference from the first picture 255
#   after call 3    .....###..............###..... largest difference from the first picture 0
#   mask kept by three channels
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for version in 4.10.0.84 5.0.0.93; do
  uv venv --quiet --python 3.11 "$version"
  uv pip install --quiet --python "$version/bin/python" opencv-python-headless==$version numpy==2.4.6
done
cat > clone.py <<'PYTHON'
import cv2
import numpy as np

levels = np.random.default_rng(0)
source, target = (levels.integers(0, 256, (40, 60, 3), dtype=np.uint8) for _ in range(2))
mask = np.zeros((40, 60), np.uint8)
mask[10:30, 20:40] = 255
drawn = mask.copy()
mask.flags.writeable = False


def row(mask: np.ndarray) -> str:
    return "".join("#" if level else "." for level in mask[20, 15:45])


pictures, kept = [], []
print(f"OpenCV {cv2.__version__:8}", row(mask))
for number in range(1, 4):
    pictures.append(cv2.seamlessClone(source, target, mask, (30, 20), cv2.NORMAL_CLONE))
    kept.append(bool((mask == drawn).all()))
    error = np.abs(pictures[-1].astype(int) - pictures[0]).max()
    print(f"after call {number}   ", row(mask), f"largest difference from the first picture {error}")
others = {}
for change in (cv2.illuminationChange, cv2.colorChange, cv2.textureFlattening):
    mask = drawn.copy()
    change(source, mask)
    others[change.__name__] = bool((mask == drawn).all())
of_three = cv2.merge([drawn] * 3)
cv2.seamlessClone(source, target, of_three, (30, 20), cv2.NORMAL_CLONE)
others["three channels"] = bool((of_three == drawn[..., None]).all())
print("mask kept by", ", ".join(name for name, same in others.items() if same))
old = cv2.__version__.startswith("4.10")
assert kept == ([True] * 3 if old else [False, True, False])
assert (pictures[0] == pictures[2]).all() and (pictures[0] == pictures[1]).all() == old
assert list(others.values()) == [old, old, old, True]
PYTHON
for version in 4.10.0.84 5.0.0.93; do
  "$version/bin/python" clone.py
done
