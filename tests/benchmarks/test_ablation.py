"""The runner of the tables, on thumbnails."""

import json
import shutil
from contextlib import nullcontext
from unittest.mock import Mock

import pytest
from PIL import Image

from benchmarks import runs
from benchmarks.ablation import main
from benchmarks.runs import Outcome
from benchmarks.summary import RAINY, kept_of, markdown, rows_of
from benchmarks.tables import Training
from ssid.errors import UserError
from ssid.pictures import CELL
from ssid.training.params import TrainingParams
from support.repository import ROOT

DISTILLED = "rain_prior-0.8"
ONLY = ("*/none", f"*/{DISTILLED}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of runs in which a teacher and two students are finished."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        main(["rain_prior", "--quick", "--runs", str(folder), "--only", *ONLY])
    return folder


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


def results(folder):
    return json.loads((folder / "rain_prior.json").read_text())["settings"]["heavy"]


def test_chosen_variants_are_trained_and_measured(folder):
    assert [run["variant"] for run in results(folder)["runs"]] == ["none", DISTILLED]
    measured = {(row["variant"], row["metric"]) for row in results(folder)["rows"]}
    assert measured == {
        (variant, metric)
        for variant in (RAINY, "none", DISTILLED)
        for metric in ("psnr_y", "ssim_y", "sharpness")
    }


def test_terms_and_their_share_are_recorded(folder):
    shares = {run["variant"]: run["gradient_share"] for run in results(folder)["runs"]}
    assert shares["none"] == {"ssim": 1}
    assert shares[DISTILLED].keys() == {"ssim", "rain_prior"}
    assert sum(shares[DISTILLED].values()) == pytest.approx(1, abs=1e-3)


def test_what_weights_are_chosen_by_is_recorded(folder):
    for run in results(folder)["runs"]:
        *_, last = (folder / run["folder"] / "metrics.jsonl").read_text().splitlines()
        assert run["validation_psnr"] == json.loads(last)["val/psnr"]


def test_finished_runs_are_not_trained_again(folder, monkeypatch, capsys):
    monkeypatch.setattr(runs, "train", None)
    before = results(folder)
    main(["rain_prior", "--quick", "--runs", str(folder), "--only", *ONLY])
    assert "2 of 2 runs are finished already" in capsys.readouterr().out
    assert results(folder) == before


def test_a_run_whose_scores_are_lost_is_measured_but_not_trained(folder, monkeypatch):
    before = results(folder)
    tracker = Mock()
    monkeypatch.setattr(runs, "track_run", lambda *_: nullcontext(tracker))
    monkeypatch.setattr(runs, "train", None)
    none = next(run for run in before["runs"] if run["variant"] == "none")
    for scores in (folder / none["folder"]).glob("scores-*"):
        shutil.rmtree(scores)
    main(["rain_prior", "--quick", "--runs", str(folder), "--only", "*/none"])
    assert results(folder) == before
    assert tracker.file.call_args.args[0].name == "images.csv"  # what `ssid compare` looks for
    assert tracker.tags.call_args.args[0]["benchmark"] == "heavy/none, seed 0"


def test_no_other_run_begins_where_one_was_asked_to_stop(tmp_path, monkeypatch):
    def asked_to_stop(job, output):
        output.parent.mkdir()
        output.touch()
        return True

    monkeypatch.setattr(runs, "train", asked_to_stop)
    with pytest.raises(KeyboardInterrupt, match="heavy/teacher alone, seed 0 is trained"):
        main(["rain_prior", "--quick", "--runs", str(tmp_path), "--only", *ONLY])
    assert len(list(tmp_path.rglob("model.safetensors"))) == 1


def test_extremes_are_drawn_beside_the_baseline(folder, capsys):
    main(["rain_prior", "--quick", "--runs", str(folder), "--only", *ONLY, "--pictures"])
    sheet = folder / f"pictures/heavy_{DISTILLED}_0.jpg"
    assert f"wrote {sheet}" in capsys.readouterr().out
    assert [sheet] == list(sheet.parent.iterdir())  # none of the teacher and of the baseline
    with Image.open(sheet) as image:
        assert image.width == 4 * CELL[0]


def test_variants_that_are_not_measured_here_are_kept_of_an_earlier_table(folder, tmp_path):
    before = results(folder)
    elsewhere = folder / before["runs"][1]["folder"]
    elsewhere.rename(tmp_path / "student")
    main(["rain_prior", "--quick", "--runs", str(folder), "--only", "*/none"])
    none, kept = results(folder)["runs"]
    assert none == before["runs"][0]
    assert kept["variant"] == DISTILLED
    assert kept.keys() - before["runs"][1].keys() == {"commit"}
    assert results(folder)["rows"] == before["rows"]
    (tmp_path / "student").rename(elsewhere)
    main(["rain_prior", "--quick", "--runs", str(folder), "--only", "*/none"])
    assert results(folder) == before


def test_earlier_rows_of_other_parameters_are_not_kept():
    run = {"variant": "hint", "folder": "before"}
    row = {"variant": "hint", "set": "benchmark/demo", "metric": "psnr_y", "runs": [1.0]}
    row |= {"spread": {"mean": 1.0, "std": None}, "difference": None}
    earlier = {"commit": "c", "settings": {"heavy": {"runs": [run], "rows": [row]}}}
    assert kept_of(earlier, {"heavy": []}, {"before"})["heavy"].runs == [{"commit": "c"} | run]
    assert kept_of(earlier, {"heavy": []}, {"before"})["heavy"].rows[0].spread == (1.0, None)
    assert kept_of(earlier, {"heavy": []}, {"after"})["heavy"] == ([], [])
    assert kept_of(earlier, {"heavy": [outcome("hint", 0, [2.0])]}, {"before"})["heavy"].rows == []


def test_patterns_that_fit_nothing_are_refused(folder):
    with pytest.raises(UserError, match=r"fits none of: heavy/teacher single, .*heavy/hint"):
        main(["rain_prior", "--quick", "--runs", str(folder), "--only", "absent"])


def outcome(variant, seed, values):
    params = TrainingParams.model_construct(seed=seed)
    method = "teacher" if variant == "teacher single" else "student"
    run = Training("setting", variant, method, params, None, None, ("benchmark/demo",))
    scores = {
        name: {"benchmark/demo": {"psnr_y": {f"image{i}": v for i, v in enumerate(each)}}}
        for name, each in (("rainy", [10.0, 20.0]), ("derained", values))
    }
    return Outcome(run, "folder", **scores, gradient_share={}, validation=None)


def test_rows_hold_means_over_seeds_and_differences_of_equal_seeds():
    outcomes = [
        outcome("teacher single", 0, [30.0, 40.0]),
        outcome("none", 0, [20.0, 30.0]),
        outcome("none", 1, [22.0, 32.0]),
        outcome("hint", 0, [21.0, 31.0]),
        outcome("hint", 1, [25.0, 35.0]),
        outcome("hint", 2, [99.0, 99.0]),
    ]
    rainy, teacher, none, hint = rows_of(outcomes, "none")
    assert (rainy.runs, teacher.runs, none.runs) == ([15.0], [35.0], [25.0, 27.0])
    assert none.spread == (26.0, pytest.approx(2**0.5))
    assert hint.difference.mean == 2.0  # of seeds 0 and 1: there is no baseline of seed 2
    assert (hint.difference.low, hint.difference.high) == (1.0, 3.0)
    assert rainy.difference is teacher.difference is none.difference is None
    assert "| benchmark/demo | psnr_y | none | 2 | 26.00 ± 1.41 |  |  |  |" in markdown([none])
