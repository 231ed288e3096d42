#!/usr/bin/env bash
# h5py, Zarr: a sum of pictures put into an 8-bit array is clipped by the one and wraps in the other
#
# Believed: writing wider integers into a uint8 array of either store is NumPy's assignment, which
#   keeps the lowest 8 bits.
# Found: Zarr does so, in HDF5 they are clipped to 0 and 255: rain added to a photograph beyond white is
#   white in the .h5 file and dark in the .zarr one. With h5py even the place of astype counts:
#   d.astype("uint8")[:] clips, d[:].astype("uint8") wraps. A NumPy scalar or array does, but a Python
#   number out of range is refused by h5py.
# Source: the conversion of integers in HDF5 and NumPy, run as below.
#
# Run on 2026-11-28, Python 3.11.7, h5py 3.16.0, zarr 3.1.6, numpy 2.4.6. Output:
#   photograph + rain           -10  250  300  355
#   h5py                          0  250  255  255
#   zarr                        246  250   44   99
#   h5py d.astype("uint8")[:]     0  250  255  255
#   h5py d[:].astype("uint8")   246  250   44   99
#   h5py d[0] = 300: OverflowError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python h5py==3.16.0 zarr==3.1.6 numpy==2.4.6
venv/bin/python - <<'EOF'
import h5py
import numpy as np
import zarr

photograph = np.array([10, 200, 250, 255], np.uint8)
rain = np.array([-20, 50, 50, 100])
total = photograph + rain
file = h5py.File("x.h5", "w")
clipped = file.create_dataset("clipped", (4,), "uint8")
clipped[:] = total
wide = file.create_dataset("wide", data=total)
array = zarr.create_array("x.zarr", shape=(4,), dtype="uint8")
array[:] = total
found = {
    "photograph + rain": total,
    "h5py": clipped[:],
    "zarr": array[:],
    'h5py d.astype("uint8")[:]': wide.astype("uint8")[:],
    'h5py d[:].astype("uint8")': wide[:].astype("uint8"),
}
for name, values in found.items():
    print(f"{name:26} {' '.join(f'{value:4}' for value in values)}")
saturated, wrapped = [0, 250, 255, 255], [246, 250, 44, 99]
assert [values.tolist() for values in found.values()] == [
    [-10, 250, 300, 355], saturated, wrapped, saturated, wrapped]
try:
    clipped[0] = 300
except OverflowError as error:
    print(f"h5py d[0] = 300: {type(error).__name__}")
else:
    raise AssertionError("a Python number was taken")
EOF
