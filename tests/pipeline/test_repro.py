"""The real thing: DVC runs every stage on tiny parameters, in a clone of this repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from PIL import Image
from ruamel.yaml import YAML

from support.repository import ROOT

pytestmark = pytest.mark.timeout(1200)  # whole pipelines, on however busy a machine

TINY_STEPS = 4
CLEAN_ENV = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "DVC_", "MLFLOW_"))}


class Clone:
    """A copy of the repository's files in which commands are run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        scripts = str(Path(sys.executable).parent)
        env = {**CLEAN_ENV, "PATH": f"{scripts}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            command, cwd=self.path, env=env, capture_output=True, text=True, check=False
        )

    def done(self, *command: str) -> str:
        result = self.run(*command)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def change(self, file: str, **values: object) -> None:
        yaml = YAML()
        content = yaml.load(self.path / file)
        for dotted, value in values.items():
            *parents, last = dotted.split("__")
            block = content
            for parent in parents:
                block = block[parent]
            block[last] = value
        yaml.dump(content, self.path / file)

    def commit(self) -> None:
        self.done("git", "add", "--all")
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        self.done("git", *identity, "commit", "--quiet", "--message", "test")


def ran(output: str) -> set[str]:
    """Return the stages that `dvc repro` ran."""
    return {
        line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage '")
    }


def runs(clone: Clone, stage: str) -> list:
    client = MlflowClient(f"sqlite:///{clone.path}/mlflow.db")
    experiment = client.get_experiment_by_name("ssid")
    return client.search_runs([experiment.experiment_id], f"tags.stage = '{stage}'")


