#!/usr/bin/env bash
# DVC: `exp run -S 'loss={l1: ...}'` adds to a mapping, it does not replace it
#
# Believed: -S key=VALUE sets the key to the value, so a mapping given in full replaces the old
#   one, and {} empties it.
# Found: mappings are merged: terms that are not named stay on, {} changes nothing and succeeds, a
#   key new to the mapping is refused. ~key removes, +key=VALUE adds, ++key=VALUE does either. A
#   list is replaced as a whole. On the way the file is written anew: comments stay, quotes go,
#   and a list in brackets becomes one item a line.
# Source: DVC hands -S to Hydra's override grammar, whose merge of dictionaries this is.
#
# Run on 2026-11-28, Python 3.11.7, dvc 3.67.1. Output:
#   3.67.1
#   loss={l1:5}        loss: {l1: 5, ssim: 2}
#   loss={}            loss: {l1: 1, ssim: 2}
#   loss={tv:1}        refused
#   loss.tv=1          refused
#   +loss.tv=1         loss: {l1: 1, ssim: 2, tv: 1}
#   ++loss.l1=3        loss: {l1: 3, ssim: 2}
#   ~loss.ssim         loss: {l1: 1}
#   name: a b
#   sizes:
#   - 3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python dvc==3.67.1
export DVC_NO_ANALYTICS=1 PATH="$folder/venv/bin:$PATH"
git init --quiet && git config user.email a@example.org && git config user.name a && dvc init --quiet
printf 'loss: {l1: 1, ssim: 2}\nname: "a b"\nsizes: [1, 2]\n' > params.yaml
cat > dvc.yaml <<'EOF'
stages:
  train:
    cmd: cp params.yaml seen.yaml
    params: [loss]
    outs: [seen.yaml]
EOF
git add . && git commit --quiet --message start
dvc --version
after() {
  git checkout --quiet params.yaml
  if dvc exp run --force --set-param "$1" > log.txt 2>&1; then grep '^loss' seen.yaml; else echo refused; fi
}
expect() {
  found=$(after "$1")
  printf '%-18s %s\n' "$1" "$found"
  test "$found" = "$2"
}
expect 'loss={l1:5}' 'loss: {l1: 5, ssim: 2}'
expect 'loss={}' 'loss: {l1: 1, ssim: 2}'
expect 'loss={tv:1}' 'refused'
expect 'loss.tv=1' 'refused'
expect '+loss.tv=1' 'loss: {l1: 1, ssim: 2, tv: 1}'
expect '++loss.l1=3' 'loss: {l1: 3, ssim: 2}'
expect '~loss.ssim' 'loss: {l1: 1}'
after 'sizes=[3]' > /dev/null
sed 1d params.yaml
test "$(sed 1d params.yaml)" = "$(printf 'name: a b\nsizes:\n- 3')"
