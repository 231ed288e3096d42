#!/usr/bin/env bash
# mosaicml-streaming: a column "jpeg" compresses a JPEG photograph a second time
#
# Believed: a photograph opened from a JPEG file is stored as the bytes of that file.
# Found: a picture that Pillow opened from memory (from an archive, a hub or a request) is decoded
#   and compressed again; a noisy one is up to 70 of 255 levels off. "png" keeps pixels; "bytes"
#   keeps the file. Training pairs of which one side was rewritten no longer differ by rain alone.
#
# Run on 2026-11-28, Python 3.11.7, mosaicml-streaming 0.13.0, pillow 12.3.0, numpy 2.1.3. Output:
#   mosaicml-streaming 0.13.0: largest error in levels {'jpeg': 74, 'png': 0}
#   bytes kept: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  mosaicml-streaming==0.13.0 pillow==12.3.0 numpy==2.1.3
venv/bin/python - <<'EOF'
import io

import numpy as np
import streaming
from PIL import Image
from streaming import MDSWriter, StreamingDataset

noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
buffer = io.BytesIO()
Image.fromarray(noise).save(buffer, "JPEG", quality=95)
photograph = Image.open(buffer)
columns = {"jpeg": "jpeg", "png": "png", "bytes": "bytes"}
with MDSWriter(out="shards", columns=columns) as writer:
    writer.write({"jpeg": photograph, "png": photograph, "bytes": buffer.getvalue()})
stored = StreamingDataset(local="shards", batch_size=1)[0]
truth = np.asarray(photograph, int)
off = {name: int(np.abs(np.asarray(stored[name], int) - truth).max()) for name in ("jpeg", "png")}
print(f"mosaicml-streaming {streaming.__version__}: largest error in levels {off}")
print(f"bytes kept: {stored['bytes'] == buffer.getvalue()}")
assert off["jpeg"] > 10 and off["png"] == 0 and stored["bytes"] == buffer.getvalue()
EOF