def photographs(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        noise = np.random.default_rng(number).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((96, 80)).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = Clone(tmp_path_factory.mktemp("clone") / "ssid")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(("tests/", "dvc.lock", "evaluation/")):
            (clone.path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, clone.path / name)
    small = {"max_side": 96, "renderings": 1}
    for role, name in (("synthetic", "demo"), ("real", "standin"), ("benchmark", "demo")):
        clone.change("params/data.yaml", **{f"{role}__{name}__{k}": v for k, v in small.items()})
    clone.change(
        "params/data.yaml", **{"benchmark__standin__limit": 1, "benchmark__standin__max_side": 96}
    )
    short = {
        "steps": TINY_STEPS,
        "batch__patch": 32,
        "batch__pairs": 1,
        "validate_every": 2,
        "log_every": 1,
        "probe_every": 2,
    }
    clone.change("params/teacher.yaml", **short)
    clone.change("params/student.yaml", **short, batch__fitted=1, batch__real=1)
    clone.change("params/rain.yaml", crops=4, rounds=1, renderings=1)
    clone.change("params/evaluate.yaml", latency__repeats=2, latency__warmup=0, latency__height=64)
    clone.done("git", "init", "--quiet")
    clone.commit()
    return clone


@pytest.fixture(scope="module")
def first(clone: Clone) -> set[str]:
    return ran(clone.done("dvc", "repro"))


def test_first_run_runs_every_stage(clone: Clone, first: set[str]) -> None:
    assert {"prepare-synthetic@demo", "prepare-real@standin", "prepare-benchmark@demo"} <= first
    assert {"exclude", "fit@standin", "pretrain", "distill", "evaluate", "report"} <= first
    reason = (clone.path / "models/pruned/student/not_pruned.txt").read_text()
    assert "params/prune.yaml does not name the student" in reason
    metrics = json.loads((clone.path / "evaluation/metrics.json").read_text())
    assert set(metrics["benchmark"]["demo"]) == {"rainy", "teacher", "student"}
    sizes = {metrics["network"][method]["parameters"] for method in ("teacher", "student")}
    assert len(sizes) == 1  # the demo's student goes on from its teacher
    assert sizes.pop() > 100_000
    page = (clone.path / "report/index.html").read_text()
    assert "stand-in" in page


def test_mlflow_links_the_student_to_its_teacher(clone: Clone, first: set[str]) -> None:
    (teacher,), (student,) = runs(clone, "pretrain"), runs(clone, "distill")
    assert student.data.tags["teacher_run"] == teacher.info.run_id
    assert student.info.status == teacher.info.status == "FINISHED"
    assert "benchmark/demo/psnr_y" in student.data.metrics
    assert student.data.tags["real_rain"].startswith("stand-in")
    inputs = {entry.dataset.name for entry in student.inputs.dataset_inputs}
    assert inputs == {"synthetic/demo", "fitted/standin", "real/standin"}


def test_second_run_runs_nothing(clone: Clone, first: set[str]) -> None:
    assert ran(clone.done("dvc", "repro")) == set()


TRAINED = {"pretrain", "distill"}
PREPARED = {"prepare-synthetic", "prepare-real", "prepare-benchmark"}
DECIDES = {
    "ssid/cli.py": set(),
    "ssid/config/explain.py": set(),
    "ssid/data/images.py": {*PREPARED, "prune", "evaluate"},
    "ssid/data/leakage.py": {"exclude"},
    "ssid/data/public/catalogue.py": set(),
    "ssid/data/rain/render.py": {*PREPARED, "fit", "prune"},
    "ssid/data/sources/pairing.py": {*PREPARED, "prune"},
    "ssid/data/store/records.py": {*PREPARED, "fit", *TRAINED, "exclude", "evaluate"},
    "ssid/evaluation/compare/runs.py": set(),
    "ssid/evaluation/report/page.py": {"report"},
    "ssid/evaluation/scores.py": {"evaluate"},
    "ssid/metrics/fidelity.py": {*TRAINED, "prune", "evaluate"},
    "ssid/metrics/niqe.py": {"prune", "evaluate"},
    "ssid/models/prenet.py": {*TRAINED, "prune", "evaluate"},
    "ssid/objective/priors.py": TRAINED,
    "ssid/progress.py": set(),
    "ssid/prune/criteria.py": {"prune"},
    "ssid/tracking/tracker.py": set(),
    "ssid/training/loop.py": TRAINED,
}
"""For a file in every room, the stages that DVC runs again after a change of it."""


def test_a_change_reruns_the_stages_whose_output_it_decides(clone: Clone, first: set[str]) -> None:
    kept = {name: (clone.path / name).read_bytes() for name in DECIDES}
    try:
        for name, content in kept.items():
            (clone.path / name).write_bytes(content + b"# changed\n")
        status = json.loads(clone.done("dvc", "status", "--json"))
    finally:
        for name, content in kept.items():
            (clone.path / name).write_bytes(content)
    changed: dict[str, set[str]] = {}
    for stage, entries in status.items():
        for entry in entries:
            for dependency in entry.get("changed deps", {}):
                changed.setdefault(dependency, set()).add(stage.partition("@")[0])
    for name, stages in DECIDES.items():
        folders = {name, *map(str, Path(name).parents)}
        assert set().union(*(changed.get(folder, set()) for folder in folders)) == stages, name


def test_dvc_shows_metrics_and_plots(clone: Clone, first: set[str]) -> None:
    assert "psnr_y" in clone.done("dvc", "metrics", "show")
    clone.done("dvc", "plots", "show")
    drawn = (clone.path / "dvc_plots/index.html").read_text()
    assert "validation PSNR" in drawn


def test_another_real_set_reruns_only_what_depends_on_it(clone: Clone, first: set[str]) -> None:
    folder = photographs(clone.path / "my_rain", 2)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff not a photograph")
    clone.done("ssid", "data", "add", "mine", "my_rain")
    output = clone.done("dvc", "repro")
    after = {"fit@mine", "distill", "prune@student", "evaluate", "report"}
    assert ran(output) == {"prepare-real@mine", *after}
    refused = json.loads((clone.path / "data/prepared/real/mine/quarantine.json").read_text())
    assert [entry["file"] for entry in refused] == ["broken.jpg"]


def test_an_experiment_is_a_run_of_its_own(clone: Clone, first: set[str]) -> None:
    clone.commit()
    before = {run.info.run_id for run in runs(clone, "distill")}
    clone.done("dvc", "exp", "run", "-S", "params/student.yaml:objective.l1.weight=0.25", "distill")
    (run,) = [run for run in runs(clone, "distill") if run.info.run_id not in before]
    assert run.data.params["distill.objective.l1.weight"] == "0.25"
    assert run.data.metrics["val/psnr"] > 0


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ({"root": "no/such/folder", "layout": "photographs"}, "no/such/folder"),
        ({"root": "empty", "layout": "photographs"}, "empty"),
        ({"root": "params", "layout": "photographs"}, "params"),
        ({"root": "empty", "layout": "fotografs"}, "photographs"),
    ],
)
def test_a_mistake_costs_one_message(clone: Clone, block: dict[str, str], complaint: str) -> None:
    kept = (clone.path / "params/data.yaml").read_bytes()
    (clone.path / "empty").mkdir(exist_ok=True)
    clone.change("params/data.yaml", **{"real__wrong": block})
    result = clone.run(sys.executable, "-m", "pipelines.prepare", "real", "wrong")
    (clone.path / "params/data.yaml").write_bytes(kept)
    assert result.returncode == 1
    assert complaint in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) < 25
    assert not list((clone.path / "data/prepared/real").glob("wrong*"))


@pytest.mark.parametrize(
    ("role", "group"),
    [("real", "prepare-real"), ("real", "fit"), ("benchmark", "prepare-benchmark")],
)
def test_a_group_of_stages_without_members_is_refused_before_any_work(
    clone: Clone, first: set[str], role: str, group: str
) -> None:
    """DVC takes such a group for no target, and would run every stage."""
    kept = (clone.path / "params/data.yaml").read_bytes()
    clone.change("params/data.yaml", **{role: {}})
    result = clone.run("dvc", "repro", group)
    (clone.path / "params/data.yaml").write_bytes(kept)
    clone.done("dvc", "checkout")  # the outputs of the stage that refused
    assert result.returncode != 0
    assert f"{role}: names no set" in result.stderr
    assert len(ran(result.stdout)) == 1
