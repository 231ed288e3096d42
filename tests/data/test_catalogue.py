"""Data sets are added to params/data.yaml, also by several at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ssid.config.load import load_params
from ssid.data.catalogue import DATA_FILE, add_set
from ssid.data.params import DataParams, RealSet
from ssid.errors import UserError


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "params").mkdir()
    monkeypatch.chdir(tmp_path)
    DATA_FILE.write_text("synthetic:\n  demo: {root: a, layout: photographs, rain: varied}\n")
    return tmp_path


def test_sets_that_are_added_at_once_are_all_kept(project):
    names = [f"set{i}" for i in range(12)]
    blocks = [RealSet(root=name, layout="photographs") for name in names]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name, block: add_set("real", name, block), names, blocks))
    assert set(load_params(DATA_FILE, DataParams).real) == set(names)
    assert [path.name for path in Path("params").iterdir()] == ["data.yaml"]


def test_a_name_that_was_taken_meanwhile_is_not_overwritten(project):
    add_set("real", "mine", RealSet(root="first", layout="photographs"))
    with pytest.raises(UserError, match="already has a real data set 'mine'"):
        add_set("real", "mine", RealSet(root="second", layout="photographs"))
    assert load_params(DATA_FILE, DataParams).real["mine"].root == "first"
