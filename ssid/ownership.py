"""One process at a time works in a folder; another one is told who does."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from ssid.errors import UserError
from ssid.files import try_to_hold

LOCK = "owner.lock"
"""File that the owner holds; what it says is for people, and is empty when nobody does."""


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Hold ``folder``, which is made if it is missing, for as long as the block lasts.

    The system ends the hold with the process, however that ends: a lock is never left behind.

    Raises:
        UserError: if another process holds it; names that process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as file:
        if not try_to_hold(file):
            raise UserError(
                f"{folder} belongs to {_owner(file)}, which is still at work there. Wait until it"
                " has ended, or stop it: it saves what it has done, and the same command goes on."
            )
        _write(file, _this_process())
        try:
            yield
        finally:
            with suppress(OSError):  # a disk that is full or gone
                _write(file, "")


def is_owned(folder: Path) -> bool:
    """Return whether a process holds ``folder``."""
    if not (folder / LOCK).is_file():
        return False
    with (folder / LOCK).open("r") as file:
        return not try_to_hold(file)


def _write(file: IO[str], text: str) -> None:
    file.truncate(0)
    file.write(text)
    file.flush()


def _this_process() -> str:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    began = datetime.now().strftime("%Y-%m-%d %H:%M:%S")
    who = {"pid": os.getpid(), "host": socket.gethostname(), "command": command, "began": began}
    return json.dumps(who)


def _owner(file: IO[str]) -> str:
    try:
        file.seek(0)
        who = json.loads(file.read(10_000))
        return f"process {who['pid']} on {who['host']} ({who['command']}, since {who['began']})"
    except (ValueError, KeyError, TypeError):
        return "another process"
