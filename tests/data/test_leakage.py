"""Photographs are recognised wherever they are, and pairs of a benchmark are not learnt from."""

import pickle
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.sparse.csgraph import connected_components

from ssid.data import fingerprint as fingerprint_module
from ssid.data.fingerprint import find_same, fingerprint, first_same
from ssid.data.images import read_rgb
from ssid.data.leakage import Leak, find_leaks, fingerprints, read_exclusions, write_exclusions
from ssid.data.params import BenchmarkSet, DataParams, SyntheticSet
from ssid.data.prepare import prepare
from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from support.hostile import photograph
from support.releases import halves, save


def altered(picture, folder):
    """The picture after cropping by a pixel, resizing and heavy compression."""
    image = Image.fromarray(picture[1:, :-1])
    image.resize((131, 90), Image.Resampling.LANCZOS).save(folder / "x.jpg", quality=30)
    return read_rgb(folder / "x.jpg")


def test_a_photograph_is_known_again_after_resizing_and_compression(tmp_path):
    pictures = [photograph(i, 96, 128) for i in range(20)]
    again = [fingerprint(altered(picture, tmp_path)) for picture in reversed(pictures)]
    matches = find_same([fingerprint(picture) for picture in pictures], again)
    assert [(match.first, match.second) for match in matches] == [(i, 19 - i) for i in range(20)]
    assert all(0.9 <= match.likeness <= 1.0001 for match in matches)


def test_flat_and_mirrored_pictures_match_nothing():
    flat = fingerprint(np.full((40, 40, 3), 7, np.uint8))
    picture = photograph(3)
    assert find_same([flat], [flat]) == []
    assert find_same([fingerprint(picture)], [fingerprint(picture[:, ::-1])]) == []
    assert find_same([], [flat]) == find_same([flat], []) == []


@given(st.integers(0, 10_000), st.integers(-40, 40), st.floats(0.5, 1.0))
def test_brightness_and_contrast_do_not_count(seed, shift, gain):
    picture = photograph(seed)
    other = ((picture / 2 + 50) * gain + shift).clip(0, 255).astype(np.uint8)
    assert find_same([fingerprint(picture)], [fingerprint(other)])


def test_the_first_of_equal_photographs_stands_for_all():
    a, b, c = (fingerprint(photograph(i)) for i in range(3))
    assert first_same([a, b, a, c, b, a]) == [0, 1, 0, 3, 1, 0]
    assert first_same([]) == []


def turned(angle):
    """A fingerprint whose likeness to another is about the cosine of the difference of angles."""
    noise = np.random.default_rng(0).normal(0, 25, (2, 256))
    return (128 + np.cos(angle) * noise[0] + np.sin(angle) * noise[1]).astype(np.uint8).tobytes()


def test_photographs_that_are_the_same_as_a_third_one_are_the_same():
    a, between, b = (turned(np.radians(20 * i)).hex() for i in range(3))
    assert first_same([a, b]) == [0, 1]
    assert first_same([a, b, between]) == [0, 0, 0]
    assert first_same([b, between, a]) == [0, 0, 0]


@pytest.mark.parametrize("rows", [1, 7, 256])
def test_groups_are_the_connected_components(monkeypatch, rows):
    monkeypatch.setattr(fingerprint_module, "_ROWS", rows)
    prints = [turned(angle).hex() for angle in np.random.default_rng(1).uniform(0, 6.3, 40)]
    graph = np.zeros((40, 40), bool)
    for match in find_same(prints, prints):
        graph[match.first, match.second] = True
    count, component = connected_components(graph, directed=False)
    assert 1 < count < 20
    assert first_same(prints) == [component.tolist().index(c) for c in component]


@pytest.fixture
def project(tmp_path):
    """Ten training pairs, of which 3 and 7 are the pairs 1 and 0 of a benchmark."""
    prepared = tmp_path / "prepared"
    scenes = {"train": range(10), "test": (7, 3, 50)}
    for folder, chosen in scenes.items():
        for i, scene in enumerate(chosen):
            clean = photograph(scene, 64, 96)
            if folder == "test":
                clean = altered(clean, tmp_path)
            save(tmp_path / folder / f"rain-{i}.png", np.maximum(clean, 60))
            save(tmp_path / folder / f"norain-{i}.png", clean)
    (tmp_path / "x.jpg").unlink()
    train = SyntheticSet(root=str(tmp_path / "train"), layout="pairs", val_fraction=0.2)
    test = BenchmarkSet(root=str(tmp_path / "test"), layout="pairs")
    prepare("synthetic", "train", train, prepared / "synthetic/train", 1)
    prepare("benchmark", "test", test, prepared / "benchmark/test", 1)
    return tmp_path, train, test


