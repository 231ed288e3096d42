"""Make a folder of the files that real folders of photographs hold, and worse."""

import io
import os
import socket
import struct
import zipfile
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP", ".bmp": "BMP", ".tif": "TIFF"}
FORMATS |= {".avif": "AVIF", ".gif": "GIF"}


def photograph(seed: int = 0, height: int = 48, width: int = 64) -> np.ndarray:
    """A smooth, uneven picture: uint8 H×W×3."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image)


def encoded(suffix: str, seed: int = 0, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(photograph(seed)).save(file, FORMATS[suffix], **options)
    return file.getvalue()


def png(width: int, height: int, data: bytes = b"", extra: bytes = b"") -> bytes:
    """A PNG file that claims a size, whatever its data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def truncated() -> dict[str, bytes]:
    """Files that end too early, cut at up to 70 % of their length."""
    files = {}
    for suffix in FORMATS:
        whole = encoded(suffix)
        for percent in (1, 5, 20, 40, 55, 70):
            files[f"cut{percent}{suffix}"] = whole[: max(1, len(whole) * percent // 100)]
    return files


@cache
def bombs() -> dict[str, bytes]:
    """Small files that would decode to gigabytes."""
    jpeg, bmp, gif = (encoded(suffix) for suffix in (".jpg", ".bmp", ".gif"))
    start = jpeg.index(b"\xff\xc0") + 5
    tiff = encoded(".tif").replace(
        struct.pack("<HHII", 256, 4, 1, 64), struct.pack("<HHII", 256, 4, 1, 10**6)
    )
    zeros = zlib.compress(bytes(10_000_000), 9)
    return {
        "bomb100k.png": png(100_000, 100_000, zeros),
        "bomb12k.png": png(12_000, 12_000, zeros),
        "bomb_int32.png": png(2**31 - 1, 2**31 - 1),
        "bomb.jpg": jpeg[:start] + struct.pack(">HH", 65_500, 65_500) + jpeg[start + 4 :],
        "bomb.bmp": bmp[:18] + struct.pack("<ii", 100_000, 100_000) + bmp[26:],
        "bomb_negative.bmp": bmp[:18] + struct.pack("<ii", 64, -(2**31)) + bmp[26:],
        "bomb.gif": gif[:6] + struct.pack("<HH", 65_535, 65_535) + gif[10:],
        "bomb.tif": tiff.replace(
            struct.pack("<HHII", 257, 4, 1, 48), struct.pack("<HHII", 257, 4, 1, 10**6)
        ),
        "bomb_lossless.webp": b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8L"
        + struct.pack("<I", 10) + b"\x2f\xff\xff\xff\x0f" + bytes(5),
        "bomb_text.png": png(
            64, 48, zeros, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(20_000_000), 9))
        ),
        "bomb_profile.png": png(
            64, 48, b"", chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(20_000_000), 9))
        ),
    }  # fmt: skip


def impostors() -> dict[str, bytes]:
    """Files whose content is not what their name says, or nothing at all."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("inside.png", encoded(".png"))
    bad_crc = bytearray(encoded(".png"))
    bad_crc[bad_crc.index(b"IDAT") + 10] ^= 0xFF
    small = {}
    for width, height in ((1, 1), (31, 31), (400, 31), (31, 400)):
        picture = io.BytesIO()
        Image.new("RGB", (width, height)).save(picture, "PNG")
        small[f"small{width}x{height}.png"] = picture.getvalue()
    floats, numbers = io.BytesIO(), io.BytesIO()
    Image.new("F", (64, 48)).save(floats, "TIFF")
    Image.new("I", (64, 48)).save(numbers, "TIFF")
    return small | {
        **{f"empty{suffix}": b"" for suffix in FORMATS},
        "float.tif": floats.getvalue(),
        "int32.tif": numbers.getvalue(),
        "text.jpg": b"this is no picture\n",
        "page.png": b"<!doctype html><title>404</title>",
        "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>',
        "archive.png": archive.getvalue(),
        "script.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\nshowpage\n",
        "paper.jpg": b"%PDF-1.4\n",
        "zeros.bmp": bytes(5_000),
        "noise.webp": np.random.default_rng(0).bytes(5_000),
        "checksum.png": bytes(bad_crc),
        "zero_width.png": png(0, 48),
        "no_data.png": png(64, 48),
        "._photo.jpg": b"\0\5\26\7" + bytes(100),
        "Thumbs.db": b"\xd0\xcf\x11\xe0" + bytes(100),
        "readme.txt": b"photographs of rain\n",
        "no_suffix": encoded(".png"),
    }


def odd_names() -> dict[bytes, bytes]:
    """Good photographs under names that are legal and troublesome."""
    names = [b"line\nbreak.png", b"tab\there.png", b"latin\xe9.png", b"\xff\xfe.png"]
    names += [b"n" * 251 + b".png", b"Case.png", b"case.png", b"-rf.png", b"with space.png"]
    names += [b"quote\"'`$(x).png", b"back\\slash.png", b"back\\nslash.png", b"UPPER.PNG"]
    names += ["\u202egnp.png".encode(), "\u96e8.png".encode(), b".hidden.png", b"%2e%2e.png"]
    return {name: encoded(".png", seed) for seed, name in enumerate(names)}


def make_hostile(root: Path, outside: Path) -> int:
    """Fill the new folder ``root`` and return the number of files in it, links included.

    ``outside`` is a new folder beside it, with a photograph that no link may lead to.
    """
    outside.mkdir()
    (outside / "secret.png").write_bytes(encoded(".png", 99))
    root.mkdir()
    files: dict[str | bytes, bytes] = {**truncated(), **bombs(), **impostors(), **odd_names()}
    files["really_png.jpg"] = encoded(".png", 50)
    for name, data in files.items():
        (root / os.fsdecode(name)).write_bytes(data)
    links = {
        "self.png": "self.png",
        "loop_a.png": "loop_b.png",
        "loop_b.png": "loop_a.png",
        "broken.png": "nowhere.png",
        "out.png": outside / "secret.png",
        "out_relative.png": f"../{outside.name}/secret.png",
        "device.png": "/dev/zero",
        "null.png": "/dev/null",
        "folder_out": outside,
        "folder_loop": ".",
        "folder_up.png": "..",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe.png")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(root)  # the path of a socket may have 107 bytes
        server.bind("socket.png")
        os.chdir(here)
    deep = root.joinpath(*["d"] * 100)
    deep.mkdir(parents=True)
    (deep / "deep.png").write_bytes(encoded(".png", 51))
    (root / "folder.png").mkdir()
    return len(files) + len(links) + 3
