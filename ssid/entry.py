"""How every command ends: quietly when done, with one message for a person when not."""

import errno
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from time import sleep
from types import FrameType

from ssid.errors import UserError
from ssid.extras import explain_missing
from ssid.plugins import load_plugins


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM, under a name by which no library takes it for its own."""


def run(main: Callable[..., None]) -> None:
    """Call the entry point of a stage with the arguments of the command line, as words."""
    with reporting():
        load_plugins()
        main(*sys.argv[1:])


LAUNCHERS = {"DVC_STAGE", "TORCHELASTIC_RUN_ID"}
"""Environment variables that DVC, and what starts several processes, give to theirs."""
ADVICE = {
    errno.ENOSPC: "Free some space there",
    errno.EDQUOT: "Free some of your quota there",
    errno.EFBIG: "Allow larger files there",
    errno.EIO: "The disk, or the way to it, is faulty: look into the log of the system",
    errno.EROFS: "What lies there cannot be changed: make it writable",
    errno.EACCES: "Give yourself the permission",
    errno.EPERM: "Give yourself the permission",
    errno.EEXIST: "A file is in the way of a folder: move it away, or name another place",
    errno.ENOTDIR: "A file is in the way of a folder: move it away, or name another place",
    errno.EISDIR: "A folder is in the way of a file: name a file",
    errno.ENAMETOOLONG: "Name something shorter",
    errno.EMFILE: "Allow more open files (`ulimit -n`)",
    errno.ENFILE: "Allow more open files",
    errno.ESTALE: "The network share has gone away: mount it again",
    errno.EHOSTDOWN: "The network share has gone away: mount it again",
}
"""What to do about errors of the system that are no fault of this program."""


OUT_OF_MEMORY = (
    "memory ran out. Lower batch.patch, or raise batch.parts, which takes a step in parts; of large"
    " images, set a tile. Then run the same command again."
)


@contextmanager
def reporting() -> Iterator[None]:
    """Turn what a user can mend into a message on stderr and exit status 1.

    Ctrl-C and SIGTERM exit with status 130; defects of the program keep their traceback. A process
    that DVC or a launcher has started ends, as by SIGTERM, when that does; of several that work
    together, the first one alone says what holds for all.
    """
    first = os.environ.get("RANK", "0") == "0"
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("ssid").setLevel(logging.INFO if first else logging.ERROR)
    before = signal.signal(signal.SIGTERM, _interrupt)
    if LAUNCHERS & os.environ.keys():
        Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    try:
        yield
    except UserError as error:
        _exit(f"error: {error}", 1)
    except ModuleNotFoundError as error:
        if (explained := explain_missing(error.name)) is None:
            raise
        _exit(f"error: {explained}", 1)
    except (KeyboardInterrupt, Interrupted) as interrupt:
        said = f"interrupted: {str(interrupt) or 'nothing was lost'}; the same command continues."
        agreed = not first and bool(str(interrupt))  # the first one ends with this status
        _exit(said if first else "", 0 if agreed else 130)
    except OSError as error:
        if error.errno not in ADVICE:
            raise
        _exit(f"error: {explain(error)}", 1)
    except (MemoryError, RuntimeError) as error:
        if not _ran_out_of_memory(error):
            raise
        _exit(f"error: {OUT_OF_MEMORY}", 1)
    finally:
        # All is said: SIGTERM that comes while Python shuts down now ends it without a traceback.
        signal.signal(signal.SIGTERM, before)


def explain(error: OSError) -> str:
    """Return what an error of the system is about, and what to do, in one line."""
    where = error.filename or "the disk of this project"
    reason = error.strerror or os.strerror(error.errno or 0)
    return f"{where}: {reason}. {ADVICE[error.errno or 0]}, then run the same command again."


def _ran_out_of_memory(error: Exception) -> bool:
    """Return whether Python, NumPy or PyTorch, which has several ways to say so, lacks memory."""
    said = str(error)
    return isinstance(error, MemoryError) or any(
        words in said for words in ("out of memory", "can't allocate memory", "not enough memory")
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _follow(parent: int) -> None:
    """Ask this process to end once its parent has: it would go on beside its own repetition."""
    while os.getppid() == parent:
        sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _exit(message: str, status: int) -> None:
    if message:
        print(message, file=sys.stderr)
    raise SystemExit(status)
