"""What the command line lets one choose; free of imports, so that it can be asked at once."""

from typing import Literal

Format = Literal["png", "jpeg", "webp", "avif", "tiff", "same"]
"""Of results; ``same`` is that of each photograph."""

Existing = Literal["refuse", "replace", "keep"]
"""What becomes of results that are there already; ``keep`` lets a broken run go on."""

Runtime = Literal["auto", "torch", "onnxruntime", "openvino"]
"""What computes a network."""
