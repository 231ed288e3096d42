"""The students that come with this package, by size."""

from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

Size = Literal["nano", "small", "base"]
SIZES: tuple[Size, ...] = get_args(Size)
"""From fast to good."""
DEFAULT: Size = "base"


def packaged_student(size: Size = DEFAULT) -> Path:
    """Return the file of the packaged student of a size."""
    return Path(str(files("ssid") / "packaged" / f"{size}.safetensors"))
