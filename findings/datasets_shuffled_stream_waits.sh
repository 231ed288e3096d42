#!/usr/bin/env bash
# datasets: every epoch of a shuffled stream of Parquet files ends with five seconds of waiting
#
# Believed: shuffle(buffer_size) of a stream costs memory, and hardly any time.
# Found: it mixes several readers of the file, and where they are shut down, at the end of an epoch
#   or where iteration stops early, it sleeps SLEEP_TIME_ON_THREADS_SHUTDOWN = 5 seconds, once each
#   time, however small the set. An epoch of forty pairs took ten times as long as in order. Without
#   shuffle, or from other sources than Parquet and its like, there is no wait. Long epochs hide it.
# Source: datasets/iterable_dataset.py of this version, beside a comment that names Arrow's 45214.
#
# Run on 2026-11-28, Python 3.11.7, datasets 5.2.0. Output:
#   datasets 5.2.0: an epoch of 40 numbers, streamed from one Parquet file
#   in order: less than a second; shuffled with a buffer of 16: 5 s more
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python datasets==5.2.0
venv/bin/python - <<'EOF' 2>/dev/null
import os
import time

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HOME"] = "home"
import datasets

datasets.Dataset.from_dict({"i": list(range(40))}).to_parquet("numbers.parquet")
stream = datasets.load_dataset(
    "parquet", data_files="numbers.parquet", split="train", streaming=True
)


def seconds(chosen) -> float:
    list(chosen)  # once to warm up
    start = time.perf_counter()
    assert sorted(x["i"] for x in chosen) == list(range(40))
    return time.perf_counter() - start


print(f"datasets {datasets.__version__}: an epoch of 40 numbers, streamed from one Parquet file")
plain, shuffled = seconds(stream), seconds(stream.shuffle(seed=0, buffer_size=16))
print(f"in order: {'less than a second' if plain < 1 else f'{plain:.0f} s'}; ", end="")
print(f"shuffled with a buffer of 16: {int(shuffled - plain)} s more")
assert shuffled - plain > 4.5
EOF
