"""Parameter files: what is shipped fits, and what is wrong is told by file, key and remedy."""

import json
from pathlib import Path

import pytest
from pydantic import ConfigDict, ValidationError

from ssid.config.base import Params
from ssid.config.load import load_params, parse_params
from ssid.data.params import DataParams, SyntheticSet, data_set
from ssid.data.rain.params import FitParams
from ssid.data.rain.profiles import PROFILES
from ssid.errors import UserError
from ssid.evaluation.params import EvaluateParams
from ssid.training.params import TeacherParams, TrainingParams, check_objective
from support.repository import ROOT

SHIPPED = ROOT / "params"

DATA = """
synthetic:
  mine: {root: photos, layout: photographs, rain: varied}
"""

RUN = """
model: {name: prenet, options: {}}
steps: 100
batch: {pairs: 2, real: 0, patch: 32}
optimizer: {name: adam, lr: 1e-4}
objective:
  ssim: {weight: 1}
validate_every: 10
checkpoint_every: 10
log_every: 10
probe_every: 10
"""

EVALUATE = "metrics: [psnr]\n"


def problems(tmp_path: Path, text: str, schema: type[Params]) -> list[str]:
    """Return the lines of the message that loading ``text`` ends in."""
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_params(path, schema)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def load(tmp_path: Path, text: str, schema: type[Params]) -> Params:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    return load_params(path, schema)


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("data", DataParams),
        ("rain", FitParams),
        ("teacher", TeacherParams),
        ("student", TrainingParams),
        ("evaluate", EvaluateParams),
    ],
)
def test_shipped_files_fit_and_spell_out_every_key(name, schema):
    params = load_params(SHIPPED / f"{name}.yaml", schema)
    assert params.model_fields_set == set(schema.model_fields)


@pytest.mark.parametrize("name", ["teacher", "student"])
def test_shipped_objectives_are_known(name):
    path = SHIPPED / f"{name}.yaml"
    check_objective(load_params(path, TrainingParams), path)


def test_demo_never_shows_a_held_out_photograph():
    params = load_params(SHIPPED / "data.yaml", DataParams)

    def photographs(role: str) -> set[str]:
        roots = {block.root for block in params.sets(role).values()}
        lines = [line for root in roots for line in (SHIPPED.parent / root).read_text().split("\n")]
        return {line for line in lines if line.startswith("package:")}

    roles = [photographs(role) for role in ("synthetic", "real", "benchmark")]
    assert all(roles)
    assert len(set.union(*roles)) == sum(map(len, roles))


def test_every_packaged_photograph_exists():
    from ssid.data.sources.listing import list_text

    for path in (SHIPPED / "photographs").glob("*.txt"):
        listing = list_text(path)
        assert listing.photographs
        assert not listing.refused


