"""What was run: told from the parameters as they are."""

import pytest

from ssid.errors import UserError
from ssid.evaluation.report.experiment import (
    describe_data,
    describe_kind,
    describe_networks,
    has_adapted_to,
    read_experiment,
)
from ssid.evaluation.report.results import read_results


@pytest.fixture
def results(evaluation):
    return read_results(evaluation)


@pytest.fixture
def experiment(params):
    return read_experiment(params)


def of_role(results, role):
    return next(of_set for of_set in results.sets if of_set.role == role)


def test_networks_are_told_with_their_options_and_source(experiment, results):
    teacher, student = describe_networks(experiment, results)
    assert (teacher.method, student.method) == ("teacher", "student")
    assert teacher.model == "ssid_kd (widths [4, 8, 16])"
    assert student.model == "rrg (channels 8, msrbs 1)"
    assert "ICIP 2022" in student.source


def test_objectives_are_told_as_they_were(params, results):
    student = params / "student.yaml"
    terms = "{l1: {weight: 0.5}, ssim: {weight: 0}, imitation: {weight: 2e-3, start: 0.25}}"
    student.write_text(student.read_text().replace("{l1: {weight: 1}}", terms))
    told = {n.method: n.objective for n in describe_networks(read_experiment(params), results)}
    assert told["teacher"] == "1 · ssim"
    assert told["student"] == "0.5 · l1 + 0.002 · imitation (from 25 % on)"


def test_rendered_benchmarks_are_told_from_ready_made_ones(experiment, results, params):
    pairs = of_role(results, "benchmark")
    assert describe_kind(experiment, pairs) == "pairs with clean images"
    data = params / "data.yaml"
    rendered = "pairs: {root: photographs, layout: photographs, rain: varied}"
    data.write_text(data.read_text().replace("pairs: {root: pairs, layout: pairs}", rendered))
    kind = describe_kind(read_experiment(params), pairs)
    assert kind == "pairs, rain rendered by ssid (varied)"


def test_training_sets_are_listed_with_the_measured_ones(experiment, results):
    rows = describe_data(experiment, results)
    assert [(row.role, row.name) for row in rows] == [
        ("training", "drawn"),
        ("benchmark", "pairs"),
        ("benchmark", "seen"),
        ("real", "rainlike"),
    ]
    assert rows[0].kind == "pairs, rain rendered by ssid (rain100l)"


@pytest.mark.parametrize(
    ("names", "images", "adapted"),
    [(None, 4, True), (["rainlike"], 4, True), (["other"], 4, False), (None, 0, False)],
)
def test_adaptation_to_the_evaluated_images_is_told(experiment, results, names, images, adapted):
    batch = experiment.student.batch.model_copy(update={"real": images})
    student = experiment.student.model_copy(update={"real": names, "batch": batch})
    changed = experiment._replace(student=student)
    assert has_adapted_to(changed, of_role(results, "real")) is adapted
    assert not has_adapted_to(changed, of_role(results, "benchmark"))


def test_missing_parameters_are_explained(params):
    (params / "student.yaml").unlink()
    with pytest.raises(UserError, match=r"student\.yaml"):
        read_experiment(params)
