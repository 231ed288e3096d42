"""What MLflow gets to know, and that training does not depend on it."""

import json
import os
import signal
import urllib.request
from importlib.metadata import version
from pathlib import Path
from time import sleep
from types import SimpleNamespace

import mlflow
import numpy as np
import pytest
import torch

from ssid.files import sha256
from ssid.objective.params import describe_objective
from ssid.tracking import commit, flatten, track_run, tracking_uri
from ssid.training.batches import Batches
from support.mlflow_server import served
from support.training_runs import Run


def test_without_a_store_nothing_is_tracked_and_nothing_is_said(tmp_path, caplog):
    with track_run(None, "distill", tmp_path) as tracker:
        tracker.params({"a": 1})
        tracker.tags({"a": "b"})
        tracker.inputs({"set": "digest"})
        tracker.link("teacher_run", model_sha256="b")
        tracker.metrics({"a": 1.0}, 1)
        tracker.picture(np.zeros((2, 2, 3), np.uint8), "x.png")
    assert list(tmp_path.iterdir()) == []
    assert caplog.records == []


def test_nested_parameters_have_dotted_names():
    nested = {"a": {"b": {"c": 1}, "d": [1, 2]}, "e": {}, "f": None}
    assert dict(flatten(nested)) == {"a.b.c": 1, "a.d": [1, 2], "e": {}, "f": None}


def test_records_are_kept_where_mlflow_is_told_to(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert tracking_uri() == "sqlite:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////elsewhere/mlflow.db")
    assert tracking_uri() == "sqlite:////elsewhere/mlflow.db"


def test_no_git_is_no_obstacle(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert commit() == "unknown"


def ended(client, stage: str):
    """Return the run of a stage once its records have been sent, which may take its time."""
    for _ in range(600):
        [run] = client.search_runs(["1"], f"tags.stage = '{stage}'") or [None]
        if run is not None and run.info.status != "RUNNING":
            return run
        sleep(0.1)
    raise TimeoutError(stage)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, prepared):
    """Return a pretraining and a distillation, stopped once and gone on with, and their client."""
    folder, before = tmp_path_factory.mktemp("tracked"), Path.cwd()
    os.chdir(folder)  # beside the database, MLflow keeps files in the working directory
    store, patch = f"sqlite:///{folder}/mlflow.db", pytest.MonkeyPatch()
    try:
        teacher = Run(folder / "teacher", prepared, tracking=store)
        teacher.train(steps=2)
        student = Run(folder / "student", prepared, teacher.output, store)
        load = Batches.__getitem__

        def load_and_signal(self, step):
            if step == 4:
                os.kill(os.getpid(), signal.SIGTERM)
            return load(self, step)

        with patch.context() as patched:
            patched.setattr(Batches, "__getitem__", load_and_signal)
            with pytest.raises(KeyboardInterrupt):
                student.train()
        client = mlflow.MlflowClient(store)
        killed = ended(client, "distill")
        student.train()
        mlflow.set_tracking_uri(store)  # models:/ID asks the store of this process
        yield SimpleNamespace(teacher=teacher, student=student, client=client, killed=killed)
    finally:
        os.chdir(before)
        mlflow.set_tracking_uri(None)


@pytest.fixture
def run(recorded):
    """Return MLflow's record of the distillation; there is one, though it was interrupted."""
    [run] = recorded.client.search_runs(["1"], "tags.stage = 'distill'")
    return run


def test_an_interrupted_run_is_gone_on_with(recorded, run):
    assert recorded.killed.info.status == "KILLED"
    assert run.info.status == "FINISHED"
    assert run.info.run_id == recorded.killed.info.run_id


def test_tags_tell_where_a_run_comes_from(recorded, run):
    [teacher] = recorded.client.search_runs(["1"], "tags.stage = 'pretrain'")
    assert run.data.tags["teacher_run"] == teacher.info.run_id
    assert run.data.tags["model_sha256"] == sha256(recorded.student.output)
    assert run.data.tags["real_rain"] == "stand-in (rendered)"
    assert teacher.data.tags["real_rain"] == "none"
    on = describe_objective(recorded.student.job().params.objective)
    assert run.data.tags["objective"] == on
    assert "0.001 · sirr" in on
    assert run.data.tags["version.torch"] == version("torch")
    assert run.data.tags["commit"]


def test_parameters_are_recorded(recorded, run):
    assert run.data.params["distill.optimizer.lr"] == "0.005"
    assert run.data.params["distill.objective.sirr.weight"] == "0.001"
    path = recorded.client.download_artifacts(run.info.run_id, "params.json")
    assert json.loads(Path(path).read_text()) == recorded.student.job().record


def test_data_sets_are_inputs(recorded, run):
    inputs = {item.dataset.name: item.dataset.digest for item in run.inputs.dataset_inputs}
    job = recorded.student.job()
    assert inputs == {
        "synthetic/tiny": job.synthetic[0].summary.digest[:36],
        "real/tiny_real": job.real[0].summary.digest[:36],
    }


@pytest.mark.parametrize(
    "name", ["train/loss", "train/grad_share/l1", "val/psnr", "best/psnr", "lr"]
)
def test_curves_are_those_of_the_file(recorded, run, name):
    history = recorded.client.get_metric_history(run.info.run_id, name)
    assert [(m.step, m.value) for m in history] == list(recorded.student.curve(name).items())


def test_panels_are_recorded(recorded, run):
    listed = recorded.client.list_artifacts(run.info.run_id, "panels")
    found = {Path(item.path).name for item in listed}
    assert found == {path.name for path in (recorded.student.runs / "panels").iterdir()}


@pytest.fixture
def stored(recorded, run):
    [output] = run.outputs.model_outputs
    return mlflow.pyfunc.load_model(f"models:/{output.model_id}")


SIZES = [(1, 3, 48, 64), (3, 3, 37, 41), (1, 3, 65, 40)]


@pytest.mark.parametrize("size", SIZES)
def test_the_stored_model_derains_images_of_any_size(recorded, stored, size):
    [inputs] = stored.metadata.signature.inputs.inputs
    assert (inputs.type, inputs.shape) == (np.dtype("float32"), (-1, 3, -1, -1))
    images = torch.rand(size)
    derained = stored.predict(images.numpy())
    expected = recorded.student.student().eval()(images).detach().numpy()
    np.testing.assert_allclose(derained, expected, atol=1e-5)


def test_the_stored_model_is_served_for_images_of_any_size(recorded, run, tmp_path):
    [output] = run.outputs.model_outputs
    store = mlflow.get_tracking_uri()
    with served(f"models:/{output.model_id}", store, tmp_path) as address:
        for size in SIZES:
            images = torch.rand(size)
            expected = recorded.student.student().eval()(images).detach().numpy()
            np.testing.assert_allclose(ask(address, images), expected, atol=1e-5)


def ask(address, images):
    """Return what a server of a model makes of images."""
    body, kind = json.dumps({"inputs": images.tolist()}), {"Content-Type": "application/json"}
    request = urllib.request.Request(address, body.encode(), kind)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["predictions"]


def test_no_artifact_is_pickle(recorded):
    suffixes = {path.suffix for path in Path("mlruns").rglob("*") if path.is_file()}
    assert suffixes <= {".json", ".png", ".yaml", ".txt", ".pt2", ""}
