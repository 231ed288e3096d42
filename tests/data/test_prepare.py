import errno
import json
import os
import resource
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from ssid.data.fingerprint import fingerprint
from ssid.data.images import ImageError
from ssid.data.inspection import inspect
from ssid.data.ordered import IN_FLIGHT, in_order
from ssid.data.params import BenchmarkSet, RealSet, SyntheticSet
from ssid.data.prepare import prepare
from ssid.data.rain.ground import ribbed, turned
from ssid.data.rain.render import render
from ssid.data.sources.correspondence import check_same_scene
from ssid.data.sources.halves import SWAPPED
from ssid.data.splits import evenly_spaced, held_out, seeded
from ssid.data.store import writer as writer_module
from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from support.hostile import encoded, make_hostile, photograph
from support.repository import ROOT


def save(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def folder(root, count, **size):
    for i in range(count):
        save(root / f"{i}.png", photograph(i, **size))
    return str(root)


def rainy_of(clean, seed=0):
    return render(clean, "rain100l", seed)[0]


def contents(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def quarantine(path):
    return {f["file"]: f["reason"] for f in json.loads((path / "quarantine.json").read_text())}


def test_rain_is_rendered_on_photographs(tmp_path):
    root = folder(tmp_path / "in", 5)
    block = SyntheticSet(
        root=root, layout="photographs", rain="varied", renderings=3, val_fraction=0.3, seed=7
    )
    summary = prepare("synthetic", "demo", block, tmp_path / "out", 2)
    store = ImageStore(tmp_path / "out")
    assert store.summary == summary
    assert (summary.images, summary.train, summary.val, summary.files) == (15, 9, 6, 5)
    assert summary.paired
    assert not summary.standin
    for i, record in enumerate(store.records):
        photo, rendering = divmod(i, 3)
        assert (record.name, record.source) == (f"{photo}.png#{rendering + 1}", f"{photo}.png")
        assert np.array_equal(store.clean(i), photograph(photo))
        rain = json.loads(record.rain)
        assert rain["seed"] == seeded(7, f"{photo}.png", rendering)
        assert np.array_equal(store.rainy(i), render(photograph(photo), "varied", rain["seed"])[0])
    splits = [{record.split for record in store.records[i : i + 3]} for i in range(0, 15, 3)]
    assert all(len(split) == 1 for split in splits)


@pytest.mark.parametrize("ground", [{}, {"turned": True}, {"ribs": True}])
def test_rain_falls_on_changed_photographs_which_are_still_known(tmp_path, ground):
    root = folder(tmp_path / "in", 2)
    block = SyntheticSet(
        root=root, layout="photographs", rain="varied", val_fraction=0.5, seed=4, **ground
    )
    prepare("synthetic", "s", block, tmp_path / "out", 1)
    store = ImageStore(tmp_path / "out")
    for i, record in enumerate(store.records):
        seed = json.loads(record.rain)["seed"]
        clean = turned(photograph(i)) if "turned" in ground else photograph(i)
        clean = ribbed(clean, seed) if "ribs" in ground else clean
        assert np.array_equal(store.clean(i), clean)
        assert np.array_equal(store.rainy(i), render(clean, "varied", seed)[0])
        assert record.fingerprint == fingerprint(photograph(i))
    known = inspect("synthetic", block).fingerprints
    assert list(known.values()) == [record.fingerprint for record in store.records]


def test_real_photographs_have_no_targets(tmp_path):
    block = RealSet(root=folder(tmp_path / "in", 3), layout="photographs")
    summary = prepare("real", "street", block, tmp_path / "out", 1)
    assert (summary.train, summary.paired, summary.standin) == (3, False, False)
    assert not (tmp_path / "out" / "clean.npy").exists()
    assert np.array_equal(ImageStore(tmp_path / "out").rainy(1), photograph(1))
    assert str(summary) == "real/street: 3 images (3 train)"


def test_a_standin_is_rendered_and_says_so(tmp_path):
    block = RealSet(root=folder(tmp_path / "in", 2), layout="photographs", rain="standin")
    summary = prepare("real", "s", block, tmp_path / "out", 1)
    assert summary.standin
    assert not summary.paired
    assert "stand-in for real rain" in str(summary)
    store = ImageStore(tmp_path / "out")
    assert not np.array_equal(store.rainy(0), photograph(0))
    assert json.loads(store.records[0].rain)["profile"] == "standin"


def test_pairs_of_a_benchmark(tmp_path):
    for i in (1, 2, 10):
        save(tmp_path / f"in/rain-{i}.png", rainy_of(photograph(i)))
        save(tmp_path / f"in/norain-{i}.png", photograph(i))
    block = BenchmarkSet(root=str(tmp_path / "in"), layout="pairs")
    summary = prepare("benchmark", "b", block, tmp_path / "out", 1)
    store = ImageStore(tmp_path / "out")
    assert (summary.images, summary.test, summary.files) == (3, 3, 6)
    assert [record.name for record in store.records] == ["rain-1.png", "rain-2.png", "rain-10.png"]
    assert np.array_equal(store.clean(2), photograph(10))


@pytest.mark.parametrize("layout", SWAPPED)
@pytest.mark.parametrize("role", [("benchmark", BenchmarkSet), ("real", RealSet)])
def test_side_by_side(tmp_path, layout, role):
    clean = photograph(1)
    halves = [clean, rainy_of(clean)]
    join = np.vstack if "over" in layout else np.hstack
    save(tmp_path / "in/1.png", join(halves if layout.startswith("clean") else halves[::-1]))
    save(tmp_path / "in/odd.png", join(halves)[1:, 1:])
    name, block = role
    summary = prepare(
        name, "s", block(root=str(tmp_path / "in"), layout=layout), tmp_path / "out", 1
    )
    store = ImageStore(tmp_path / "out")
    assert np.array_equal(store.rainy(0), halves[1])
    assert name == "real" or np.array_equal(store.clean(0), clean)
    assert (summary.images, summary.quarantined) == (1, 1)
    assert "need an even" in quarantine(tmp_path / "out")["odd.png"]


def test_pairs_that_do_not_belong_together_are_refused_with_both_files(tmp_path):
    root = tmp_path / "in"
    clean = photograph(1)
    for number in range(1, 5):
        save(root / f"rainy/1_{number}.png", rainy_of(clean, number))
    save(root / "clean/1.png", clean)
    save(root / "rainy/1_9.png", photograph(77))  # another scene
    save(root / "rainy/2_1.png", photograph(2, 48, 64))
    save(root / "clean/2.png", photograph(2, 48, 60))  # another size
    save(root / "rainy/3_1.png", photograph(3))
    (root / "clean/3.png").write_bytes(encoded(".png")[:80])  # truncated
    save(root / "rainy/4_1.png", photograph(4))  # no partner
    block = BenchmarkSet(root=str(root), layout="pairs")
    summary = prepare("benchmark", "b", block, tmp_path / "out", 2)
    reasons = quarantine(tmp_path / "out")
    assert reasons.pop("rainy/1_9.png").startswith("the pair does not show one scene")
    assert reasons.pop("rainy/2_1.png") == reasons.pop("clean/2.png")
    assert reasons.pop("clean/3.png").startswith("truncated")
    assert reasons.pop("rainy/3_1.png").startswith("its partner is refused: truncated")
    assert reasons.pop("rainy/4_1.png") == "no clean image has its name or number"
    assert reasons == {}  # clean/1.png is used by four others
    assert summary.files == 11 == 4 + 1 + summary.quarantined


@pytest.mark.filterwarnings("error")
@pytest.mark.skipif(sys.platform != "linux", reason="needs names that are not UTF-8")
def test_hostile_files_are_all_accounted_for(tmp_path):
    count = make_hostile(tmp_path / "in", tmp_path / "outside")
    assert count >= 60
    block = RealSet(root=str(tmp_path / "in"), layout="photographs")
    summary = prepare("real", "hostile", block, tmp_path / "out", 2)
    assert summary.files == count == summary.images + summary.quarantined
    store, refused = ImageStore(tmp_path / "out"), quarantine(tmp_path / "out")
    used = [record.source for record in store.records]
    assert len({*used, *refused}) == count
    assert all(refused.values())
    assert "/".join(["d"] * 100 + ["deep.png"]) in used
    good = {"really_png.jpg", "line\\nbreak.png", "latin\\xe9.png", "Case.png", "case.png"}
    assert good | {"n" * 251 + ".png", "back\\\\slash.png", "雨.png"} <= set(used)
    assert {"out.png", "device.png", "pipe.png", "socket.png", "folder_up.png"} <= set(refused)
    secret = photograph(99)
    assert not any(np.array_equal(store.rainy(i), secret) for i in range(len(store)))


BYTES = """
import sys
from pathlib import Path
from ssid.data.params import SyntheticSet
from ssid.data.prepare import prepare
block = SyntheticSet(root=sys.argv[1], layout="photographs", rain="varied", renderings=2)
prepare("synthetic", "demo", block, Path(sys.argv[2]), 1)
"""


def test_every_byte_is_the_same_whatever_workers_process_and_order_of_the_folder(tmp_path):
    names = [f"{i}.png" for i in range(6)]
    for root, order in (("a", names), ("b", names[::-1])):
        for name in order:
            save(tmp_path / root / name, photograph(int(name[0])))
        (tmp_path / root / "bad.png").write_bytes(b"bad")
    outputs = []
    for root, workers in (("a", 1), ("a", 2), ("b", 3)):
        block = SyntheticSet(
            root=str(tmp_path / root), layout="photographs", rain="varied", renderings=2
        )
        prepare("synthetic", "demo", block, tmp_path / "out", workers)
        outputs.append(contents(tmp_path / "out"))

    arguments = [sys.executable, "-c", BYTES, str(tmp_path / "b"), str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)}
    subprocess.run(arguments, check=True, env=environment, cwd=tmp_path)
    outputs.append(contents(tmp_path / "out"))
    assert len(outputs[0]) == 10
    assert all(output == outputs[0] for output in outputs)


def test_limit_takes_photographs_with_all_their_rain(tmp_path):
    for photo in range(6):
        save(tmp_path / f"in/clean/{photo}.png", photograph(photo))
        for number in (1, 2):
            rainy = rainy_of(photograph(photo), number)
            save(tmp_path / f"in/rainy/{photo}_{number}.png", rainy)
    block = BenchmarkSet(root=str(tmp_path / "in"), layout="pairs", limit=3)
    summary = prepare("benchmark", "b", block, tmp_path / "out", 1)
    names = [record.name for record in ImageStore(tmp_path / "out").records]
    assert names == [f"rainy/{photo}_{number}.png" for photo in (0, 2, 4) for number in (1, 2)]
    assert (summary.files, summary.left_out, summary.quarantined) == (18, 9, 0)


def test_max_side_shrinks_rainy_and_clean_alike(tmp_path):
    for i in range(2):
        clean = photograph(i, 60, 120)
        save(tmp_path / f"in/rainy/{i}.png", rainy_of(clean))
        save(tmp_path / f"in/clean/{i}.png", clean)
    block = BenchmarkSet(root=str(tmp_path / "in"), layout="pairs", max_side=80)
    prepare("benchmark", "b", block, tmp_path / "out", 1)
    store = ImageStore(tmp_path / "out")
    assert store.rainy(0).shape == store.clean(0).shape == (40, 80, 3)


def test_a_changed_set_replaces_the_old_one(tmp_path):
    block = RealSet(root=folder(tmp_path / "in", 3), layout="photographs")
    first = prepare("real", "a", block, tmp_path / "out", 1)
    (tmp_path / "in" / "1.png").unlink()
    second = prepare("real", "a", block, tmp_path / "out", 1)
    assert (first.images, second.images) == (3, 2)
    assert first.digest != second.digest
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: None, "does not exist"),
        (lambda p: p.mkdir(), "is empty"),
        (lambda p: p.joinpath("a.png/b").mkdir(parents=True), "is empty"),
        (lambda p: (p.mkdir(), (p / "notes.md").touch()), "no usable item"),
        (lambda p: (p.mkdir(), (p / "a.png").touch()), "1 × empty file, e.g. a.png"),
    ],
)
def test_nothing_usable_is_one_screen_that_says_what_to_do(tmp_path, make, message):
    make(tmp_path / "in")
    block = RealSet(root=str(tmp_path / "in"), layout="photographs")
    with pytest.raises(UserError, match=message) as error:
        prepare("real", "street", block, tmp_path / "out", 1)
    text = str(error.value)
    assert text.startswith("params/data.yaml: real.street: root: ")
    assert len(text.splitlines()) < 20
    assert not list(tmp_path.glob("out*"))


