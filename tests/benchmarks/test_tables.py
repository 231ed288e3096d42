"""Tables of the benchmarks: every run that they ask for is valid, and differs as it should."""

from functools import cache
from pathlib import Path

import pytest

from benchmarks.ablation import PARAMS, TABLES
from benchmarks.sets import load_catalogue
from benchmarks.tables import QUICK, Scale, load_table, merged, plan
from ssid.errors import UserError
from support.repository import ROOT


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


@cache
def runs_of(table, data=Path("data")):
    return plan(PARAMS / f"{table}.yaml", load_catalogue(data, small=False), Scale())


@pytest.mark.parametrize("table", TABLES)
def test_students_differ_in_nothing_but_what_their_variant_says(table):
    changes = {name: v.student for name, v in load_table(PARAMS / f"{table}.yaml").variants.items()}
    students = [run for run in runs_of(table) if run.method == "student"]
    baseline = students[0].params.model_dump()
    assert {run.variant for run in students} == set(changes)
    for run in students:
        place = {key: getattr(run.params, key) for key in ("seed", "synthetic", "real")}
        assert run.params.model_dump() == merged(baseline, changes[run.variant], place)


@pytest.mark.parametrize("table", TABLES)
def test_every_setting_is_run_where_all_data_is_there(table):
    settings = set(load_table(PARAMS / f"{table}.yaml").settings)
    assert {run.setting for run in runs_of(table)} == settings
    assert {run.setting for run in runs_of(table, data=None)} <= settings


@pytest.mark.parametrize("table", TABLES)
def test_nobody_is_measured_on_what_anybody_learns_from(table):
    catalogue = load_catalogue(Path("data"), small=False)

    def roots(places):
        pairs = [place.split("/") for place in places]
        return [catalogue.sets(role)[name].root for role, name in pairs]

    for run in runs_of(table):
        pairs = set(roots(f"synthetic/{name}" for name in run.params.synthetic))
        real = set(roots(f"real/{name}" for name in run.params.real or ()))
        assert not (pairs | real) & set(roots(run.evaluate))
        assert run.variant == "oracle" or not pairs & real


def test_students_of_all_seeds_share_one_teacher():
    students = [run for run in runs_of("rain_prior") if run.variant == "hint-0.6"]
    assert [run.params.seed for run in students] == [0, 1, 2]
    assert len({id(run.teacher) for run in students}) == 1


def test_teachers_keep_their_proportion_to_the_students():
    table = PARAMS / "rain_prior.yaml"
    runs = plan(table, load_catalogue(None, small=False), Scale(seeds=(0,), steps=500))
    assert {run.method: run.params.steps for run in runs} == {"teacher": 2500, "student": 500}


def test_all_students_start_from_the_network_that_was_trained_alone():
    students = [run for run in runs_of("rain_prior") if run.method == "student"]
    assert {run.start.variant for run in students} == {"teacher alone"}
    assert all(run.start in run.needs and run.start.params.init == "random" for run in students)
    assert all(run.start is None for run in runs_of("shift"))


def test_an_oracle_sees_the_pairs_of_both_kinds_of_rain_and_is_left_out_where_there_are_none():
    seen = {run.setting: run.params for run in runs_of("shift") if run.variant == "oracle"}
    assert seen["light_to_heavy"].synthetic == ["light", "heavy"]
    assert seen["varied_to_rain800"].synthetic == ["varied", "rain800"]
    assert "varied_to_photographs" not in seen


def test_the_last_weights_count():
    assert all(run.params.validate_every == run.params.steps for run in runs_of("shift"))


def test_settings_without_their_data_are_left_out():
    packaged = {run.setting for run in runs_of("shift", data=None)}
    assert packaged == {"light_to_heavy", "light_to_varied", "heavy_to_light"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("teacher: single", "teacher: singel", "Did you mean 'single'"),
        ("start: alone", "start: alon", "start: found 'alon'. Did you mean 'alone'"),
        ("{rain_prior: {", "{rain_prier: {", "Did you mean 'rain_prior'"),
        ("name: adam,", "name: adamm,", r"heavy/teacher single: optimizer.name.*adamm"),
        ("benchmark/heavy", "heavy", "evaluate"),
    ],
)
def test_mistakes_in_a_table_are_named(tmp_path, old, new, message):
    table = tmp_path / "table.yaml"
    table.write_text((PARAMS / "rain_prior.yaml").read_text().replace(old, new))
    with pytest.raises(UserError, match=message):
        plan(table, load_catalogue(None, small=False), QUICK)


def test_changes_reach_into_nested_blocks_and_leave_the_original():
    block = {"model": {"name": "rrg", "options": {"channels": 8}}, "steps": 3}
    change = {"model": {"options": {"msrbs": 2}}, "steps": 4}
    expected = {"model": {"name": "rrg", "options": {"channels": 8, "msrbs": 2}}, "steps": 4}
    assert merged(block, change) == expected
    assert block["model"] == {"name": "rrg", "options": {"channels": 8}}
