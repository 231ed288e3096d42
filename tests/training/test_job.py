"""From parameters to a run: what it may learn from."""

import json
import shutil

import pytest

from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from ssid.project import Project, open_stores, open_training_stores
from support.training_runs import CATALOGUE


def test_leaking_pairs_are_not_learnt_from(prepared, tmp_path) -> None:
    project = Project(prepared=tmp_path / "prepared")
    shutil.copytree(prepared, project.prepared)
    whole = ImageStore(prepared / "synthetic" / "tiny")
    leaking = whole.records[whole.split("train")[0]].name
    project.excluded.write_text(json.dumps({"tiny": [leaking]}))
    (store,) = open_training_stores(CATALOGUE, None, project)
    learnt = {store.records[i].name for i in (*store.split("train"), *store.split("val"))}
    assert learnt == {record.name for record in whole.records} - {leaking}


def test_a_set_that_does_not_exist_is_named_with_its_neighbour(prepared) -> None:
    with pytest.raises(UserError, match=r"tniy.*Did you mean 'tiny'"):
        open_stores(CATALOGUE, "synthetic", ["tniy"], Project(prepared=prepared))
