"""The releases that people have, each as a tiny copy with its true names."""

import json
from pathlib import Path

import numpy as np
import pytest

from ssid.data.inspection import inspect
from ssid.data.params import BenchmarkSet, RealSet
from ssid.data.prepare import prepare
from ssid.data.sources.detection import detect_layout
from ssid.data.sources.halves import SWAPPED
from ssid.data.sources.items import list_items
from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from support.releases import RELEASES, archive, clean, halves, rainy, save


@pytest.mark.parametrize("name", RELEASES)
def test_a_release_is_recognised_paired_and_prepared(name, tmp_path):
    root = tmp_path / "release"
    release = RELEASES[name](root)
    found = detect_layout(root)
    assert (found.layout, found.manifest) == (release.layout, release.manifest)

    pairing = list_items(root, found.layout, manifest=found.manifest)
    if release.pairs:
        assert {(i.rainy.name, i.clean.name) for i in pairing.items} == set(release.pairs)
    else:
        assert {i.rainy.name for i in pairing.items} == set(release.images)
    used = {file.name for item in pairing.items for file in item.files}
    assert len(pairing.refused) == release.others
    assert pairing.files == len(used) + release.others

    role, schema = ("benchmark", BenchmarkSet) if release.pairs else ("real", RealSet)
    block = schema(root=str(root), layout=found.layout, manifest=found.manifest)
    findings = inspect(role, block)
    assert (findings.files, findings.opened) == (pairing.files, len(pairing.items))
    summary = prepare(role, "copy", block, tmp_path / "out", 1)
    assert summary.images == len(release.pairs or release.images)
    assert (summary.files, summary.quarantined) == (pairing.files, release.others)


def test_the_halves_of_a_release_are_told_apart(tmp_path):
    for layout in SWAPPED:
        root = tmp_path / layout
        halves(root, [f"{i}.png" for i in range(5)], layout)
        block = BenchmarkSet(root=str(root), layout=detect_layout(root).layout)
        prepare("benchmark", "b", block, tmp_path / "out", 1)
        store = ImageStore(tmp_path / "out")
        for i in range(5):
            assert np.array_equal(store.rainy(i), rainy(i))
            assert np.array_equal(store.clean(i), clean(i))


@pytest.mark.parametrize(
    ("join", "layout"), [(np.hstack, "clean_rainy"), (np.vstack, "clean_over")]
)
def test_halves_that_edges_do_not_tell_apart_are_for_the_user_to_decide(join, layout, tmp_path):
    for i in range(6):
        both = [clean(i), rainy(i)]
        save(tmp_path / f"{i}.png", join(both if i % 2 else both[::-1]))
    with pytest.raises(UserError, match=f"--layout {layout}"):
        detect_layout(tmp_path)


def test_published_releases_are_recognised(shared_data):
    expected = {
        "paired/rain800/train": "clean_rainy",
        "paired/rain800/test": "clean_rainy",
        "paired/rain100h": "pairs",
        "real/real275": "photographs",
        "real/sirr147": "photographs",
        "clean/bsds": "photographs",
    }
    assert {name: detect_layout(shared_data / name).layout for name in expected} == expected


@pytest.mark.parametrize("kind", ["zip", "tar", "gztar", "bztar", "xztar"])
@pytest.mark.parametrize("name", ["Rain1400", "CSV", "Real-275"])
def test_an_archive_is_prepared_as_its_folder_is(name, kind, tmp_path):
    root = tmp_path / "release"
    release = RELEASES[name](root)
    role, schema = ("benchmark", BenchmarkSet) if release.pairs else ("real", RealSet)
    outputs = []
    for source in (root, archive(root, kind)):
        found = detect_layout(source)
        block = schema(root=str(source), layout=found.layout, manifest=found.manifest)
        summary = prepare(role, "copy", block, tmp_path / "out" / "set", 1)
        outputs.append(summary.digest)
        # A manifest in an archive is one file more, which is used as the list that it is.
        assert summary.quarantined == 0
    assert outputs[0] == outputs[1]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["set"]


def test_a_manifest_that_is_half_wrong_loses_nothing_silently(tmp_path):
    for i in range(4):
        save(tmp_path / f"in/r{i}.png", rainy(i))
        save(tmp_path / f"in/c{i}.png", clean(i))
    save(tmp_path / "outside.png", clean(7))
    (tmp_path / "in/text.md").write_text("no image")
    rows = [
        {"rainy": "r0.png", "clean": "c0.png"},
        {"rainy": "r1.png", "clean": "gone.png"},
        {"rainy": "../outside.png", "clean": "c2.png"},
        {"rainy": "r0.png", "clean": "c3.png"},
        {"rainy": "r3.png"},
        {"rainy": 3, "clean": "c3.png"},
        {"rainy": "/etc/passwd", "clean": "c0.png"},
        {"rainy": "text.md", "clean": "c0.png"},
        {"rainy": "a\0b.png", "clean": "c0.png"},
        ["r2.png", "c2.png"],
    ]
    lines = [json.dumps(row) for row in rows] + ["no json", "[" * 100_000, ""]
    (tmp_path / "in/list.jsonl").write_text("\n".join(lines))
    pairing = list_items(tmp_path / "in", "pairs", manifest="list.jsonl")
    assert [(i.rainy.name, i.clean.name) for i in pairing.items] == [("r0.png", "c0.png")]
    refused = {file.file: file.reason for file in pairing.refused}
    assert pairing.files == 2 + len(refused) == 2 + len(pairing.refused)
    assert {f"list.jsonl, line {n}" for n in (4, 5, 6, 10, 11, 12)} <= set(refused)
    assert refused["../outside.png"] == "leads out of the folder of the data set"
    assert refused["c2.png"].startswith("its partner is refused: leads out")
    assert refused["gone.png"].startswith("cannot be read")
    assert refused["text.md"] == "its name does not end like that of an image"
    assert refused["list.jsonl, line 4"] == "its rainy image is in a line before"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("left,right\na.png,b.png\n", "has the columns left, right"),
        ("", "has the columns none"),
        ('rainy,clean\n"' + "x" * 200_000 + '",c.png\n', "field larger than field limit"),
    ],
)
def test_a_table_without_sense_is_explained(tmp_path, content, message):
    (tmp_path / "list.csv").write_text(content)
    with pytest.raises(UserError, match=message):
        list_items(tmp_path, "pairs", manifest="list.csv")


def test_a_manifest_must_lie_in_the_root():
    for manifest in ("/etc/list.csv", "../list.csv", "a/../../list.csv"):
        with pytest.raises(ValueError, match="must be the path of a file below root"):
            RealSet(root="x", layout="pairs", manifest=manifest)
    with pytest.raises(UserError, match=r"there is no file gone\.csv"):
        list_items(Path(), "pairs", manifest="gone.csv")
