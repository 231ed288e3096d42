"""Make archives that try to do harm, each with one good photograph among the rest."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

from support.hostile import encoded

ZEROS = 200 << 20  # bytes that a bomb expands to; they compress to a thousandth


def zip_file(path: Path, members: dict[str, bytes], **modes: int) -> None:
    """Write a ZIP; ``modes`` are Unix file types for members named without their suffix."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("good.png", encoded(".png", 1))
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = modes.get(name.partition(".")[0], 0) << 16
            file.writestr(info, data)


def tar_file(path: Path, *members: tuple[str, bytes, dict[str, object]], mode: str = "w") -> None:
    """Write a tar; each member has a name, data and fields of its header."""
    with tarfile.open(path, mode) as file:
        for name, data, fields in (("good.png", encoded(".png", 1), {}), *members):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for field, value in fields.items():
                setattr(info, field, value)
            file.addfile(info, io.BytesIO(data))


def patched(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def make_hostile_archives(folder: Path) -> dict[str, tuple[set[str], str]]:
    """Fill ``folder``; return for each archive the members to be refused and part of the reason."""
    folder.mkdir()
    png = encoded(".png", 2)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr("inside.png", png)

    zip_file(folder / "slip.zip", {"../up.png": png, "a/../../up.png": png})
    zip_file(folder / "absolute.zip", {"/tmp/absolute.png": png, "C:/x.png": png})
    zip_file(folder / "backslash.zip", {"..\\up.png": png})
    zip_file(folder / "link.zip", {"link.png": b"/etc/passwd"}, link=stat.S_IFLNK)
    zip_file(folder / "device.zip", {"device.png": b""}, device=stat.S_IFCHR)
    zip_file(folder / "bomb.zip", {"bomb.png": bytes(ZEROS)})
    zip_file(folder / "nested.zip", {"inner.zip": inner.getvalue(), "inner.tar.gz": b"x"})
    zip_file(folder / "twice.zip", {"a.png": png, "./a.png": png})
    zip_file(folder / "file_and_folder.zip", {"a.png": png, "a.png/b.png": png})
    zip_file(folder / "long.zip", {"n" * 300 + ".png": png})
    zip_file(folder / "program.zip", {"run.sh": b"rm", "x.exe": b"MZ", "no_suffix": png})

    zip_file(folder / "nul.zip", {"nul_.png.png": png})
    patched(folder / "nul.zip", b"nul_.png.png", b"nul\0.png.png")
    zip_file(folder / "encrypted.zip", {"secret.png": png})
    _flag(folder / "encrypted.zip", b"secret.png", 1)
    zip_file(folder / "crc.zip", {"bad.png": png})
    data = (folder / "crc.zip").read_bytes()
    at = data.index(b"bad.png") + 20
    (folder / "crc.zip").write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])

    tar_file(folder / "slip.tar", ("../up.png", png, {}), ("a/../../up.png", png, {}))
    tar_file(folder / "absolute.tar", ("/tmp/absolute.png", png, {}))
    link = {"type": tarfile.SYMTYPE, "linkname": "/etc"}
    tar_file(folder / "link.tar", ("dir.png", b"", link), ("dir.png/passwd.png", png, {}))
    hard = {"type": tarfile.LNKTYPE, "linkname": "../../secret.png"}
    tar_file(folder / "hardlink.tar", ("hard.png", b"", hard))
    kinds = (("char", tarfile.CHRTYPE), ("block", tarfile.BLKTYPE), ("pipe", tarfile.FIFOTYPE))
    tar_file(folder / "devices.tar", *((f"{name}.png", b"", {"type": t}) for name, t in kinds))
    tar_file(folder / "bomb.tar.gz", ("bomb.png", bytes(ZEROS), {}), mode="w:gz")
    tar_file(folder / "bomb.tar.xz", ("bomb.png", bytes(ZEROS), {}), mode="w:xz")
    tar_file(folder / "nested.tar", ("inner.zip", inner.getvalue(), {}))

    tar_file(folder / "cut.tar.gz", ("b.png", encoded(".bmp"), {}), mode="w:gz")
    whole = (folder / "cut.tar.gz").read_bytes()
    (folder / "cut.tar.gz").write_bytes(whole[: len(whole) * 3 // 4])
    _huge_header(folder / "header.tar.gz")
    unsafe, absolute = "leads out of the archive", "its path is absolute"
    return {
        "slip.zip": ({"../up.png", "a/../../up.png"}, unsafe),
        "absolute.zip": ({"/tmp/absolute.png", "C:/x.png"}, absolute),
        "backslash.zip": ({"..\\\\up.png"}, "backslashes"),
        "link.zip": ({"link.png"}, "link or device"),
        "device.zip": ({"device.png"}, "link or device"),
        "bomb.zip": ({"bomb.png"}, "expands to more than"),
        "nested.zip": ({"inner.zip", "inner.tar.gz"}, "an archive within"),
        "twice.zip": ({"./a.png"}, "occurs twice"),
        "file_and_folder.zip": ({"a.png/b.png"}, ""),
        "long.zip": ({"n" * 300 + ".png"}, "File name too long"),
        "program.zip": ({"run.sh", "x.exe", "no_suffix"}, "does not end like"),
        "nul.zip": ({"nul\\x00.png.png"}, absolute),
        "encrypted.zip": ({"secret.png"}, "encrypted"),
        "crc.zip": ({"bad.png"}, "damaged"),
        "slip.tar": ({"../up.png", "a/../../up.png"}, unsafe),
        "absolute.tar": ({"/tmp/absolute.png"}, absolute),
        "link.tar": ({"dir.png"}, ""),
        "hardlink.tar": ({"hard.png"}, ""),
        "devices.tar": ({"char.png", "block.png", "pipe.png"}, "unsafe (SpecialFileError)"),
        "bomb.tar.gz": ({"bomb.tar.gz"}, "expands to more than"),
        "bomb.tar.xz": ({"bomb.tar.xz"}, "expands to more than"),
        "nested.tar": ({"inner.zip"}, "an archive within"),
        "cut.tar.gz": ({"b.png", "cut.tar.gz"}, "damaged"),
        "header.tar.gz": ({"header.tar.gz"}, "a header claims"),
    }


def _flag(path: Path, name: bytes, bits: int) -> None:
    """Set general purpose flags of a member in its local and its central header."""
    data = bytearray(path.read_bytes())
    local, central = data.index(name) - 30, data.rindex(name) - 46
    for offset in (local + 6, central + 8):
        data[offset : offset + 2] = struct.pack("<H", bits)
    path.write_bytes(data)


def _huge_header(path: Path) -> None:
    """A tar whose extended header claims eight gigabytes of names."""
    good = io.BytesIO()
    with tarfile.open(fileobj=good, mode="w") as file:
        data = encoded(".png", 1)
        info = tarfile.TarInfo("good.png")
        info.size = len(data)
        file.addfile(info, io.BytesIO(data))
    header = tarfile.TarInfo("long")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 8 << 30
    members = good.getvalue().rstrip(b"\0")
    members += bytes(-len(members) % 512) + header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)
    path.write_bytes(gzip.compress(members))
