#!/usr/bin/env bash
# DVC: `dvc repro GROUP`, where the group's foreach is empty, runs the whole pipeline
#
# Believed: a group of stages that expands to nothing has nothing to do, or DVC says that there is
#   no such stage.
# Found: the name is taken for a group of no targets, and no targets means all of them: every
#   stage of dvc.yaml runs, hours of training included. No message tells so. Keep one member in
#   such a group, or let a plain stage read the list.
#
# Run on 2026-11-28, Python 3.11.7, dvc 3.67.1. Output:
#   3.67.1
#   Running stage 'train':
#   asked for prune, which is empty: trained
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python dvc==3.67.1
export DVC_NO_ANALYTICS=1 PATH="$folder/venv/bin:$PATH"
git init --quiet && dvc init --quiet
cat > params.yaml <<'EOF'
models: []
EOF
cat > dvc.yaml <<'EOF'
stages:
  train:
    cmd: echo trained > weights.txt
    outs: [weights.txt]
  prune:
    foreach: ${models}
    do:
      cmd: echo pruned > ${item}.txt
      outs: ["${item}.txt"]
EOF
dvc --version
dvc repro prune > log.txt 2>&1
grep "Running stage" log.txt
test -f weights.txt
echo "asked for prune, which is empty: $(cat weights.txt)"
