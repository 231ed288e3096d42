#!/usr/bin/env bash
# rawpy: with no_auto_bright=True and a fixed white balance, exposure hangs on the brightest pixel
#
# Believed: no_auto_bright=True switches off all that depends on the content; then black level,
#   white level and white balance of the file say what a raw value becomes.
# Found: where the brightest raw value lies between 0.75 and 1 of the white level (both counted from
#   the black level), it is taken for the white level (adjust_maximum_thr), and below 0.75 not. A
#   pixel gets 32 % brighter when another one rises from 12400 to 12500. So of two frames of a fixed
#   camera one is scaled otherwise because a drop glinted, and their difference is not rain alone.
#   adjust_maximum_thr=0 puts it right. Naming the white level by user_sat does too, but it counts
#   from the black level: user_sat=white makes everything darker.
#
# Run on 2026-11-28, Python 3.11.7, rawpy 0.28.0, tifffile 2026.3.3, numpy 2.4.6. Output:
#   by the file's levels 14403
#   brightest raw value   default   adjust_maximum_thr=0   user_sat=16383   user_sat=15871
#                  4000     14402                  14402            13952            14402
#                 12400     14402                  14402            13952            14402
#                 12500     19067                  14402            13952            14402
#                 14000     16947                  14402            13952            14402
#                 16383     14402                  14402            13952            14402
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  rawpy==0.28.0 tifffile==2026.3.3 numpy==2.4.6
venv/bin/python - <<'EOF'
import numpy as np
import rawpy
import tifffile

BLACK, WHITE = 512, 16383
LONG, SHORT, BYTE, TEXT, FRACTION, SIGNED = 4, 3, 1, 2, 5, 10
IDENTITY = (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)


def write_dng(brightest: int) -> None:
    raw = np.full((64, 96), 4000, np.uint16)
    raw[:8, :8] = brightest
    tags = [
        (50706, BYTE, 4, (1, 4, 0, 0), True),  # DNGVersion
        (50708, TEXT, 0, "Test", True),  # UniqueCameraModel
        (33421, SHORT, 2, (2, 2), True),  # CFARepeatPatternDim
        (33422, BYTE, 4, (0, 1, 1, 2), True),  # CFAPattern: RGGB
        (50714, SHORT, 1, BLACK, True),  # BlackLevel
        (50717, SHORT, 1, WHITE, True),  # WhiteLevel
        (50721, SIGNED, 9, IDENTITY, True),  # ColorMatrix1
        (50728, FRACTION, 3, (1, 1, 1, 1, 1, 1), True),  # AsShotNeutral
        (50778, SHORT, 1, 21, True),  # CalibrationIlluminant1: D65
    ]
    tifffile.imwrite("a.dng", raw, photometric=32803, extratags=tags, metadata=None)


def level(**options: float) -> int:
    """Return what raw 4000 becomes, far from the bright corner; white is 65535."""
    with rawpy.imread("a.dng") as file:
        assert file.white_level == WHITE and set(file.black_level_per_channel) == {BLACK}
        rgb = file.postprocess(
            no_auto_bright=True, use_camera_wb=True, output_color=rawpy.ColorSpace.raw,
            gamma=(1, 1), output_bps=16, **options,
        )
    return int(rgb[40, 60, 1])


print(f"by the file's levels {round((4000 - BLACK) / (WHITE - BLACK) * 65535)}")
print("brightest raw value   default   adjust_maximum_thr=0   user_sat=16383   user_sat=15871")
levels = {}
for brightest in (4000, 12400, 12500, 14000, 16383):
    write_dng(brightest)
    levels[brightest] = (
        level(), level(adjust_maximum_thr=0.0), level(user_sat=WHITE), level(user_sat=WHITE - BLACK)
    )
    print("{:19} {:9} {:22} {:16} {:16}".format(brightest, *levels[brightest]))
assert levels[4000][0] == levels[12400][0] and levels[12500][0] > 1.3 * levels[12400][0]
assert levels[12500][0] > levels[14000][0] > levels[16383][0]
assert len({fixed for _, fixed, _, _ in levels.values()}) == 1
assert {(sat < 14000, rest) for _, _, sat, rest in levels.values()} == {(True, levels[4000][1])}
EOF
