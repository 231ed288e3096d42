"""Read the text of a list, of any common encoding."""

import codecs
from pathlib import Path

from ssid.errors import UserError

MAX_BYTES = 1 << 28
_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_list(file: Path) -> str:
    """Return the text of a list in UTF-8, UTF-8 with a mark, or UTF-16.

    Raises:
        UserError: The file cannot be read or is too large.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"the list {file} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_BYTES:
        raise UserError(f"the list {file} is larger than {MAX_BYTES >> 20} MiB.")
    for mark, encoding in _BOMS.items():
        if data.startswith(mark):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    if b"\0" in data[:100:2] + data[1:100:2] and b"\0" in (data[:2], data[1:2]):
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    return data.decode("utf-8", "surrogateescape")
