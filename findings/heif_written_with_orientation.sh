#!/usr/bin/env bash
# pillow-heif: a photograph saved as HEIF with its EXIF orientation lies on its side for good
#
# Believed: as with JPEG, saving pixels with exif= keeps the orientation and
#   ImageOps.exif_transpose turns the picture when it is read.
# Found: the orientation in the written file's EXIF is not acted on and the reader resets it to 1,
#   because phones' files are turned by libheif while decoding. So it comes back unturned and
#   exif_transpose does nothing; the true value is in info["original_orientation"]. Turn pixels
#   before writing.
#
# Run on 2026-11-28, Python 3.11.7, pillow 13.0.0, pillow-heif 1.8.1, numpy 2.4.6. Output:
#   pillow-heif 1.8.1
#   JPEG: stored (320, 200), orientation 6, original None, after exif_transpose (200, 320)
#   HEIF: stored (320, 200), orientation 1, original 6, after exif_transpose (320, 200)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  pillow==13.0.0 pillow-heif==1.8.1 numpy==2.4.6
venv/bin/python - <<'EOF'
import io

import numpy as np
import pillow_heif
from PIL import Image, ImageOps

pillow_heif.register_heif_opener()
picture = Image.fromarray(np.zeros((200, 320, 3), np.uint8))


def reread(kind: str) -> Image.Image:
    orientation = Image.Exif()
    orientation[0x0112] = 6
    buffer = io.BytesIO()
    picture.save(buffer, kind, exif=orientation)
    return Image.open(buffer)


print(f"pillow-heif {pillow_heif.__version__}")
upright = {}
for kind in ("JPEG", "HEIF"):
    opened = reread(kind)
    upright[kind] = ImageOps.exif_transpose(opened).size
    print(f"{kind}: stored {opened.size}, orientation {opened.getexif().get(0x0112)}, "
          f"original {opened.info.get('original_orientation')}, after exif_transpose {upright[kind]}")
assert upright == {"JPEG": (200, 320), "HEIF": (320, 200)}
EOF
