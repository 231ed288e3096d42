"""How every command ends: quietly when done, with one message for a person when not."""

import errno
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ssid.errors import UserError


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
