import os
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssid.data.images import ImageError
from ssid.data.packaged import packaged_photograph
from ssid.data.sources.halves import SWAPPED, split_halves
from ssid.data.sources.items import list_items
from ssid.data.sources.layouts.halves import check_order
from ssid.data.sources.listing import Photograph, list_folder, natural_key, printable
from ssid.data.sources.pairing import locate, pair_by_name, parse_name
from ssid.errors import UserError
from support.hostile import photograph


def release(root, names):
    """An empty file for each name: listing opens none of them."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def paired(names):
    pairs, refused = pair_by_name(Photograph(name, None) for name in names)
    return {(p.rainy.name, p.clean.name) for p in pairs}, {file.file for file in refused}


RELEASES = {
    "equal names": [(f"rainy/{i}.png", f"clean/{i}.png") for i in (1, 2, 10)],
    "other suffix": [("input/a.PNG", "target/a.jpg"), ("input/b.jpg", "target/b.jpeg")],
    "rain100 flat": [(f"rain-{i:03}.png", f"norain-{i:03}.png") for i in (1, 2, 10, 100)],
    "rain100 folders": [(f"rain/norain-{i}.png", f"norain/norain-{i}.png") for i in (1, 10)],
    "rain200 x2": [(f"rain/X2/norain-{i}x2.png", f"norain/norain-{i}.png") for i in (1, 2, 12)],
    "rain1400": [
        (f"rainy_image/{n}_{m}.jpg", f"ground_truth/{n}.jpg")
        for n in (1, 9, 10, 901)
        for m in (1, 3, 14)
    ],
    "rain13k": [
        (f"{part}/input/{i}.jpg", f"{part}/target/{i}.jpg")
        for part in ("train", "test/Rain100H")
        for i in (1, 2)
    ],
    "raindrop": [(f"train/data/{i}_rain.png", f"train/gt/{i}_clean.png") for i in (0, 1, 10)],
    "gt-rain": [
        (f"{scene}/{scene}-Webcam-R-{i:03}.png", f"{scene}/{scene}-Webcam-C-000.png")
        for scene in ("Gurutto_0-0", "Gurutto_0-1")
        for i in (0, 1, 299)
    ],
    "gt-rain, one clean a frame": [
        (f"G_1-2/G_1-2-Webcam-R-{i:03}.png", f"G_1-2/G_1-2-Webcam-C-{i:03}.png") for i in (0, 1, 2)
    ],
    "zeros": [("rainy/rain-7.png", "clean/norain-007.png")],
    "case": [("rainy/A.png", "clean/A.png"), ("rainy/a.png", "clean/a.png")],
    "two spellings": [("rainy/1.png", "clean/1.png"), ("rainy/01.png", "clean/01.png")],
}


@pytest.mark.parametrize("name", RELEASES)
def test_releases_pair_completely(name, tmp_path):
    pairs = set(RELEASES[name])
    root = release(tmp_path, {file for pair in pairs for file in pair})
    pairing = list_items(root, "pairs")
    assert {(item.rainy.name, item.clean.name) for item in pairing.items} == pairs
    assert pairing.refused == []
    assert pairing.files == len({file for pair in pairs for file in pair})


@pytest.mark.parametrize(
    "names",
    [
        ["rain-10.png", "norain-1.png"],
        ["rain-1.png", "norain-10.png"],
        ["rainy/1.png", "clean/2.png"],
        ["rainy/img_2.png", "clean/img_1.png"],
        ["rainy/img_2.png", "clean/img_20.png"],
        ["rainy_image/1_3.jpg", "ground_truth/13.jpg"],
        ["train/input/1.jpg", "test/target/1.jpg"],
        [f"{side}/{i}.jpg" for side in ("train/input", "test/target") for i in range(4)],
        ["rain/1_3.png", "rain/1_4.png", "rain/1_5.png", "norain/3.png", "norain/4.png"],
        ["s/S-Webcam-R-001.png", "s/S-Webcam-C-002.png"],
        ["s/S-Webcam-R-001.png", "s/T-Webcam-C-000.png"],
        ["rain_1_5.png", "norain_1_0.png"],
        ["rainy/a.png", "clean/ab.png"],
        ["photo.png", "other.png"],
    ],
)
def test_a_missing_partner_is_not_guessed(names):
    pairs, refused = paired(names)
    assert pairs == set()
    assert refused == set(names)


def test_two_possible_partners_are_refused():
    names = ["rainy/rain-1.png", "clean/1.png", "clean/01.png"]
    assert paired(names) == (set(), set(names))


@pytest.mark.parametrize(
    ("stem", "scene", "number", "side"),
    [
        ("rain-001", "1", "", "rainy"),
        ("norain-10", "10", "", "clean"),
        ("norain-001x2", "1", "", "clean"),
        ("901_14", "901", "14", None),
        ("7_clean", "7", "", "clean"),
        ("Gurutto_0-0-Webcam-R-012", "gurutto_0-0-webcam", "12", "rainy"),
        ("rain", "rain", "", None),
        ("rainbow-3", "rainbow", "3", None),
    ],
)
def test_names_are_read_as_their_release_means_them(stem, scene, number, side):
    key = parse_name(stem)
    assert (key.scene, key.number, key.side) == (scene, number, side)


NAMING = {
    "equal": lambda i: (f"input/{i}.png", f"target/{i}.png"),
    "rain100": lambda i: (f"rain-{i:03}.png", f"norain-{i:03}.png"),
    "rain200": lambda i: (f"rain/X2/norain-{i}x2.png", f"norain/norain-{i}.png"),
    "raindrop": lambda i: (f"data/{i}_rain.png", f"gt/{i}_clean.png"),
    "rain1400": lambda i: (f"rainy/{i // 14}_{i % 14}.jpg", f"clean/{i // 14}.jpg"),
    "frames": lambda i: (f"rainy/clip_{i:05}.jpg", f"clean/clip_{i:05}.jpg"),
}


@given(
    st.sampled_from(sorted(NAMING)),
    st.sets(st.integers(0, 500), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_pairs_are_exactly_those_whose_both_files_exist(naming, numbers, random):
    """Property: drop any files, shuffle the rest; what is left pairs, and all is accounted for."""
    complete = {NAMING[naming](number) for number in numbers}
    names = sorted({file for pair in complete for file in pair})
    names = [name for name in names if random.random() < 0.7]
    random.shuffle(names)
    pairs, refused = paired(names)
    assert pairs == {pair for pair in complete if set(pair) <= set(names)}
    assert refused == set(names) - {file for pair in pairs for file in pair}


FOLDERS = st.sampled_from(["", "rainy/", "clean/", "a/rain/", "a/norain/", "data/gt/"])
STEMS = st.text(st.sampled_from("01aR-_x2C "), min_size=1, max_size=8)


@given(st.sets(st.builds("{}{}.png".format, FOLDERS, STEMS), max_size=25))
def test_any_names_end_in_one_pair_or_refused(names):
    pairs, refused = paired(names)
    rainy = [pair[0] for pair in pairs]
    assert len(rainy) == len(set(rainy))
    used = {file for pair in pairs for file in pair}
    assert used | refused == names
    assert not used & refused
    for pair in pairs:
        keys = (locate(Photograph(name, None)).keyed.key for name in pair)
        wet, dry = ([token for token in key if token.isdecimal()] for key in keys)
        goes_on = dry in (wet[: len(dry)], wet[len(wet) - len(dry) :])
        folder = str(Path(pair[1]).parent)
        is_only_one = sum(str(Path(name).parent) == folder for name in names) == 1
        assert goes_on or is_only_one


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=20))
def test_natural_order_is_the_order_of_numbers(numbers):
    names = [f"img-{number}.png" for number in numbers]
    assert sorted(names, key=natural_key) == [f"img-{number}.png" for number in sorted(numbers)]


@given(st.lists(st.text(string.digits + "ab/"), max_size=8))
def test_natural_order_compares_any_names(names):
    assert sorted(sorted(names), key=natural_key) == sorted(names, key=natural_key)
    assert natural_key("9" * 5000) > natural_key("8" * 5000)


@given(st.sets(st.binary(min_size=1, max_size=6).filter(lambda b: not {0, 47} & set(b))))
def test_printable_names_stay_different(names):
    shown = {printable(os.fsdecode(name)) for name in names}
    assert len(shown) == len(names)
    assert all(text.isprintable() and text.encode("utf-8") for text in shown)


def test_folders_are_searched_to_their_depths_in_natural_order(tmp_path):
    release(tmp_path, ["b/10.png", "b/9.JPG", "a/x/1.tif", "2.webp", "notes.txt", ".DS_Store"])
    listing = list_folder(tmp_path)
    names = ["2.webp", "a/x/1.tif", "b/9.JPG", "b/10.png"]
    assert [photograph.name for photograph in listing.photographs] == names
    assert [file.file for file in listing.refused] == [".DS_Store", "notes.txt"]


def test_photographs_are_clean_or_rainy_as_the_set_says(tmp_path):
    release(tmp_path, ["1.png"])
    assert list_items(tmp_path, "photographs").items[0].rainy.name == "1.png"
    assert list_items(tmp_path, "photographs", clean=True).items[0].rainy is None


def test_links_that_stay_inside_are_followed_and_others_are_not(tmp_path):
    root = release(tmp_path / "root", ["a.png"])
    release(tmp_path, ["secret.png"])
    (root / "inside.png").symlink_to("a.png")
    (root / "out.png").symlink_to(tmp_path / "secret.png")
    (root / "loop").symlink_to(".")
    listing = list_folder(root)
    assert [photograph.name for photograph in listing.photographs] == ["a.png", "inside.png"]
    assert {file.file: file.reason for file in listing.refused} == {
        "loop": "a link to a folder is not followed",
        "out.png": "leads out of the folder of the data set: replace the link by the file (cp -L),"
        " or give the folder that it leads to",
    }


def test_a_root_that_is_a_link_is_the_choice_of_the_user(tmp_path):
    release(tmp_path / "real", ["a.png"])
    (tmp_path / "link").symlink_to("real")
    assert len(list_folder(tmp_path / "link").photographs) == 1


def test_text_lists(tmp_path):
    release(tmp_path / "lists", ["sub/a.png", "b.png"])
    release(tmp_path, ["outside.png"])
    file = tmp_path / "lists" / "demo.txt"
    lines = ["# demo", "", "package:skimage/astronaut.png", "package:sklearn/china.jpg"]
    lines += ["sub/a.png", "b.png ", "./b.png", "../outside.png", "/etc/passwd", "gone.png", "\0"]
    lines += ["../lists/sub/../../outside.png", "9" * 5000, "sub"]
    file.write_text("\n".join(lines))
    pairing = list_items(file, "photographs")
    used = ["b.png", "skimage/astronaut.png", "sklearn/china.jpg", "sub/a.png"]
    assert [item.name for item in pairing.items] == used
    refused = {file.file: file.reason for file in pairing.refused}
    assert refused.pop("./b.png") == "listed twice"
    assert refused.pop("sub") == "not a regular file"
    assert refused.pop("gone.png").startswith("cannot be read")
    outside = {"../outside.png", "/etc/passwd", "../lists/sub/../../outside.png"}
    assert {name for name, text in refused.items() if "leads out" in text} == outside
    assert pairing.files == len(pairing.items) + len(pairing.refused) == 12


def test_packaged_photographs_are_in_the_installed_packages():
    for reference in ("package:skimage/astronaut.png", "package:sklearn/flower.jpg"):
        assert packaged_photograph(reference).is_file()
    with pytest.raises(UserError, match=r"Did you mean 'astronaut\.png'"):
        packaged_photograph("package:skimage/astronat.png")
    with pytest.raises(UserError, match="Did you mean 'skimage'"):
        packaged_photograph("package:scimage/astronaut.png")
    for name in ("../data/astronaut.png", "", "brain.tiff", "__init__.py"):
        with pytest.raises(UserError, match="has no photograph"):
            packaged_photograph(f"package:skimage/{name}")


def test_halves_are_cut_in_either_order():
    left, right = photograph(1), photograph(2)
    both = np.hstack([left, right])
    rainy, clean = split_halves(both, "rainy_clean")
    assert np.array_equal(rainy, left)
    assert np.array_equal(clean, right)
    rainy, clean = split_halves(both, "clean_rainy")
    assert np.array_equal(rainy, right)
    assert np.array_equal(clean, left)
    with pytest.raises(ImageError, match="even width"):
        split_halves(both[:, 1:], "clean_rainy")
    with pytest.raises(ImageError, match="too small"):
        split_halves(both[:, :62], "clean_rainy")
    stacked = np.vstack([left, right])
    assert np.array_equal(split_halves(stacked, "rainy_over_clean"), [left, right])
    assert np.array_equal(split_halves(stacked, "clean_over_rainy"), [right, left])
    with pytest.raises(ImageError, match="even height"):
        split_halves(stacked[1:], "clean_over_rainy")


def streaked(seed):
    noise = np.random.default_rng(seed).random((48, 64, 1)) < 0.1
    return np.where(noise, 255, photograph(seed)).astype(np.uint8)


@pytest.mark.parametrize(
    ("join", "right"), [(np.hstack, "clean_rainy"), (np.vstack, "clean_over_rainy")]
)
def test_a_contrary_order_is_noticed_from_twenty_images_on(join, right, tmp_path):
    for i in range(20):
        both = join([photograph(i), streaked(i)])
        Image.fromarray(both).save(tmp_path / f"{i:02}.png")
    (tmp_path / "00a.png").write_bytes(b"broken")
    files = list_items(tmp_path, right).items
    check_order(files, right)
    with pytest.raises(UserError, match=f"write `layout: {right}`"):
        check_order(files, SWAPPED[right])
    check_order(files[:20], SWAPPED[right])  # nineteen that can be read prove nothing


@pytest.mark.parametrize(
    ("make", "layout", "message"),
    [
        (lambda p: p / "missing", "photographs", "does not exist"),
        (lambda p: p / ("x" * 300), "photographs", "cannot be read: File name too long"),
        (lambda p: p, "photographs", "is empty"),
        (lambda p: release(p, ["a.txt"]), "photographs", "no usable item among its 1 files"),
        (lambda p: release(p, ["a.png", "b.png"]), "pairs", "expects two folders"),
        (lambda p: release(p, ["a.zip"]) / "a.zip", "photographs", "neither a folder nor"),
        (lambda p: release(p, ["a.txt"]) / "a.txt", "pairs", "write `layout: photographs`"),
        (lambda p: release(p, ["a.txt"]) / "a.txt", "photographs", "is empty"),
    ],
)
def test_a_root_without_items_is_explained(tmp_path, make, layout, message):
    with pytest.raises(UserError, match=message):
        list_items(make(tmp_path), layout)
