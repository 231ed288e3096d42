"""The one exception whose text is written for the person at the keyboard."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """Something the user can mend: what was found, what was expected, what to do.

    Entry points print the message alone, without a traceback, and exit with status 1.
    """


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the most similar allowed name, or nothing."""
    matches = get_close_matches(name, list(allowed), n=1, cutoff=0.5)
    return f" Did you mean {matches[0]!r}?" if matches else ""
