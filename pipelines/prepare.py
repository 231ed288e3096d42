"""DVC stage: verify one data set once and store it for training."""

import os
from pathlib import Path

from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.data.prepare import prepare
from ssid.data.roles import Role
from ssid.entry import run


def main(role: Role, name: str) -> None:
    """Prepare the set ``name`` of ``role`` that params/data.yaml describes."""
    block = load_params(Path("params/data.yaml"), DataParams).sets(role)[name]
    workers = len(os.sched_getaffinity(0))
    print(prepare(role, name, block, Path("data/prepared") / role / name, workers))


if __name__ == "__main__":
    run(main)