def test_many_reasons_still_fit_on_one_screen(tmp_path):
    make_hostile(tmp_path / "in", tmp_path / "outside")
    for path in (tmp_path / "in").rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > 2:
            path.write_bytes(path.read_bytes()[:40])
    block = RealSet(root=str(tmp_path / "in"), layout="photographs")
    with pytest.raises(UserError) as error:
        prepare("real", "street", block, tmp_path / "out", 1)
    assert len(str(error.value).splitlines()) < 20


def test_a_full_disk_is_reported_with_the_room_that_is_needed(tmp_path):
    root = folder(tmp_path / "in", 20, height=200, width=300)
    block = RealSet(root=root, layout="photographs")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(UserError, match="About 4 MB are needed there") as error:
            prepare("real", "a", block, tmp_path / "out", 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert f"cannot write to {tmp_path}: File too large" in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_disk_that_fills_at_the_end_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer_module, "write_catalogue", full)
    block = RealSet(root=folder(tmp_path / "in", 2), layout="photographs")
    with pytest.raises(UserError, match="No space left on device"):
        prepare("real", "a", block, tmp_path / "out", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_destination_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").touch()
    block = RealSet(root=folder(tmp_path / "in", 2), layout="photographs")
    with pytest.raises(UserError, match="cannot write"):
        prepare("real", "a", block, tmp_path / "file" / "out", 1)


def test_results_come_in_order_and_few_are_in_flight():
    started = []
    lock = threading.Lock()

    def square(number):
        with lock:
            started.append(number)
        return number**2

    taken = 0
    for taken, result in enumerate(in_order(square, range(200), 3), start=1):
        assert result == (taken - 1) ** 2
        assert len(started) - taken < IN_FLIGHT * 3 + 1
    assert taken == 200


def test_one_photograph_is_never_held_out_and_two_give_one():
    assert held_out(["a"], 0.5, 0) == set()
    assert len(held_out(["a", "b"], 0.01, 0)) == 1
    assert len(held_out(["a", "b"], 0.99, 0)) == 1
    assert held_out(["a", "b"], 0.0, 0) == set()
    names = [str(i) for i in range(100)]
    assert len(held_out(names, 0.1, 0)) == 10
    assert held_out(names, 0.1, 0) != held_out(names, 0.1, 1)
    assert len(held_out(names, 0.1, 0) - held_out([*names, "new"], 0.1, 0)) <= 1


def test_a_limit_is_evenly_spaced():
    assert evenly_spaced(range(10), None) == list(range(10))
    assert evenly_spaced(range(10), 99) == list(range(10))
    assert evenly_spaced(range(10), 4) == [0, 2, 5, 7]


@pytest.mark.parametrize(("count", "limit"), [(10, 3), (3, 10), (7, 7), (5, None)])
def test_a_limit_spreads_over_the_set(count, limit):
    chosen = evenly_spaced(range(count), limit)
    assert len(chosen) == min(count, limit or count)
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(range(count))


def test_seeds_depend_on_every_part():
    seeds = {seeded(0, "a", 1), seeded(0, "a", 2), seeded(1, "a", 1), seeded(0, "a1")}
    assert len(seeds) == 4
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_flat_picture_shows_no_scene():
    flat = np.full((40, 40, 3), 128, np.uint8)
    with pytest.raises(ImageError, match=r"correlation 0\.00"):
        check_same_scene(flat, flat)


def test_published_pairs_show_one_scene_and_shuffled_ones_do_not(shared_data):
    folders = [shared_data / "paired" / "rain100h" / side for side in ("rainy", "clean")]
    names = sorted(path.name for path in folders[0].iterdir())[::5]
    pictures = [[np.asarray(Image.open(f / name)) for name in names] for f in folders]
    for rainy, clean in zip(*pictures, strict=True):
        check_same_scene(rainy, clean)
    caught = 0
    for rainy, clean in zip(pictures[0], pictures[1][1:] + pictures[1][:1], strict=True):
        try:
            check_same_scene(rainy, clean)
        except ImageError:
            caught += 1
    assert caught >= 0.9 * len(names)
