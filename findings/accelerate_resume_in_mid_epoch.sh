#!/usr/bin/env bash
# accelerate: an epoch resumed by load_state and skip_first_batches repeats pictures, omits others
#
# Believed: with save_state in mid-epoch, then load_state and skip_first_batches(loader, n), as the
#   guide to checkpoints says, the resumed run sees the rest of the epoch.
# Found: the order of an epoch was drawn at its start, and the state keeps the generators as they
#   were later. By default the resumed epoch skips n batches of a new order. With
#   use_seedable_sampler=True it is the order of epoch 0; only with that and loader.set_epoch(epoch)
#   too is it the rest. The number of batches is right each time, so nothing shows.
# Source: Accelerate's guide "Checkpointing" has the recipe; users met it in issues 2016 and 2823 of
#   huggingface/accelerate.
#
# Run on 2026-11-28, Python 3.11.7, accelerate 1.15.0, torch 2.15.0, numpy 2.4.6. Output:
#   seedable sampler False, set_epoch False: again [4, 8, 9, 10], never [0, 1, 2, 3]
#   seedable sampler False, set_epoch True : again [4, 8, 9, 10], never [0, 1, 2, 3]
#   seedable sampler True , set_epoch False: again [1, 6, 11], never [5, 7, 9]
#   seedable sampler True , set_epoch True : again [], never []
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python \
  accelerate==1.15.0 torch==2.15.0 numpy==2.4.6
venv/bin/python - <<'EOF'
import torch
from accelerate import Accelerator, DataLoaderConfiguration, skip_first_batches
from accelerate.utils import set_seed
from torch.utils.data import DataLoader, TensorDataset


def start(seedable: bool):
    set_seed(0)
    accelerator = Accelerator(
        cpu=True, dataloader_config=DataLoaderConfiguration(use_seedable_sampler=seedable)
    )
    loader = DataLoader(TensorDataset(torch.arange(12)), batch_size=2, shuffle=True)
    return accelerator, accelerator.prepare(loader)


def pictures(loader, epoch: int | None) -> list[int]:
    if epoch is not None:
        loader.set_epoch(epoch)
    return [picture for (batch,) in loader for picture in batch.tolist()]


kept = {}
for seedable in (False, True):
    for tell in (False, True):
        accelerator, loader = start(seedable)
        pictures(loader, 0 if tell else None)
        if tell:
            loader.set_epoch(1)
        epoch = []
        for number, (batch,) in enumerate(loader):
            epoch += batch.tolist()
            if number == 2:
                accelerator.save_state("state")
        accelerator, loader = start(seedable)
        accelerator.load_state("state")
        rest = pictures(skip_first_batches(loader, 3), 1 if tell else None)
        kept[seedable, tell] = rest == epoch[6:]
        again, never = sorted(set(rest) & set(epoch[:6])), sorted(set(range(12)) - set(rest + epoch[:6]))
        print(f"seedable sampler {seedable!s:5}, set_epoch {tell!s:5}: again {again}, never {never}")
assert kept == {(False, False): False, (False, True): False, (True, False): False, (True, True): True}
EOF
