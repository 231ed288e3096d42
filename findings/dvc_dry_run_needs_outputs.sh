#!/usr/bin/env bash
# DVC: `repro --dry` fails in a fresh clone at the second stage
#
# Believed: a dry run lists every stage that would run, in a clone that has no outputs yet most of
#   all.
# Found: it prints the first stage, then asks for the file that this stage would have made, finds
#   none and stops with an error and exit code 255. The list is complete only where all
#   intermediate files exist already.
#
# Run on 2026-11-28, Python 3.11.7, dvc 3.67.1. Output:
#   3.67.1
#   1 of 2 stages listed
#   ERROR: failed to reproduce 'train': [Errno 2] No such file or directory: data.txt
#   real run: data
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python dvc==3.67.1
export DVC_NO_ANALYTICS=1 PATH="$folder/venv/bin:$PATH"
git init --quiet && dvc init --quiet
cat > dvc.yaml <<'EOF'
stages:
  prepare:
    cmd: echo data > data.txt
    outs: [data.txt]
  train:
    cmd: cp data.txt weights.txt
    deps: [data.txt]
    outs: [weights.txt]
EOF
dvc --version
if dvc repro --dry > log.txt 2>&1; then exit 1; fi
grep -c "Running stage" log.txt | sed 's/$/ of 2 stages listed/'
grep "^ERROR" log.txt | sed "s#'/.*/data.txt'#data.txt#"
test "$(grep -c 'Running stage' log.txt)" = 1
dvc repro --quiet
echo "real run: $(cat weights.txt)"
