#!/usr/bin/env bash
# OpenCV: seeking by frame number misses in a clip of variable frame rate, as phones record
#
# Believed: CAP_PROP_POS_FRAMES = k makes the next read return frame k; the count of frames is
#   right, after all.
# Found: the number is turned into a time by the clip's mean rate once a key frame lies between.
#   In a clip of 40 quick and 20 slow frames 15 of 60 seeks miss, by up to 10 frames, and the last
#   ten return none. Reading in order gives all sixty. PyAV's timestamps say where each frame
#   lies.
#
# Run on 2026-11-28, Python 3.11.7, av 18.1.0, opencv-python-headless 5.0.0.93, numpy 2.4.6. Output:
#   OpenCV 5.0.0: 60 frames at 19.15 a second
#   in order all right: True
#   by number: 15 wrong by up to 10, 10 without a frame
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  av==18.1.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
venv/bin/python - <<'EOF'
from fractions import Fraction

import av
import cv2
import numpy as np

av.logging.set_level(av.logging.PANIC)
with av.open("clip.mp4", "w") as clip:
    stream = clip.add_stream("libx264", rate=30, options={"crf": "5"})
    stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
    stream.codec_context.gop_size = 30  # a key frame every 30
    stream.codec_context.time_base = Fraction(1, 600)
    time = 0
    for number in range(60):  # the white area's width tells the frame's number
        pixels = np.zeros((96, 128, 3), np.uint8)
        pixels[:, : 2 * number + 2] = 255
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = time, Fraction(1, 600)
        time += 20 if number < 40 else 60
        clip.mux(stream.encode(frame))
    clip.mux(stream.encode(None))


def number_of(picture: np.ndarray) -> int:
    return round((picture[48, :, 0] > 127).sum() / 2 - 1)


video = cv2.VideoCapture("clip.mp4")
count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
in_order = [number_of(video.read()[1]) for _ in range(count)]
missed, none = [], 0
for number in range(count):
    video.set(cv2.CAP_PROP_POS_FRAMES, number)
    read, picture = video.read()
    none += not read
    if read and number_of(picture) != number:
        missed.append(abs(number_of(picture) - number))
print(f"OpenCV {cv2.__version__}: {count} frames at {video.get(cv2.CAP_PROP_FPS):.2f} a second")
print(f"in order all right: {in_order == list(range(60))}")
print(f"by number: {len(missed)} wrong by up to {max(missed)}, {none} without a frame")
assert in_order == list(range(60)) and max(missed) >= 5 and none >= 5
EOF
