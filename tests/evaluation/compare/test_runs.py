"""Statistics that say whether one run is better than another."""

import csv
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from ssid.errors import UserError
from ssid.evaluation.compare.runs import HEADING, compare_runs, find_images, read_images, table_of
from ssid.evaluation.compare.statistics import (
    COMPARED,
    bootstrap_interval,
    paired_difference,
    show_spread,
    spread,
)
from ssid.evaluation.results import Score, write_scores
from ssid.metrics.table import METRICS
from ssid.tracking.store import EXPERIMENT, open_client
from ssid.tracking.view import share_view

NO_STORE = "sqlite:///absent.db"


def images_csv(path, psnr, method="student", names=None, **measures):
    names = names or [f"image{i}" for i in range(len(psnr))]
    scores = [
        Score("benchmark", "demo", name, method, dict(psnr_y=value, ssim_y=0.5, **measures))
        for name, value in zip(names, psnr, strict=True)
    ]
    write_scores(path, scores)
    return str(path)


def table(sources, tracking=NO_STORE):
    return table_of(compare_runs(sources, "student", tracking))


def cell(row, column):
    return row[HEADING.index(column)]


def test_spread_is_that_of_a_sample():
    assert spread([1.0, 2.0, 3.0, 4.0]) == (2.5, pytest.approx(np.sqrt(5 / 3)))
    assert spread([7.0]) == (7.0, None)
    assert show_spread("psnr_y", spread([30.0])) == "30.00"


def test_interval_of_many_images_is_that_of_the_normal_distribution():
    differences = np.random.default_rng(1).normal(0.3, 1.0, size=(1, 400))
    low, high = bootstrap_interval(differences)
    error = differences.std() / np.sqrt(400)
    expected = differences.mean() - 1.96 * error, differences.mean() + 1.96 * error
    np.testing.assert_allclose((low, high), expected, atol=0.01)


def test_interval_contains_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    samples = (rng.normal(size=(1, 40)) for _ in range(300))
    intervals = [bootstrap_interval(sample, resamples=400) for sample in samples]
    covered = np.mean([low <= 0 <= high for low, high in intervals])
    assert 0.9 < covered < 0.98


def test_seeds_that_disagree_widen_the_interval():
    images = np.random.default_rng(3).normal(size=100)
    images -= images.mean()
    agreeing = np.stack([images, images, images])
    disagreeing = agreeing + np.array([[-1.0], [0.0], [1.0]])
    one, other = map(bootstrap_interval, (agreeing, disagreeing))
    assert other[1] - other[0] > 3 * (one[1] - one[0])


def test_pairing_finds_a_gain_that_is_smaller_than_the_differences_between_images():
    baseline = np.random.default_rng(4).normal(30, 5, size=(1, 50))
    gain = np.random.default_rng(5).normal(0.2, 0.1, size=(1, 50))
    found = paired_difference("psnr_y", baseline + gain, baseline)
    assert found.verdict == "better"
    assert found.low < gain.mean() < found.high
    assert found.high - found.low < 0.1


@pytest.mark.parametrize("metric", COMPARED)
@pytest.mark.parametrize("sign", [1, -1])
def test_verdict_knows_the_direction_of_the_metric(metric, sign):
    baseline = np.full((1, 8), 4.0)
    expected = METRICS[metric].rise if sign > 0 else METRICS[metric].fall
    assert paired_difference(metric, baseline + sign, baseline).verdict == expected
    assert paired_difference(metric, baseline, baseline).verdict == "noise"


def test_few_images_allow_no_verdict():
    baseline = np.full((3, 7), 4.0)
    assert paired_difference("psnr_y", baseline + 1, baseline).verdict == "too few images"


def test_lower_niqe_is_better():
    low, high = np.full((1, 8), 3.0), np.full((1, 8), 5.0)
    assert paired_difference("niqe", low, high).verdict == "better"


def test_runs_are_compared_image_by_image_whatever_their_order(tmp_path):
    a = images_csv(tmp_path / "a.csv", [20.0, 30.0, 40.0], names=["x", "y", "z"])
    b = images_csv(tmp_path / "b.csv", [43.0, 21.0, 32.0], names=["z", "x", "y"])
    heading, first, second, *_ = table([a, b])
    assert heading == HEADING
    assert cell(first, "mean ± std") == "30.00 ± 10.00"
    assert cell(second, "difference") == "+2.00"
    assert cell(second, "95% interval") == "[+1.00, +3.00]"
    assert cell(second, "verdict") == "too few images"
    assert cell(second, "largest gain") == "z +3.00"
    assert cell(second, "largest loss") == "x +1.00"


def test_only_images_that_both_have_count(tmp_path):
    a = images_csv(tmp_path / "a.csv", [20.0, 30.0], names=["x", "y"])
    b = images_csv(tmp_path / "b.csv", [31.0, 99.0], names=["y", "other"])
    row = table([a, b])[2]
    assert (cell(row, "images"), cell(row, "difference")) == ("1", "+1.00")


