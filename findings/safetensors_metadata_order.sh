#!/usr/bin/env bash
# safetensors: the same tensors with the same metadata are other bytes in every process
#
# Believed: the format has one byte sequence for one content, so hashes of weights tell whether
#   they changed.
# Found: with two or more keys of metadata their order in the header comes from a hash map with a
#   random seed; two processes in four already differ. Content hashes (DVC's, a registry's) report
#   a change that is none. One key, holding JSON, is stable.
#
# Run on 2026-11-28, Python 3.11.7, safetensors 0.8.0, numpy 2.4.6. Output:
#   safetensors 0.8.0
#   eight processes: one key 1 kind of file; five keys, more than one kind: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python safetensors==0.8.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import hashlib
import subprocess
import sys

import safetensors

save = """
import numpy, safetensors.numpy, sys
keys = sys.argv[1].split(",")
sys.stdout.buffer.write(safetensors.numpy.save({"a": numpy.zeros(3)}, {key: "x" for key in keys}))
"""


def hashes(keys: str) -> set[str]:
    runs = [subprocess.check_output([sys.executable, "-c", save, keys]) for _ in range(8)]
    return {hashlib.sha256(run).hexdigest() for run in runs}


one, five = hashes("recipe"), hashes("name,recipe,commit,seed,data")
print(f"safetensors {safetensors.__version__}")
print(f"eight processes: one key {len(one)} kind of file; five keys, more than one kind: {len(five) > 1}")
assert len(one) == 1 and len(five) > 1
EOF
