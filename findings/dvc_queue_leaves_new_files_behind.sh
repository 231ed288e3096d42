#!/usr/bin/env bash
# DVC: an experiment with --temp or --queue takes edits along, but not files that Git does not know
#
# Believed: as uncommitted edits reach the experiment, new files do, too; if one were missing, DVC
#   would say so.
# Found: edited files come along, an untracked module stays behind without a word and the
#   experiment fails inside the stage, or, worse, uses an older fallback. `git add` without a
#   commit is enough. In the workspace itself the same experiment passes.
# Source: `--copy-paths` of dvc exp run exists for such files.
#
# Run on 2026-11-28, Python 3.11.7, dvc 3.67.1. Output:
#   3.67.1
#   in the workspace passed, --temp failed, --temp after git add passed
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python dvc==3.67.1
export DVC_NO_ANALYTICS=1 PATH="$folder/venv/bin:$PATH"
git init --quiet && git config user.email a@example.org && git config user.name a && dvc init --quiet
printf 'lr: 1\n' > params.yaml
cat > dvc.yaml <<'EOF'
stages:
  train:
    cmd: cat old.txt new.txt > seen.txt
    params: [lr]
    outs: [seen.txt]
EOF
echo old > old.txt
printf '/venv\n/log.txt\n' > .gitignore
git add . && git commit --quiet --message start
echo edited > old.txt
echo new > new.txt
dvc --version
try() { if dvc exp run "$@" > log.txt 2>&1; then echo passed; else echo failed; fi; }
workspace=$(try --set-param lr=2)
temporary=$(try --temp --set-param lr=3)
missing=$(grep -c "new.txt: No such file" log.txt)
git add new.txt
added=$(try --temp --set-param lr=4)
echo "in the workspace $workspace, --temp $temporary, --temp after git add $added"
test "$workspace $temporary $added" = "passed failed passed"
test "$missing" -ge 1
