"""What comes out is of the kind that went in: one test per kind, through the command's own way."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from ssid.data.images import ImageError, read_rgb
from ssid.errors import UserError
from ssid.inference import derain_folder
from ssid.inference.pictures import read_photo
from ssid.inference.writing import Output
from support.tiny_networks import Identity, picture


def levels(height, width, channels, dtype):
    rng = np.random.default_rng(0)
    return rng.integers(0, np.iinfo(dtype).max + 1, (height, width, channels), dtype=dtype)


def png(path, channels):
    """Write 16 bits a channel: PNG (W3C, 2003), unfiltered rows."""
    height, width, count = channels.shape
    rows = np.ascontiguousarray(channels.astype(">u2")).reshape(height, -1).view(np.uint8)
    content = zlib.compress(np.hstack([np.zeros((height, 1), np.uint8), rows]).tobytes())
    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[count], 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", content), (b"IEND", b"")]
    whole = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + whole)


def derained(path, form="png", quality=None):
    target = path.parent / "out"
    summary = derain_folder(Identity(), path, target, output=Output(form, quality))
    assert not summary.refused, summary.refused
    return summary.written[0]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize(("suffix", "form"), [(".png", "png"), (".tif", "tiff"), (".webp", "png")])
def test_modes_are_kept(mode, suffix, form, tmp_path):
    if suffix == ".webp" and mode in ("L", "LA"):
        pytest.skip("WebP has no grey")
    source = tmp_path / f"street{suffix}"
    pixels = levels(40, 50, len(mode), np.uint8).squeeze()
    if suffix == ".webp" and mode == "RGBA":
        pixels[..., 3] |= 1  # WebP drops the colour of what cannot be seen
    Image.fromarray(pixels).save(source, **({"lossless": True} if suffix == ".webp" else {}))
    result = Image.open(derained(source, form))
    assert result.mode == mode
    assert np.array_equal(np.asarray(result), pixels)


def test_black_and_white_becomes_grey_and_a_palette_colours(tmp_path):
    pixels = levels(40, 50, 1, np.uint8).squeeze()
    Image.fromarray(pixels > 99).save(tmp_path / "bits.png")
    assert np.array_equal(np.asarray(Image.open(derained(tmp_path / "bits.png"))) > 0, pixels > 99)
    palette = Image.fromarray(picture(40, 50)).quantize(16)
    palette.save(tmp_path / "palette.png")
    result = Image.open(derained(tmp_path / "palette.png"))
    assert result.mode == "RGB"
    assert np.array_equal(np.asarray(result), np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("form", ["png", "tiff"])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_16_bits_are_kept_in_every_bit(count, form, tmp_path):
    pytest.importorskip("torchvision", reason="needs the extra depth")
    tifffile = pytest.importorskip("tifffile", reason="needs the extra depth")
    pixels = levels(40, 50, count, np.uint16)
    png(tmp_path / "deep.png", pixels)
    result = derained(tmp_path / "deep.png", form)
    found = read_photo(result).channels() if form == "png" else tifffile.imread(result)
    assert found.dtype == np.uint16
    assert np.array_equal(found.squeeze(), pixels.squeeze())


def test_16_bit_tiff_is_read_with_its_profile(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="needs the extra depth")
    pixels, profile = levels(40, 50, 3, np.uint16), srgb()
    tifffile.imwrite(tmp_path / "deep.tif", pixels, photometric="rgb", iccprofile=profile)
    result = derained(tmp_path / "deep.tif")
    assert np.array_equal(read_photo(result).colour, pixels)
    assert Image.open(result).info["icc_profile"] == profile


def test_16_bit_tiff_of_planes_is_read_as_any_other(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="needs the extra depth")
    pixels = levels(40, 50, 3, np.uint16)
    planes = np.ascontiguousarray(np.moveaxis(pixels, -1, 0))
    tifffile.imwrite(tmp_path / "deep.tif", planes, photometric="rgb")
    assert np.array_equal(read_photo(tmp_path / "deep.tif").colour, pixels)


def test_16_bit_alpha_that_was_multiplied_in_is_divided_out(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="needs the extra depth")
    pixels = levels(40, 50, 4, np.uint16)
    pixels[..., 3] = np.maximum(pixels[..., 3], 20_000)
    pixels[:5, :, 3] = 0
    multiplied = pixels.copy()
    share = pixels[..., 3:] / 65535
    multiplied[..., :3] = (pixels[..., :3] * share).round()
    kinds = {"photometric": "rgb", "extrasamples": ["assocalpha"]}
    tifffile.imwrite(tmp_path / "deep.tif", multiplied, **kinds)
    photo = read_photo(tmp_path / "deep.tif")
    assert np.array_equal(photo.alpha, pixels[..., 3])
    assert np.abs(photo.colour[5:].astype(int) - pixels[5:, :, :3]).max() <= 2
    assert not photo.colour[:5].any()


def test_16_bit_ink_becomes_light_as_8_bit_ink_does(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="needs the extra depth")
    ink = levels(40, 50, 4, np.uint8)
    for name, pixels in (("deep", ink.astype(np.uint16) * 257), ("usual", ink)):
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels, photometric="separated")
    deep, usual = (read_photo(tmp_path / f"{name}.tif") for name in ("deep", "usual"))
    assert deep.alpha is None
    assert np.array_equal(deep.colour, usual.colour)


@pytest.mark.parametrize("read", [lambda path: read_photo(path).colour // 257, read_rgb])
def test_16_bit_grey_whose_white_is_zero_is_no_negative(read, tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="needs the extra depth")
    pixels = levels(40, 50, 1, np.uint16)[..., 0]
    tifffile.imwrite(tmp_path / "deep.tif", pixels, photometric="miniswhite")
    assert np.abs(read(tmp_path / "deep.tif")[..., 0] - (65535 - pixels) / 257.0).max() <= 1


def test_without_the_extra_16_bit_colours_are_refused_and_the_extra_is_named(tmp_path, monkeypatch):
    png(tmp_path / "deep.png", levels(40, 50, 3, np.uint16))
    monkeypatch.setattr("ssid.inference.pictures.find_spec", lambda module: None)
    (refused,) = derain_folder(Identity(), tmp_path, tmp_path.parent / "out").refused
    assert "16 bits" in refused.reason
    assert "pip install" in refused.reason


def test_a_16_bit_png_that_was_cut_off_is_called_truncated(tmp_path):
    png(tmp_path / "deep.png", levels(40, 50, 3, np.uint16))
    whole = (tmp_path / "deep.png").read_bytes()
    (tmp_path / "deep.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match=r"^truncated: "):
        read_photo(tmp_path / "deep.png")


@pytest.mark.parametrize("kind", ["float", "grey with alpha"])
def test_tiffs_that_cannot_be_read_are_called_tiffs(kind, tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="needs the extra depth")
    if kind == "float":
        tifffile.imwrite(tmp_path / "a.tif", np.zeros((40, 50, 3), np.float32), photometric="rgb")
    else:
        pixels = np.zeros((40, 50, 2), np.uint16)
        kinds = {"photometric": "minisblack", "extrasamples": ["unassalpha"]}
        tifffile.imwrite(tmp_path / "a.tif", pixels, **kinds)
    with pytest.raises(ImageError, match=r"^a TIFF of a kind that cannot be read: save it"):
        read_photo(tmp_path / "a.tif")


def srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "avif", "tiff", "same"])
def test_profile_and_values_are_kept_together(form, tmp_path):
    """Values are not converted, so that a wide gamut loses nothing, and the profile says so."""
    smooth = np.linspace(0, 255, 64, dtype=np.uint8)[None, :, None].repeat(48, 0).repeat(3, 2)
    profile = srgb()  # once: it holds the time
    Image.fromarray(smooth).save(tmp_path / "wide.png", icc_profile=profile)
    result = Image.open(derained(tmp_path / "wide.png", form))
    assert result.info["icc_profile"] == profile
    assert np.abs(np.asarray(result.convert("RGB")).astype(int) - smooth).mean() < 1.5


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("deep", [False, True])
def test_results_are_upright_and_stay_so(turn, deep, tmp_path):
    if deep:
        pytest.importorskip("torchvision", reason="needs the extra depth")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = turn, "Camera"
    source = tmp_path / "turned.png"
    pixels = levels(40, 50, 3, np.uint8)
    Image.fromarray(pixels).save(source, exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(source)))
    if deep:
        block = exif.tobytes().removeprefix(b"Exif\0\0")
        png(source, pixels.astype(np.uint16) * 257)
        content, chunk = source.read_bytes(), b"eXIf" + block
        extra = struct.pack(">I", len(block)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        source.write_bytes(content[:33] + extra + content[33:])
        upright = upright.astype(np.uint16) * 257
    result = derained(source)
    assert np.array_equal(read_photo(result).colour, upright)
    kept = Image.open(result).getexif()
    assert kept.get(0x0112, 1) == 1
    assert kept[0x010F] == "Camera"


def test_cmyk_becomes_srgb(tmp_path):
    Image.fromarray(levels(40, 50, 4, np.uint8), mode="CMYK").save(tmp_path / "print.tif")
    expected = np.asarray(Image.open(tmp_path / "print.tif").convert("RGB"))
    result = Image.open(derained(tmp_path / "print.tif"))
    assert np.array_equal(np.asarray(result), expected)


@pytest.mark.parametrize(
    ("form", "quality"), [("jpeg", None), ("jpeg", 30), ("webp", 30), ("avif", 30)]
)
def test_quality_is_what_pillow_makes_of_it(form, quality, tmp_path):
    pixels = np.asarray(Image.fromarray(picture(5, 6)).resize((60, 50)))
    Image.fromarray(pixels).save(tmp_path / "a.png")
    expected = io.BytesIO()
    more = {"subsampling": 0} if form == "jpeg" else {}
    Image.fromarray(pixels).save(expected, form, quality=quality or 95, **more)
    assert derained(tmp_path / "a.png", form, quality).read_bytes() == expected.getvalue()


def test_jpeg_lays_transparency_on_white(tmp_path):
    pixels = np.zeros((40, 50, 4), np.uint8)
    pixels[:, 25:, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    result = np.asarray(Image.open(derained(tmp_path / "a.png", "jpeg"))).astype(int)
    assert result[:, :16].min() > 250
    assert result[:, 33:].max() < 5


def test_names_of_any_kind_are_kept_with_their_format(tmp_path):
    names = ["雨 1.jpg", "a.b.PNG", "c.tiff", "d.webp", "e.bmp"]
    (tmp_path / "in").mkdir()
    for name in names:
        Image.fromarray(picture(40, 50)).save(tmp_path / "in" / name)
    target = tmp_path / "out"
    derain_folder(Identity(), tmp_path / "in", target, output=Output("same"))
    written = sorted(path.name for path in target.iterdir())
    assert written == sorted([*names[:-1], "e.png"])
    assert {Image.open(target / name).format for name in names[:1]} == {"JPEG"}


@pytest.mark.parametrize("form", ["png", "tiff"])
def test_formats_without_loss_take_no_quality(form):
    with pytest.raises(UserError, match="loses nothing"):
        Output(form, 90)
