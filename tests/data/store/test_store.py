import json
import pickle

import datasets
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssid.data.sources.listing import RefusedFile
from ssid.data.store.reader import ImageStore
from ssid.data.store.records import Record
from ssid.data.store.writer import ArrayWriter, StoreWriter, replacing
from ssid.errors import UserError
from support.hostile import photograph

SIZES = st.lists(st.tuples(st.integers(32, 50), st.integers(32, 50)), min_size=1, max_size=5)


def write(path, sizes, *, paired=True, split="train"):
    """Write photographs of the given sizes; return what was written."""
    path.mkdir()
    written, records = [], []
    with StoreWriter(path, paired=paired, expected=len(sizes)) as writer:
        for i, (height, width) in enumerate(sizes):
            rainy = photograph(2 * i, height, width)
            clean = photograph(2 * i + 1, height, width) if paired else None
            offset = writer.add(rainy, clean)
            records.append(
                Record(f"é{i}", split, height, width, offset, f"{i}.png", "00", "", "ab")
            )
            written.append((rainy, clean))
        summary = writer.finish(
            records,
            [RefusedFile("x\\n.png", "empty file")],
            role="real",
            name="a",
            files=len(sizes) + 1,
            left_out=0,
            standin=False,
            missing={},
        )
    return written, records, summary


@settings(max_examples=10)
@given(SIZES, st.booleans())
def test_what_is_written_is_read(tmp_path_factory, sizes, paired):
    path = tmp_path_factory.mktemp("store") / "a"
    written, records, summary = write(path, sizes, paired=paired)
    store = ImageStore(path)
    assert len(store) == len(sizes)
    assert store.records == records
    assert store.summary == summary
    assert store.paired == paired
    assert (path / "clean.npy").exists() == paired
    for i, (rainy, clean) in enumerate(written):
        assert np.array_equal(store.rainy(i), rainy)
        assert not paired or np.array_equal(store.clean(i), clean)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "a"
    write(path, [(40, 50), (60, 32), (32, 32)])
    return path


def test_views_are_of_the_file_and_read_only(path):
    store = ImageStore(path)
    assert np.shares_memory(store.rainy(0), store._rainy)
    with pytest.raises(ValueError, match="read-only"):
        store.rainy(0)[0, 0, 0] = 1


def test_a_store_travels_to_workers_without_its_pixels(path):
    data = pickle.dumps(ImageStore(path))
    assert len(data) < 500
    assert np.array_equal(pickle.loads(data).clean(1), ImageStore(path).clean(1))


def test_the_arrays_are_plain_numpy(path):
    data = np.load(path / "rainy.npy", allow_pickle=False)
    assert data.dtype == np.uint8
    assert data.shape == (3 * (40 * 50 + 60 * 32 + 32 * 32),)


def test_the_tables_are_hugging_face_data_sets(path):
    catalogue = datasets.load_from_disk(str(path / "catalogue"))
    assert catalogue.column_names == [
        *("name", "split", "height", "width"),
        *("offset", "source", "source_sha256", "rain", "fingerprint"),
    ]
    assert catalogue.features["offset"].dtype == "int64"
    samples = datasets.load_from_disk(str(path / "samples"))
    assert samples[0]["clean"].size == (50, 40)
    assert np.array_equal(np.asarray(samples[1]["rainy"]), ImageStore(path).rainy(1))


def test_summary_and_quarantine_are_plain_json(path):
    summary = json.loads((path / "summary.json").read_text())
    counts = {key: summary[key] for key in ("images", "quarantined", "train", "val", "test")}
    assert counts == {"images": 3, "quarantined": 1, "train": 3, "val": 0, "test": 0}
    assert summary["pixels"] == 40 * 50 + 60 * 32 + 32 * 32
    quarantine = json.loads((path / "quarantine.json").read_text())
    assert quarantine == [{"file": "x\\n.png", "reason": "empty file"}]


def test_splits_are_lists_of_indices(path):
    store = ImageStore(path)
    assert store.split("train") == [0, 1, 2]
    assert store.split("val") == []


def test_the_digest_changes_with_pixels_and_rows(tmp_path):
    digests = {
        write(tmp_path / "a", [(40, 40)])[2].digest,
        write(tmp_path / "b", [(40, 40)], paired=False)[2].digest,
        write(tmp_path / "c", [(40, 41)])[2].digest,
        write(tmp_path / "d", [(40, 40)], split="test")[2].digest,
    }
    assert len(digests) == 4
    assert write(tmp_path / "e", [(40, 40)])[2].digest in digests


def test_targets_must_fit(tmp_path):
    with StoreWriter(tmp_path, paired=True, expected=1) as writer:
        for clean in (None, photograph(0, 40, 40)):
            with pytest.raises(ValueError, match="target of its size"):
                writer.add(photograph(0, 40, 41), clean)


def test_an_unpaired_store_has_no_clean_images(tmp_path):
    write(tmp_path / "a", [(40, 40)], paired=False)
    with pytest.raises(ValueError, match="no clean images"):
        ImageStore(tmp_path / "a").clean(0)


def test_a_missing_store_says_what_to_run(tmp_path):
    with pytest.raises(UserError, match="run `dvc repro`"):
        ImageStore(tmp_path)


@pytest.mark.parametrize("size", [0, 1, 10**9, 10**15])
def test_the_header_has_room_for_any_length(tmp_path, size):
    array = ArrayWriter(tmp_path / "a.npy")
    start = array._file.tell()
    array.size = size
    array.finish()
    assert array._file.tell() == start
    array.close()


def replace_by_half(destination, error):
    with replacing(destination) as folder:
        (folder / "half").touch()
        raise error


def names(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_a_failure_leaves_the_old_set_and_nothing_else(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "old").touch()
    with pytest.raises(ValueError, match="half"):
        replace_by_half(tmp_path / "a", ValueError("half"))
    assert names(tmp_path) == ["a", "old"]
    with replacing(tmp_path / "a") as folder:
        (folder / "new").touch()
    assert names(tmp_path) == ["a", "new"]


def test_an_interruption_leaves_the_old_set_and_what_is_done_of_the_new(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "old").touch()
    with pytest.raises(KeyboardInterrupt):
        replace_by_half(tmp_path / "a", KeyboardInterrupt())
    assert names(tmp_path) == ["a", "a.partial", "half", "old"]
    with replacing(tmp_path / "a") as folder:
        assert names(folder) == ["half"]
