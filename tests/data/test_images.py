import os
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from ssid.data import images
from ssid.data.images import ImageError, read_rgb, shrink
from support.hostile import FORMATS, bombs, chunk, encoded, impostors, photograph, truncated

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")

PIXELS = photograph()
GRAY = PIXELS[..., 0]


def saved(path, image, **options):
    image.save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_lossless_formats_are_exact(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix))
    assert np.array_equal(read_rgb(path), PIXELS)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif", ".gif"])
def test_lossy_formats_are_close(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix))
    error = np.abs(read_rgb(path).astype(int) - PIXELS)
    assert error.mean() < 6  # a GIF has 256 colours


def test_grey_and_black_and_white_are_repeated(tmp_path):
    gray = read_rgb(saved(tmp_path / "a.png", Image.fromarray(GRAY)))
    assert np.array_equal(gray, np.repeat(GRAY[..., None], 3, axis=2))
    bits = read_rgb(saved(tmp_path / "b.png", Image.fromarray(GRAY > 127)))
    assert np.array_equal(bits[..., 1], np.where(GRAY > 127, 255, 0))


def test_palette_shows_its_colours(tmp_path):
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    assert read_rgb(saved(tmp_path / "a.png", image))[7, 9].tolist() == [200, 100, 50]


def test_transparency_is_laid_on_white(tmp_path):
    image = Image.new("RGBA", (40, 40), (200, 100, 0, 51))
    expected = [round(c * 0.2 + 255 * 0.8) for c in (200, 100, 0)]
    assert read_rgb(saved(tmp_path / "a.png", image))[0, 0].tolist() == expected
    clear = Image.new("P", (40, 40), 1)
    clear.putpalette([0, 0, 0, 9, 9, 9])
    assert read_rgb(saved(tmp_path / "b.png", clear, transparency=1))[0, 0].tolist() == [255] * 3
    gray = Image.new("LA", (40, 40), (100, 0))
    assert read_rgb(saved(tmp_path / "c.png", gray))[0, 0].tolist() == [255] * 3


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_grey_is_scaled_by_its_range(tmp_path, suffix):
    levels = np.zeros((40, 40), np.uint16)
    levels[0, :5] = [0, 128, 129, 32768, 65535]
    picture = read_rgb(saved(tmp_path / f"a{suffix}", Image.fromarray(levels)))
    assert picture[0, :5, 0].tolist() == [0, 0, 1, 128, 255]


def test_16_bit_colour_is_scaled_by_its_range(tmp_path):
    row = b"\0" + struct.pack(">3H", 65535, 32768, 0) * 40
    header = struct.pack(">IIBBBBB", 40, 40, 16, 2, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * 40))
        + chunk(b"IEND", b"")
    )
    assert read_rgb(tmp_path / "a.png")[3, 3].tolist() == [255, 128, 0]


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_planes_of_16_bits_are_read_right_or_refused(tmp_path, compression):
    tifffile = pytest.importorskip("tifffile", reason="needs the extra depth")
    levels = np.linspace(0, 65535, 3 * 40 * 48).round().astype(np.uint16).reshape(3, 40, 48)
    path = tmp_path / "planes.tif"
    tifffile.imwrite(path, levels, photometric="rgb", compression=compression)
    if compression is None:
        with pytest.raises(ImageError, match="plane by plane: save it pixel by pixel"):
            read_rgb(path)
    else:
        assert np.abs(read_rgb(path) - np.moveaxis(levels, 0, -1) / 257).max() <= 1


def test_cmyk_becomes_rgb(tmp_path):
    image = Image.new("CMYK", (40, 40), (0, 255, 255, 0))
    red, green, blue = read_rgb(saved(tmp_path / "a.tif", image))[0, 0]
    assert (red, green, blue) == (255, 0, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    turns = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: np.rot90,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "a.png", Image.fromarray(PIXELS), exif=exif)
    assert np.array_equal(read_rgb(path), turns[orientation](PIXELS))


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tif"])
def test_first_picture_of_several(tmp_path, suffix):
    red, blue = Image.new("RGB", (40, 40), "red"), Image.new("RGB", (40, 40), "blue")
    path = saved(tmp_path / f"a{suffix}", red, save_all=True, append_images=[blue])
    picture = read_rgb(path).reshape(-1, 3).mean(0)
    assert picture[0] > 250
    assert picture[2] < 5


def test_profiles_are_converted_to_srgb(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(PIXELS)
    same = read_rgb(saved(tmp_path / "a.png", image, icc_profile=srgb))
    assert np.abs(same.astype(int) - PIXELS).max() <= 1
    swapped = swapped_profile(srgb)
    red = saved(tmp_path / "b.png", Image.new("RGB", (40, 40), (255, 0, 0)), icc_profile=swapped)
    assert read_rgb(red)[0, 0].tolist() == pytest.approx([0, 255, 0], abs=2)


def swapped_profile(profile: bytes) -> bytes:
    """The profile with its red and green primaries exchanged."""
    return profile.replace(b"rXYZ", b"tmp!").replace(b"gXYZ", b"rXYZ").replace(b"tmp!", b"gXYZ")


def test_a_profile_that_cannot_be_applied_is_ignored(tmp_path):
    image = Image.fromarray(PIXELS)
    path = saved(tmp_path / "a.png", image, icc_profile=b"no profile")
    assert np.array_equal(read_rgb(path), PIXELS)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert np.array_equal(read_rgb(saved(tmp_path / "b.png", image, icc_profile=lab)), PIXELS)


@pytest.mark.parametrize(("name", "data"), [*truncated().items(), *bombs().items()])
def test_truncated_files_and_bombs_are_refused(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImageError) as refusal:
        read_rgb(tmp_path / name)
    assert str(tmp_path) not in str(refusal.value)
    assert " at 0x" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty.png", "empty"),
        ("text.jpg", "not an image"),
        ("script.jpg", "not an image"),
        ("float.tif", "32 bits"),
        ("small400x31.png", "too small: 400×31"),
        ("no_data.png", "truncated"),
    ],
)
def test_the_reason_is_plain(tmp_path, name, reason):
    (tmp_path / name).write_bytes(impostors()[name])
    with pytest.raises(ImageError, match=reason):
        read_rgb(tmp_path / name)


