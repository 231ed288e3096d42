"""The memory there is, and the tile that fits in it."""

import math
import os
from pathlib import Path

import torch

SHARE = 0.5
"""Of the memory available that a network may take."""

ENOUGH = 640 << 20
"""Bytes beyond which larger tiles are no faster."""

UNLIMITED = 1 << 62


def available(device: str) -> int:
    """Return how many bytes are free on a device; on the CPU, also under a container's limit."""
    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    return min(_left_in_machine(), _left_in_container())


def fitting_side(per_pixel: float, room: int, margin: int, grid: int) -> int:
    """Return the side of the largest tiles whose network, margins included, fits in ``room``.

    Args:
        per_pixel: bytes, see :func:`ssid.models.memory.bytes_per_pixel`.
        room: bytes.
        margin: pixels that a tile sees on every side beyond itself.
        grid: the side is a multiple of this, and at least this.
    """
    side = int(math.sqrt(room / per_pixel)) - 2 * margin
    return max(side // grid, 1) * grid


def _left_in_machine(table: Path = Path("/proc/meminfo")) -> int:
    try:
        (line,) = (line for line in table.read_text().splitlines() if "MemAvailable" in line)
        return int(line.split()[1]) * 1024
    except (OSError, ValueError):  # not Linux: half of what is built in
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _left_in_container(root: Path = Path("/sys/fs/cgroup")) -> int:
    try:
        limit, used = ((root / f"memory.{name}").read_text() for name in ("max", "current"))
        return int(limit) - int(used)
    except (OSError, ValueError):  # no such limit, or "max"
        return UNLIMITED
