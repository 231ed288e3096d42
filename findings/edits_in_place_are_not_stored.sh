#!/usr/bin/env bash
# datasets, pillow-jxl: a photograph that was changed in place is stored as it was before
#
# Believed: what is stored are the pixels of the Pillow picture that is handed over, so a picture
#   shrunk by thumbnail(), or with rain drawn upon it, is stored small, or with rain.
# Found: where a picture still knows the file it was opened from, that file is stored instead: by
#   datasets whatever the format, and silently; by pillow-jxl for a JPEG. thumbnail() and ImageDraw
#   leave the name, a copy() has none. A photograph on which rain was drawn so is stored without it.
# Source: datasets/features/image.py, encode_pil_image, which takes the path where there is one.
#
# Run on 2026-11-28, Python 3.11.7, datasets 5.2.0, pillow 13.0.0, pillow-jxl-plugin 1.3.8,
# numpy 2.4.6. Output:
#   a black 96x64 made white and small   in place   copy()
#   by_datasets  png                       0 96x64  255 60x40
#   by_datasets  jpg                       0 96x64  255 60x40
#   by_jxl       png                     255 60x40  255 60x40
#   by_jxl       jpg                       0 96x64  255 60x40
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  datasets==5.2.0 pillow==13.0.0 pillow-jxl-plugin==1.3.8 numpy==2.4.6
venv/bin/python -W ignore - <<'EOF'
import os

os.environ["HF_HUB_OFFLINE"] = "1"
import datasets
import pillow_jxl  # noqa: F401, registers itself
from PIL import Image, ImageDraw


def edited(file: str, copied: bool) -> Image.Image:
    picture = Image.open(file)
    if copied:
        picture = picture.copy()
    picture.thumbnail((60, 60))
    ImageDraw.Draw(picture).rectangle((0, 0, 60, 60), fill="white")
    return picture


def by_datasets(picture: Image.Image) -> Image.Image:
    features = datasets.Features(x=datasets.Image())
    return datasets.Dataset.from_dict({"x": [picture]}, features=features)[0]["x"]


def by_jxl(picture: Image.Image) -> Image.Image:
    picture.save("x.jxl")
    return Image.open("x.jxl")


for kind in ("png", "jpg"):
    Image.new("RGB", (96, 64)).save(f"x.{kind}")
print("a black 96x64 made white and small   in place   copy()")
for store in (by_datasets, by_jxl):
    for kind in ("png", "jpg"):
        stored = [store(edited(f"x.{kind}", copied)) for copied in (False, True)]
        seen = [f"{x.getpixel((9, 9))[0]:3} {x.width}x{x.height}" for x in stored]
        print(f"{store.__name__:12} {kind:23} " + "  ".join(seen))
        lost = store is by_datasets or kind == "jpg"
        assert stored[0].size == ((96, 64) if lost else (60, 40)) and stored[1].size == (60, 40)
        assert (stored[0].getpixel((9, 9))[0] < 5) is lost and stored[1].getpixel((9, 9))[0] > 250
EOF