def test_leaks_are_written_and_left_out_of_every_split(project):
    folder, train, test = project
    params = DataParams(synthetic={"train": train}, benchmark={"test": test})
    file = folder / "excluded.json"
    leaks = write_exclusions(params, folder / "prepared", file)["train"]
    assert {(leak.name, leak.benchmark, leak.image) for leak in leaks} == {
        ("rain-3.png", "test", "rain-1.png"),
        ("rain-7.png", "test", "rain-0.png"),
    }
    assert str(leaks[0]) == "rain-3.png is rain-1.png of the benchmark test"
    excluded = read_exclusions(file)
    assert excluded == {"train": frozenset({"rain-3.png", "rain-7.png"})}
    path = folder / "prepared/synthetic/train"
    whole, store = ImageStore(path), ImageStore(path, excluded["train"])
    kept = {store.records[i].name for split in ("train", "val") for i in store.split(split)}
    assert kept == {f"rain-{i}.png" for i in range(10)} - excluded["train"]
    assert len(whole.split("train")) + len(whole.split("val")) == 10
    assert pickle.loads(pickle.dumps(store)).split("train") == store.split("train")


def test_leaks_that_are_allowed_are_told_but_not_left_out(project):
    folder, train, test = project
    allowed = train.model_copy(update={"allow_leakage": True})
    params = DataParams(synthetic={"train": allowed}, benchmark={"test": test})
    assert len(write_exclusions(params, folder / "prepared", folder / "e.json")["train"]) == 2
    assert read_exclusions(folder / "e.json") == {}


def test_another_benchmark_without_leaks_changes_no_byte(project):
    folder, train, test = project
    params = DataParams(synthetic={"train": train}, benchmark={"test": test})
    write_exclusions(params, folder / "prepared", folder / "a.json")
    shutil.copytree(folder / "prepared/benchmark/test", folder / "prepared/benchmark/again")
    more = DataParams(synthetic={"train": train}, benchmark={"again": test, "test": test})
    assert len(write_exclusions(more, folder / "prepared", folder / "b.json")["train"]) == 4
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()


def test_exclusions_that_were_not_made_are_asked_for(tmp_path):
    with pytest.raises(UserError, match=r"none\.json is missing: run `dvc repro`"):
        read_exclusions(tmp_path / "none.json")


def test_a_photograph_under_two_names_is_never_in_train_and_val(tmp_path):
    for i in range(12):
        save(tmp_path / f"in/clean/{i}.png", photograph(i % 4, 64, 96))
        save(tmp_path / f"in/rainy/{i}.png", np.maximum(photograph(i % 4, 64, 96), 50 + i))
    for seed in range(4):
        block = SyntheticSet(
            root=str(tmp_path / "in"), layout="pairs", val_fraction=0.25, seed=seed
        )
        prepare("synthetic", "s", block, tmp_path / "out", 1)
        store = ImageStore(tmp_path / "out")
        scenes = [
            {int(store.records[i].name[6:-4]) % 4 for i in store.split(split)}
            for split in ("train", "val")
        ]
        assert [len(chosen) for chosen in scenes] == [3, 1]
        assert not scenes[0] & scenes[1]


# The benchmark's other half, which is not here, has the photographs of 13, 52, 81, 237, 261, 305,
# 376 and 458.
RAIN800_IN_RAIN100 = {12: 93, 150: 47, 166: 45, 181: 93, 185: 37}


def test_rain800_shares_photographs_with_rain100(shared_data, tmp_path):
    train, paired = {}, shared_data / "paired"
    for number in [*RAIN800_IN_RAIN100, *range(200, 230)]:
        left = np.hsplit(read_rgb(paired / f"rain800/train/{number}.jpg"), 2)[0]
        train[str(number)] = fingerprint(left)
    for name in ("rain100l", "rain100h"):
        theirs = {
            path.name: fingerprint(read_rgb(path)) for path in (paired / name / "clean").iterdir()
        }
        found = find_same(list(train.values()), list(theirs.values()))
        shared = {int(list(train)[m.first]): int(list(theirs)[m.second][:3]) for m in found}
        assert shared == RAIN800_IN_RAIN100


def test_side_by_side_pairs_are_compared_by_their_clean_half(tmp_path):
    halves(tmp_path / "in", [f"{i}.png" for i in range(4)], "rainy_clean")
    block = SyntheticSet(root=str(tmp_path / "in"), layout="rainy_clean")
    prepare("synthetic", "s", block, tmp_path / "out", 1)
    store = ImageStore(tmp_path / "out")
    assert fingerprints(store) == {f"{i}.png": fingerprint(store.clean(i)) for i in range(4)}
    leaks = find_leaks({"mine": fingerprint(store.clean(2))}, {"b": store})
    assert leaks == [Leak("mine", "b", "2.png", pytest.approx(1))]
