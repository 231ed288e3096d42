#!/usr/bin/env bash
# safetensors.numpy: a transposed, strided or Fortran-ordered array is stored scrambled
#
# Believed: what safetensors.torch refuses, a tensor that is not contiguous, safetensors.numpy refuses
#   too, or copies.
# Found: save_file and save of safetensors.numpy take such an array's memory as it lies, under the
#   array's shape: weights turned from a layout of another framework by .transpose() (or read from a
#   MATLAB or HDF5 file in Fortran order) come back as other weights, in silence. PyTorch raises.
#   np.ascontiguousarray() mends it.
# Source: safetensors.numpy.save_file and save, run as below.
#
# Run on 2026-11-28, Python 3.11.7, safetensors 0.8.0, torch 2.15.0, numpy 2.4.6. Output:
#                          save_file  save   torch
#   as it is               True       True   saves
#   transposed to torch's  False      False  raises
#   every second           False      False  raises
#   Fortran order          False      False  raises
#   transposed, copied     True       True   saves
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python safetensors==0.8.0 torch==2.15.0 numpy==2.4.6
venv/bin/python -W ignore - <<'EOF'
import numpy as np
import safetensors.numpy
import safetensors.torch
import torch

kernel = np.random.default_rng(0).random((3, 3, 8, 4), dtype=np.float32)  # rows, columns, in, out
CASES = {
    "as it is": kernel,
    "transposed to torch's": kernel.transpose(3, 2, 0, 1),
    "every second": kernel[:, :, ::2],
    "Fortran order": np.asfortranarray(kernel),
    "transposed, copied": np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)),
}
print("                       save_file  save   torch")
for name, array in CASES.items():
    safetensors.numpy.save_file({"x": array}, "x.safetensors")
    back = safetensors.numpy.load_file("x.safetensors")["x"], safetensors.numpy.load(
        safetensors.numpy.save({"x": array}))["x"]
    equal = []
    for read in back:
        assert read.shape == array.shape and read.dtype == array.dtype
        equal.append(bool(np.array_equal(read, array)))
    try:
        safetensors.torch.save({"x": torch.from_numpy(array)})
        torch_does = "saves"
    except ValueError:
        torch_does = "raises"
    print(f"{name:22} {equal[0]!s:9}  {equal[1]!s:6} {torch_does}")
    whole = name in ("as it is", "transposed, copied")
    assert equal == [whole, whole] and torch_does == ("saves" if whole else "raises")
EOF
