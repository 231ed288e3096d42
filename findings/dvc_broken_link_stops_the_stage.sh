#!/usr/bin/env bash
# DVC: a link that leads nowhere, among ten thousand photographs, stops the stage before it starts
#
# Believed: a link in a folder that a stage depends on is hashed as a link, or skipped as Git's
#   ignored files are; whether a photograph can be read is the stage's affair.
# Found: DVC follows links while hashing and stops at the first that leads nowhere, with a bare
#   "No such file or directory"; so does `dvc status`, for the other stages, too. The same happens
#   with file links that lead to each other. A stage that would have left such a file out never
#   runs: look for links before.
#
# Run on 2026-11-28, Python 3.11.7, dvc 3.67.1. Output:
#   3.67.1
#   dvc repro: No such file or directory
#   dvc status: No such file or directory
#   without the link the stage ran
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python dvc==3.67.1
export DVC_NO_ANALYTICS=1 PATH="$folder/venv/bin:$PATH"
git init --quiet && dvc init --quiet
mkdir photographs
echo a > photographs/a.jpg
ln -s elsewhere.jpg photographs/b.jpg
cat > dvc.yaml <<'EOF'
stages:
  prepare:
    cmd: echo ran > ran.txt
    deps: [photographs]
    outs: [ran.txt]
EOF
dvc --version
for command in repro status; do
  if dvc $command > log.txt 2>&1; then exit 1; fi
  echo "dvc $command: $(grep -o 'No such file or directory' log.txt | head -1)"
done
test ! -e ran.txt
rm photographs/b.jpg
dvc repro --quiet
echo "without the link the stage $(cat ran.txt)"
