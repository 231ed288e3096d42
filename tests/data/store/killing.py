"""Prepare a set several times, kill each run but the last, and count what was decoded.

Usage: killing.py ROOT OUTPUT CASE; prints JSON: for each run the names of the images it decoded.
"""

import json
import os
import signal
import sys
from functools import partial
from pathlib import Path

import datasets  # noqa: F401 - once, rather than in every child

import ssid.data.prepare as prepare_module
import ssid.data.store.writer as writer_module
from ssid.data.params import SyntheticSet
from ssid.data.store.journal import Journal

make_image, add_entry = prepare_module.make_image, Journal.add


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_entry(number: int, torn: bool, journal: Journal, entry: object) -> None:
    """Die after the image ``number`` is stored, without its line or with half of it."""
    die_at_entry.seen += 1
    if die_at_entry.seen < number:
        add_entry(journal, entry)
        return
    if torn:
        journal._file.write(b'{"record": {"na')
    die()


def set_trap(case: str) -> None:
    die_at_entry.seen = 0
    if case == "catalogue":
        writer_module.write_samples = die
    elif case == "unlink":
        Path.unlink = die  # of the journal, when all is done
    elif case == "start":
        writer_module.ArrayWriter.append = die
    else:
        number, torn = int(case.strip("~")), case.startswith("~")
        Journal.add = lambda *arguments: partial(die_at_entry, number, torn)(*arguments)


def run(root: str, output: str, case: str, log: Path) -> None:
    def decode(*arguments: object) -> object:
        with log.open("a") as file:
            print(f"{arguments[2].name} {arguments[3]}", file=file)
        return make_image(*arguments)

    prepare_module.make_image = decode
    if case:
        set_trap(case)
    block = SyntheticSet(root=root, layout="photographs", rain="rain100l", renderings=2)
    prepare_module.prepare("synthetic", "demo", block, Path(output), 1)


if __name__ == "__main__":
    _, root, output, cases = sys.argv
    decoded = []
    for number, case in enumerate([*cases.split(), ""]):
        log = Path(f"{output}.log{number}")
        log.touch()
        if child := os.fork():
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            assert status == (-signal.SIGKILL if case else 0), (case, status)
        else:
            try:
                run(root, output, case, log)
            finally:
                os._exit(1 if sys.exc_info()[0] else 0)
        decoded.append(log.read_text().splitlines())
        log.unlink()
    print(json.dumps(decoded))
