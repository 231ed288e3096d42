"""DVC stage: verify one data set once and store it for training."""

import os
import sys
from pathlib import Path
from typing import cast

from ssid.config.load import load_params
from ssid.data.params import DataParams, Role
from ssid.data.prepare import prepare
from ssid.entry import reporting


def main(role: Role, name: str) -> None:
    """Prepare the set ``name`` of ``role`` that params/data.yaml describes."""
    block = load_params(Path("params/data.yaml"), DataParams).sets(role)[name]
    workers = len(os.sched_getaffinity(0))
    print(prepare(role, name, block, Path("data/prepared") / role / name, workers))


if __name__ == "__main__":
    with reporting():
        main(cast("Role", sys.argv[1]), sys.argv[2])
