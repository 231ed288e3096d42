#!/usr/bin/env bash
# accelerate: three usual ways to two CPU processes give one, or two that know nothing of each other
#
# Believed: `accelerate launch --cpu --num_processes 2` starts two processes; under torchrun,
#   Accelerator() on a machine without GPU joins two; PartialState() and Accelerator() agree.
# Found: launch --cpu starts one. torchrun starts two, but each Accelerator() takes itself for the
#   only one and trains alone on all data, without a word. With ACCELERATE_USE_CPU=true
#   Accelerator() joins them, PartialState() still does not, unless called with cpu=True.
#
# Run on 2026-11-28, Python 3.11.7, accelerate 1.15.0, torch 2.15.0, numpy 2.4.6. Output:
#   accelerate 1.15.0
#   accelerate launch --cpu --num_processes 2            processes 1
#   torchrun, Accelerator()                              processes 1 processes 1
#   ACCELERATE_USE_CPU torchrun, Accelerator()           processes 2 processes 2
#   ACCELERATE_USE_CPU torchrun, PartialState()          processes 1 processes 1
#   ACCELERATE_USE_CPU torchrun, PartialState(cpu=True)  processes 2 processes 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  accelerate==1.15.0 torch==2.15.0 numpy==2.4.6
export PATH="$folder/venv/bin:$PATH" CUDA_VISIBLE_DEVICES="" OMP_NUM_THREADS=1
cat > show.py <<'EOF'
import sys

from accelerate import Accelerator, PartialState

makers = {"Accelerator": Accelerator, "PartialState": PartialState,
          "PartialState(cpu=True)": lambda: PartialState(cpu=True)}
print("processes", makers[sys.argv[1]]().num_processes)
EOF
count() { "$@" 2> /dev/null | grep processes | tr '\n' ' '; }
expect() {
  printf '%-52s %s\n' "$1" "$2"
  test "$2" = "$3"
}
python -c "import accelerate; print('accelerate', accelerate.__version__)"
run="torchrun --standalone --nproc_per_node 2 show.py"
expect "accelerate launch --cpu --num_processes 2" \
  "$(count accelerate launch --cpu --num_processes 2 show.py Accelerator)" "processes 1 "
expect "torchrun, Accelerator()" "$(count $run Accelerator)" "processes 1 processes 1 "
export ACCELERATE_USE_CPU=true
expect "ACCELERATE_USE_CPU torchrun, Accelerator()" "$(count $run Accelerator)" "processes 2 processes 2 "
expect "ACCELERATE_USE_CPU torchrun, PartialState()" "$(count $run PartialState)" "processes 1 processes 1 "
expect "ACCELERATE_USE_CPU torchrun, PartialState(cpu=True)" \
  "$(count $run 'PartialState(cpu=True)')" "processes 2 processes 2 "