def test_profiles_of_rain_are_those_of_the_renderer():
    for name in PROFILES:
        assert SyntheticSet(root=".", layout="photographs", rain=name).rain == name
    with pytest.raises(ValidationError, match=r"unknown rain profile 'varid'.*'varied'"):
        SyntheticSet(root=".", layout="photographs", rain="varid")


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("steps: 100", "steps: '100'", 3, 'steps: found "100"; it should be a valid integer'),
        ("steps: 100", "steps: true", 3, "steps: found true; it should be a valid integer"),
        ("steps: 100", "steps: 1.5", 3, "steps: found 1.5; it should be a valid integer"),
        ("steps: 100", "steps: 0", 3, "steps: found 0; it should be greater than or equal to 1"),
        ("steps: 100", "step: 100", 3, "step: unknown key. Did you mean 'steps'? Allowed here: "),
        ("lr: 1e-4", "lr: true", 5, "optimizer.lr: found true; it should be a valid number"),
        ("lr: 1e-4", "lr: .inf", 5, "optimizer.lr: found Infinity; it should be a finite number"),
        ("lr: 1e-4", "lr: -1", 5, "optimizer.lr: found -1; it should be greater than 0"),
        ("name: adam,", "name: adm,", 5, "optimizer.name: found \"adm\"; it should be 'adam',"),
        (
            "{pairs: 2, real: 0, patch: 32}",
            "[2, 0]",
            4,
            "batch: found [2, 0]; it should be a block of keys."
            " Allowed here: pairs, fitted, real, patch, exposure, parts.",
        ),
        (
            "{pairs: 2, real: 0, patch: 32}",
            "{pairs: 65536, real: 0, patch: 4096}",
            4,
            "batch: found 65536 crops of 4096×4096 pixels a step; at most 64 of this size",
        ),
        ("pairs: 2, ", "", 4, "batch.pairs: this key is missing and has no default"),
        ("name: prenet", "name: prent", 2, "model.name: unknown model 'prent'. Did you mean 'pr"),
        (
            "options: {}",
            "options: {cel: gru}",
            2,
            "model.options: model 'prenet': unknown opt",
        ),
        ("options: {}", "options: {cell: lst}", 2, 'model.options: cell: found "lst"; it should'),
        ("options: {}", "options: {channels: -1}", 2, "model.options: channels: found -1; nothing"),
        ("options: {}", "options: {channels: 0}", 2, "model.options: model 'prenet' cannot be"),
        ("{weight: 1}", "{wight: 1}", 7, "objective.ssim.weight: this key is missing"),
        ("{weight: 1}", "{weight: 0}", 6, "objective: every weight is 0; at least one must be"),
        ("{weight: 1}", "{weight: 1, start: 1}", 7, "objective.ssim.start: found 1; it should"),
        ("{weight: 1}", "{weight: 1, start: 0.5}", 6, "objective: every term starts later; at"),
        ("steps: 100", "steps: 1\ninit: teachr", 4, "init: found 'teachr'; it should be 'random'"),
        (
            "steps: 100",
            "steps: 1\nschedule: {name: cosine, milestones: [0.5]}",
            4,
            "schedule: found name: cosine and milestones: [0.5]; milestones belong to",
        ),
        (
            "steps: 100",
            "steps: 1\nschedule: {name: milestones}",
            4,
            "schedule: found name: milestones and milestones: []; milestones belong to",
        ),
        (
            "steps: 100",
            "steps: 1\nschedule: {name: milestones, milestones: [0.8, 0.6]}",
            4,
            "schedule.milestones: found [0.8, 0.6]; each must be larger than the one before",
        ),
    ],
)
def test_a_wrong_value_is_told_with_line_key_found_and_allowed(tmp_path, old, new, line, expected):
    assert old in RUN
    found, advice = problems(tmp_path, RUN.replace(old, new), TrainingParams)[-2:]
    assert found.startswith(f"{line}: {expected}")
    assert advice == f"Correct {tmp_path / 'params.yaml'} and try again."


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path):
    text = RUN.replace("steps: 100", "steps: 0").replace("lr: 1e-4", "lr: 0") + "nonsense: 1\n"
    lines = problems(tmp_path, text, TrainingParams)
    assert [line.split(":")[1].strip() for line in lines[:-1]] == [
        "steps",
        "optimizer.lr",
        "nonsense",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("steps: 100", "steps: 100\ninit: teacher"),
        ("real: 0", "real: 1"),
        ("steps: 100", "steps: 100\nreal: [street]"),
    ],
)
def test_the_teacher_learns_from_pairs_alone(tmp_path, old, new):
    text = RUN.replace(old, new)
    assert load(tmp_path, text, TrainingParams)
    assert "teacher" in problems(tmp_path, text, TeacherParams)[0]


def test_whole_numbers_serve_as_fractions(tmp_path):
    params = load(tmp_path, RUN.replace("lr: 1e-4", "lr: 1"), TrainingParams)
    assert params.optimizer.lr == 1.0
    assert isinstance(params.optimizer.lr, float)


def test_exponents_without_a_point_are_numbers(tmp_path):
    assert load(tmp_path, RUN, TrainingParams).optimizer.lr == 1e-4


def test_params_cannot_be_changed(tmp_path):
    params = load(tmp_path, RUN, TrainingParams)
    with pytest.raises(ValueError, match="frozen"):
        params.steps = 3


def test_terms_keep_their_own_options(tmp_path):
    text = RUN.replace("{weight: 1}", "{weight: 1, border: zero}")
    assert load(tmp_path, text, TrainingParams).objective["ssim"].options == {"border": "zero"}


def test_all_wrong_terms_are_told_at_once(tmp_path):
    text = RUN.replace("ssim: {weight: 1}", "ssin: {weight: 1}\n  l1: {weight: 1, windw: 3}")
    params = load(tmp_path, text, TrainingParams)
    with pytest.raises(UserError) as caught:
        check_objective(params, Path("params/student.yaml"))
    first, second = str(caught.value).splitlines()
    assert first.startswith(
        "params/student.yaml: objective.ssin: unknown term 'ssin'. Did you mean"
    )
    assert second.startswith("params/student.yaml: objective.l1: term 'l1': unknown option 'windw'")


@pytest.mark.parametrize(
    "name",
    ["../escape", "a/b", "..", ".hidden", "", "-option", "with space", "a\\b", "a.b", "é", "a\n"],
)
def test_no_name_of_a_data_set_leaves_its_folder(tmp_path, name):
    text = DATA.replace("mine", json.dumps(name))
    assert "cannot be the name of a data set" in problems(tmp_path, text, DataParams)[0]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("{root: a, layout: photographs}", "has no pairs; name a rain profile"),
        ("{root: a, layout: pairs, rain: varied}", "is rendered on layout: photographs only"),
        ("{root: a, layout: pairs, renderings: 3}", "renderings: 3 needs a rain profile"),
        ("{root: a, layout: pairs, turned: true}", "turned: true needs a rain profile"),
        ("{root: a, layout: pairs, ribs: true}", "ribs: true needs a rain profile"),
        ("{root: '', layout: pairs}", "synthetic.mine.root: found"),
        ("{root: a, layout: pair}", "Did you mean 'pairs'?"),
        ("{root: a, layout: pairs, val_fraction: 0}", "synthetic.mine.val_fraction: found 0"),
        ("{root: a, layout: pairs, limt: 3}", "limt: unknown key. Did you mean 'limit'?"),
    ],
)
def test_contradictory_blocks_are_refused(tmp_path, block, expected):
    text = f"synthetic:\n  mine: {block}\n"
    assert expected in problems(tmp_path, text, DataParams)[0]


