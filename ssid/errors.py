"""The exceptions whose text is written for the person at the keyboard."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """Something the user can mend: what was found, what was expected, what to do.

    Entry points print the message alone, without a traceback, and exit with status 1. Those who
    import this package may catch the subclasses by their standard names as well.
    """


class InvalidValueError(UserError, ValueError):
    """A value is of the wrong kind, out of its range, or contradicts another one."""


class MissingFileError(UserError, FileNotFoundError):
    """A file or folder that is needed is not there."""


class UnknownNameError(UserError, LookupError):
    """A name stands for nothing.

    Args:
        kind: sort of thing that the name should be, such as ``model``.
        name: the name that was found.
        allowed: the names that there are.
        place: place where the name was found, for the beginning of the message.
        advice: sentence that ends the message.
    """

    def __init__(
        self, kind: str, name: str, allowed: Iterable[str], place: str = "", advice: str = ""
    ) -> None:
        known = list(allowed)
        where = f"{place}: " if place else ""
        then = f" {advice}" if advice else ""
        super().__init__(
            f"{where}unknown {kind} {name!r}.{nearest(name, known)}"
            f" Available: {', '.join(known) or 'none'}.{then}"
        )


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the most similar allowed name, or nothing."""
    matches = get_close_matches(name, list(allowed), n=1, cutoff=0.5)
    return f" Did you mean {matches[0]!r}?" if matches else ""
