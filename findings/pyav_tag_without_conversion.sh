#!/usr/bin/env bash
# PyAV: a stream marked as BT.709 is written with the coefficients of BT.601
#
# Believed: setting the encoder's colorspace to BT.709 makes PyAV convert RGB frames with BT.709,
#   and HD without a mark is read as BT.709, as players do.
# Found: frames are converted with BT.601 whatever the mark says; a reader that trusts the mark
#   (PyAV and OpenCV both do) sees colours up to 16 levels off. Converting each frame with
#   reformat(dst_colorspace=ITU709) as well puts it right. Without a mark both read HD as BT.601,
#   so an HD camera's unmarked BT.709 comes out shifted.
# Source: libswscale's coefficients follow the frame, which from_ndarray leaves unmarked.
#
# Run on 2026-11-28, Python 3.11.7, av 18.1.0, opencv-python-headless 5.0.0.93, numpy 2.4.6. Output:
#   PyAV 18.1.0, OpenCV 5.0.0; error of red, green, blue
#   marked [12, 16, 3], marked and converted [2, 1, 1], neither [3, 2, 2], converted, unmarked [16, 21, 1]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  av==18.1.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
venv/bin/python - <<'EOF'
import av
import cv2
import numpy as np
from av.video.reformatter import Colorspace

av.logging.set_level(av.logging.PANIC)
colour = np.array([200, 30, 60])


def roundtrip(mark: bool, convert: bool) -> list[int]:
    with av.open("clip.mp4", "w") as clip:
        stream = clip.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        if mark:
            stream.codec_context.colorspace = 1  # AVCOL_SPC_BT709
        frame = av.VideoFrame.from_ndarray(np.full((720, 1280, 3), colour, np.uint8), format="rgb24")
        if convert:
            frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
        clip.mux([*stream.encode(frame), *stream.encode(None)])
    with av.open("clip.mp4") as clip:
        by_av = next(clip.decode(video=0)).to_ndarray(format="rgb24")[300, 300].astype(int)
    by_opencv = cv2.VideoCapture("clip.mp4").read()[1][300, 300, ::-1].astype(int)
    assert np.abs(by_av - by_opencv).max() <= 2
    return [int(x) for x in np.abs(by_av - colour)]


print(f"PyAV {av.__version__}, OpenCV {cv2.__version__}; error of red, green, blue")
marked, both, neither = roundtrip(True, False), roundtrip(True, True), roundtrip(False, False)
unmarked = roundtrip(False, True)
print(f"marked {marked}, marked and converted {both}, neither {neither}, converted, unmarked {unmarked}")
assert max(marked) > 10 and max(unmarked) > 10
assert max(both) <= 4 and max(neither) <= 4
EOF