def test_runs_without_a_common_image_are_refused(tmp_path):
    a = images_csv(tmp_path / "a.csv", [20.0], names=["x"])
    b = images_csv(tmp_path / "b.csv", [20.0], names=["y"])
    with pytest.raises(UserError, match="no scores of the same images"):
        compare_runs([a, b], "student", NO_STORE)


def test_an_evaluation_may_be_named_by_its_folder(tmp_path):
    images_csv(tmp_path / "images.csv", [20.0])
    rows = table([str(tmp_path)])
    assert [cell(row, "metric") for row in rows[1:]] == ["psnr_y", "ssim_y"]


def test_metrics_that_were_not_measured_are_left_out(tmp_path):
    images_csv(tmp_path / "images.csv", [20.0])
    assert set(read_images(tmp_path / "images.csv", "student")["benchmark/demo"]) == {
        "psnr_y",
        "ssim_y",
    }


def test_a_missing_method_is_named_with_those_that_are_there(tmp_path):
    path = images_csv(tmp_path / "a.csv", [20.0], method="teacher")
    with pytest.raises(UserError, match=r"no scores of 'student'. Its methods: teacher"):
        compare_runs([path], "student", NO_STORE)


def test_another_table_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerow(("set", "psnr_y"))
    with pytest.raises(UserError, match=r"no images\.csv"):
        read_images(path, "student")


def test_scores_are_fetched_from_mlflow(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from mlflow import MlflowClient

    from ssid.tracking import newest_run, track_run, tracking_uri

    images_csv(tmp_path / "images.csv", [20.0, 22.0])
    monkeypatch.setenv("DVC_STAGE", "evaluate")
    monkeypatch.setenv("DVC_EXP_NAME", "wet-street")
    with track_run(tracking_uri(), "evaluate", tmp_path / "runs" / "evaluate") as tracker:
        tracker.file(tmp_path / "images.csv")
    other = images_csv(tmp_path / "other.csv", [21.0, 23.0])
    run_id = newest_run(MlflowClient(tracking_uri()), {"stage": "evaluate"})
    assert run_id is not None
    for name in (run_id, "wet-street"):
        rows = table([name, other], tracking_uri())
        assert cell(rows[2], "difference") == "+1.00"
    for absent in ("absent", "ab'sent"):
        with pytest.raises(UserError, match="neither the id of an MLflow run"):
            compare_runs([absent], "student", tracking_uri())


def evaluated(uri, *names):
    """Fill a store with evaluations of experiments of these names, without files."""
    client = open_client(uri)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    for name in names:
        client.create_run(experiment, tags={"dvc_stage": "evaluate", "dvc_exp_name": name})


def test_a_run_that_is_misspelt_is_suggested(tmp_path):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    evaluated(uri, "gimpy-crib", "hoven-runs")
    with pytest.raises(UserError, match="'gimpy-crab' is neither an images") as caught:
        find_images("gimpy-crab", uri)
    assert "Did you mean 'gimpy-crib'?" in str(caught.value)
    assert "the newest first: hoven-runs, gimpy-crib." in str(caught.value)


def test_to_ask_for_a_run_makes_no_store(tmp_path):
    with pytest.raises(UserError, match="there is no store of MLflow at"):
        find_images("gimpy-crib", f"sqlite:///{tmp_path}/mlflow.db")
    assert not list(tmp_path.iterdir())


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("http://127.0.0.1:9", "Connection refused"),
        ("sqlite:///{}", "unable to open database file"),
        ("sqlite:///{}/damaged.db", "not a database"),
        ("sqlite:///{}/newer.db", "revision"),
        ("foo://bar", "foo://bar"),
        ("/{}/mlruns", "maintenance mode"),
    ],
)
@pytest.mark.parametrize("ask", [find_images, lambda name, uri: share_view(uri, name)])
def test_a_store_that_cannot_be_read_is_one_message_at_once(tmp_path, uri, reason, ask):
    (tmp_path / "damaged.db").write_text("this is no database of any kind" * 100)
    with closing(sqlite3.connect(tmp_path / "newer.db")) as base, base:
        base.execute("CREATE TABLE alembic_version (version_num TEXT)")
        base.execute("CREATE TABLE experiments (experiment_id INT, artifact_location TEXT)")
        base.execute("INSERT INTO alembic_version VALUES ('of a later release')")
    uri = uri.format(tmp_path)
    with pytest.raises(UserError) as caught:
        ask("gimpy-crib", uri)
    assert uri in str(caught.value)
    assert reason in str(caught.value)
    assert "MLFLOW_TRACKING_URI" in str(caught.value)
    assert "\n" not in str(caught.value)