def test_only_synthetic_sets_are_split(tmp_path):
    text = DATA + "real:\n  street: {root: a, layout: photographs, val_fraction: 0.1}\n"
    assert "real.street.val_fraction: unknown key" in problems(tmp_path, text, DataParams)[0]


def test_an_unknown_data_set_names_the_nearest(tmp_path):
    params = load(tmp_path, DATA, DataParams)
    assert data_set(params, "synthetic", "mine").rain == "varied"
    with pytest.raises(UserError, match=r"unknown synthetic data set 'mien'\. Did you mean 'mine"):
        data_set(params, "synthetic", "mien")
    with pytest.raises(UserError, match=r"unknown real data set 'mine'\..*Available: none"):
        data_set(params, "real", "mine")


def test_tiles_must_exceed_their_overlap(tmp_path):
    assert load(tmp_path, EVALUATE + "tile: 96\n", EvaluateParams)
    text = EVALUATE + "tile: 64\noverlap: 33\n"
    assert "must exceed overlap: 33 by 32" in problems(tmp_path, text, EvaluateParams)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("- 1\n", "found a list"),
        ("a: [1\n", ":2, column 1: this is not valid YAML"),
        ("a: 1\n  b: 2\n", ":2, column 4: this is not valid YAML: mapping values are not allowed"),
        ("a: 1\na: 2\n", ':2, column 1: this is not valid YAML: found duplicate key "a"'),
        ("a: {b: 1, b: 2}\n", 'found duplicate key "b"'),
        ("a: !!python/object/apply:os.system [ls]\n", "could not determine a constructor"),
        ("a: 1\n---\nb: 1\n", "another document"),
        ("a: *b\n", "found undefined alias"),
        ("b: &b 1\na: [" + "*b, " * 25 + "1]\n", "more than 24 aliases"),
        ("a: \x00\n", "this is not valid YAML"),
    ],
)
def test_what_is_no_mapping_in_yaml_is_refused(tmp_path, text, expected):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_params(path, EvaluateParams)
    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no parameter file .*none\.yaml"):
        load_params(tmp_path / "none.yaml", EvaluateParams)
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        load_params(tmp_path, EvaluateParams)
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: \xe9\n")
    with pytest.raises(UserError, match="is not text in UTF-8"):
        load_params(path, EvaluateParams)


class Loose(Params):
    """A block with options that no schema knows, like those of a term."""

    model_config = ConfigDict(extra="allow")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("2026-01-01", 'found a date, which DVC cannot record; quote it: "2026-01-01".'),
        ("2026-01-01 10:00:00", "found a date, which DVC cannot record"),
        (".nan", "found nan; expected a finite number."),
        ("-.inf", "found -inf; expected a finite number."),
        ("!!binary aGVsbG8=", "found a bytes, which DVC cannot record"),
        ("{2026-01-01: 1}", "the key is a date"),
        ("[1, [.nan]]", "found nan"),
    ],
)
def test_values_that_dvc_cannot_keep_are_refused_by_their_line(written, told):
    text = f"model: {{}}\nobjective:\n  l1: {{weight: 1, day: {written}}}\n"
    with pytest.raises(UserError) as refused:
        parse_params(text, Path("params/student.yaml"), Loose)
    assert str(refused.value).startswith("params/student.yaml:3: objective.l1.day")
    assert told in str(refused.value)


@pytest.mark.parametrize("options", ["wieght: 1", "wieght: 1, border: zero"])
def test_a_weight_that_is_misspelt_is_seen(tmp_path, options):
    """A term may have options of any name, so that no key is unknown."""
    text = RUN.replace("{weight: 1}", f"{{{options}}}")
    first, *_ = problems(tmp_path, text, TrainingParams)
    assert first.endswith("is missing and has no default; found 'wieght', which may be meant")


@pytest.mark.parametrize(
    ("name", "option"),
    [("unet", "widths: [8, 0, 8, 8]"), ("ddn", "channels: 0"), ("mprnet", "width: 0")],
)
def test_a_width_of_0_is_refused(tmp_path, name, option):
    text = RUN.replace("{name: prenet, options: {}}", f"{{name: {name}, options: {{{option}}}}}")
    first, *_ = problems(tmp_path, text, TrainingParams)
    assert "cannot be built" in first


@pytest.mark.parametrize(
    ("name", "option"),
    [("unet", "encoder_blocks: [-1, 1, 1, 1]"), ("ddn", "units: -1"), ("mprnet", "cabs: -1")],
)
def test_a_negative_count_is_refused(tmp_path, name, option):
    """Python takes a range of -1 for an empty one: the network would silently lack its blocks."""
    text = RUN.replace("{name: prenet, options: {}}", f"{{name: {name}, options: {{{option}}}}}")
    first, *_ = problems(tmp_path, text, TrainingParams)
    assert "below 0" in first
    assert option.split(":")[0] in first
