#!/usr/bin/env bash
# DVC: parameters 1, 1.0 and true are the same, .nan never is, and a date cannot be recorded
#
# Believed: a change of a parameter's type re-runs a stage, an unchanged file never does, and an
#   unquoted date is recorded as text.
# Found: values are compared by Python's ==, so 1 -> true re-runs nothing; .nan differs from
#   itself, so its stage runs each time; a date fails with "not JSON serializable", each time,
#   until it is quoted.
#
# Run on 2026-11-28, Python 3.11.7, dvc 3.67.1. Output:
#   3.67.1
#   seed 1, 1.0, true: ran 1 time; limit .nan, unchanged: ran 3 times
#   Object of type date is not JSON serializable
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python dvc==3.67.1
export DVC_NO_ANALYTICS=1 PATH="$folder/venv/bin:$PATH"
git init --quiet && dvc init --quiet
mkdir settings
printf 'seed: 1\nlimit: .nan\nday: 2026-01-01\n' > settings/all.yaml
cat > dvc.yaml <<'EOF'
stages:
  seed: {cmd: echo >> seed.log, params: [{settings/all.yaml: [seed]}]}
  limit: {cmd: echo >> limit.log, params: [{settings/all.yaml: [limit]}]}
  day: {cmd: echo >> day.log, params: [{settings/all.yaml: [day]}]}
EOF
dvc --version
dvc repro --quiet seed
for value in 1.0 true; do
  sed -i "s/^seed: .*/seed: $value/" settings/all.yaml
  dvc repro --quiet seed
done
for _ in 1 2 3; do dvc repro --quiet limit; done
echo "seed 1, 1.0, true: ran $(wc -l < seed.log) time; limit .nan, unchanged: ran $(wc -l < limit.log) times"
test "$(wc -l < seed.log)" = 1
test "$(wc -l < limit.log)" = 3
if dvc repro day > log.txt 2>&1; then exit 1; fi
grep --only-matching "Object of type date is not JSON serializable" log.txt | head -1