@pytest.mark.parametrize("name", ["bomb100k.png", "bomb12k.png", "bomb.jpg", "bomb.tif"])
def test_bombs_are_refused_by_their_header(tmp_path, name, monkeypatch):
    monkeypatch.setattr(images, "_to_8_bits", lambda _: pytest.fail("decoded"))
    (tmp_path / name).write_bytes(bombs()[name])
    with pytest.raises(ImageError, match="too large: above 100 million pixels"):
        read_rgb(tmp_path / name)


def test_what_cannot_be_opened_is_refused(tmp_path):
    (tmp_path / "loop.png").symlink_to("loop.png")
    os.mkfifo(tmp_path / "pipe.png")
    for name, reason in [
        ("missing.png", "No such file"),
        ("loop.png", "symbolic links"),
        ("pipe.png", "not a regular file"),
        (".", "not a regular file"),
        ("nul\0.png", "not a path"),
        ("x" * 300, "too long"),
    ]:
        with pytest.raises(ImageError, match=reason):
            read_rgb(tmp_path / name)


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(".png"))
    path.chmod(0)
    if os.geteuid() == 0:  # the superuser reads everything

        def denied(*_):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(type(path), "open", denied)
    with pytest.raises(ImageError, match="cannot be read: Permission denied"):
        read_rgb(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_mutated_bytes_never_escape(tmp_path, suffix):
    """Fuzz: a mutated file decodes to a picture or is refused; nothing else ever happens."""
    draw = random.Random(suffix)
    whole = encoded(suffix)
    path = tmp_path / f"a{suffix}"
    outcomes = set()
    for _ in range(80):
        data = bytearray(whole)
        for _ in range(draw.choice([1, 3, 20])):
            end = draw.choice([60, len(data)])  # headers are where parsers go wrong
            data[draw.randrange(min(end, len(data)))] = draw.choice([0, 255, draw.randrange(256)])
        path.write_bytes(data)
        try:
            picture = read_rgb(path)
        except ImageError:
            outcomes.add("refused")
        else:
            outcomes.add("decoded")
            assert picture.dtype == np.uint8
            assert picture.ndim == 3
            assert picture.shape[2] == 3
            assert min(picture.shape[:2]) >= images.MIN_SIDE
    assert "refused" in outcomes


def test_shrink_bounds_the_longer_side():
    picture = photograph(height=100, width=200)
    assert shrink(picture, None) is picture
    assert shrink(picture, 200) is picture
    assert shrink(picture, 100).shape == (50, 100, 3)
    with pytest.raises(ImageError, match="too small"):
        shrink(picture, 50)


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)


def test_heic_and_jpeg_xl_say_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "_formats", lambda: ["PNG", "JPEG"])
    extra = r"pip install 'ssid\[formats\]'"
    for name, reason in (
        ("a.HEIC", f"HEIC cannot be read here: {extra}"),
        ("a.jxl", f"JPEG XL cannot be read here: {extra}"),
        ("a.png", "none of PNG, JPEG$"),
    ):
        (tmp_path / name).write_bytes(HEIC)
        with pytest.raises(ImageError, match=reason):
            read_rgb(tmp_path / name)


@pytest.mark.parametrize(
    ("module", "suffix"),
    [("pillow_heif", ".heic"), ("pillow_heif", ".HEIF"), ("pillow_jxl", ".jxl")],
)
def test_heic_and_jpeg_xl_are_read_where_their_packages_are(tmp_path, module, suffix):
    plugin = pytest.importorskip(module)
    if module == "pillow_heif":
        plugin.register_heif_opener()
    path = saved(tmp_path / f"a{suffix}", Image.fromarray(PIXELS), quality=95)
    assert np.abs(read_rgb(path).astype(int) - PIXELS).mean() < 4


@pytest.mark.parametrize("suffix", [".mpo", ".jpg"])
@pytest.mark.parametrize("ultra_hdr", [False, True])
def test_the_first_picture_of_a_telephone_is_taken(tmp_path, suffix, ultra_hdr):
    """Bursts and Ultra HDR are JPEG files with further pictures behind the first: a gain map."""
    options = {"format": "MPO", "save_all": True, "append_images": [Image.new("RGB", (40, 40))]}
    if ultra_hdr:
        options["xmp"] = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" hdrgm:Version="1.0"></x:xmpmeta>'
    path = saved(tmp_path / f"a{suffix}", Image.fromarray(PIXELS), quality=95, **options)
    assert np.abs(read_rgb(path).astype(int) - PIXELS).mean() < 4
