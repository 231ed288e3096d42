"""How every command ends: quietly when done, with one message for a person when not."""

import errno
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ssid.errors import UserError
from ssid.extras import explain_missing
from ssid.plugins import load_plugins


def run(main: Callable[..., None]) -> None:
    """Call the entry point of a stage with the arguments of the command line, as words."""
    with reporting():
        load_plugins()
        main(*sys.argv[1:])


@contextmanager
def reporting() -> Iterator[None]:
    """Turn what a user can mend into a message on stderr and exit status 1.

    Ctrl-C and SIGTERM exit with status 130; defects of the program keep their traceback.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("ssid").setLevel(logging.INFO)
    try:
        yield
    except UserError as error:
        _exit(f"error: {error}", 1)
    except ModuleNotFoundError as error:
        if (explained := explain_missing(error.name)) is None:
            raise
        _exit(f"error: {explained}", 1)
    except KeyboardInterrupt as interrupt:
        _exit(f"interrupted: {interrupt or 'nothing was lost'}; the same command continues.", 130)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = error.filename or "the disk of this project"
        _exit(f"error: no space left on {where}. Free some, then run the same command again.", 1)


def _exit(message: str, status: int) -> None:
    print(message, file=sys.stderr)
    raise SystemExit(status)
