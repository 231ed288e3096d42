"""MLflow away, hung or broken: training goes on, and MLflow knows all of it in the end."""

import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path

import psutil
import pytest
from mlflow import MlflowClient

from ssid.models import save_model
from ssid.tracking.sender import all_spools
from ssid.tracking.sync import sync
from support.mlflow_history import assert_complete, await_step, rows, start, the_run
from support.mlflow_server import ERROR_500, Server, free_port, unhelpful
from support.training_networks import PRENET_6, build
from support.training_runs import Run

STEPS = 24
HOUR = pytest.mark.timeout(3600)
"""What is waited for are events, on however busy a machine."""


@pytest.fixture
def run(tmp_path, prepared) -> Run:
    teacher = tmp_path / "teacher.safetensors"
    save_model(teacher, build(PRENET_6, seed=9))
    return Run(tmp_path / "run", prepared, teacher)


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "server")
    yield server
    server.stop()


def done(process: subprocess.Popen) -> str:
    _, said = process.communicate()
    assert process.returncode == 0, said
    return said


def test_a_server_that_never_answers_costs_nothing_and_loses_nothing(run, monkeypatch):
    store = f"sqlite:///{run.folder}/mlflow.db"
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with unhelpful(None) as uri:
        process = start(run, uri, STEPS, HOLD="20")
        _await_warning(process, uri)
        await_step(run, 19)
        (run.folder / "go on").touch()
        said = done(process)
    assert "records have not reached MLflow yet" in said
    assert run.output.is_file()
    monkeypatch.chdir(run.folder)
    [line] = sync(run.folder / "runs", store)
    assert line.endswith(f"records sent to {store}")
    assert_complete(store, run)
    assert all_spools(run.folder / "runs") == []


def _await_warning(process: subprocess.Popen, uri: str) -> None:
    while f"MLflow ({uri}) cannot be reached, training goes on" not in process.stderr.readline():
        assert process.poll() is None


@HOUR
@pytest.mark.long
@pytest.mark.parametrize("away", ["nobody listens", "never answers", "answers 500"])
def test_signals_are_heard_while_the_server_is_away(run, away):
    answer = {"never answers": None, "answers 500": ERROR_500}
    if away in answer:
        with unhelpful(answer[away]) as uri:
            _stop_and_finish(run, uri)
    else:
        _stop_and_finish(run, f"http://127.0.0.1:{free_port()}")


def _stop_and_finish(run: Run, uri: str) -> None:
    for step, number in ((3, signal.SIGTERM), (6, signal.SIGINT)):
        process = start(run, uri, STEPS, pause=0.3)
        await_step(run, step)
        process.send_signal(number)
        _, said = process.communicate()
        assert process.returncode == 130  # and not 0, as after the last step
        assert "which is saved" in said
    done(start(run, uri, STEPS))
    assert run.output.is_file()


@HOUR
@pytest.mark.long
def test_a_server_that_comes_back_while_training_goes_on(run, server):
    server.start()
    process = start(run, server.uri, STEPS, HOLD="20")
    await_step(run, 5)
    server.stop()
    await_step(run, 20)
    server.start()
    (run.folder / "go on").touch()
    done(process)
    list(sync(run.folder / "runs"))
    assert_complete(server.uri, run)


@HOUR
@pytest.mark.long
def test_a_server_that_is_started_late(run, server):
    process = start(run, server.uri, STEPS, HOLD="20")
    await_step(run, 5)
    server.start()
    (run.folder / "go on").touch()
    done(process)
    list(sync(run.folder / "runs"))
    assert_complete(server.uri, run)


@HOUR
@pytest.mark.long
def test_a_server_that_hangs_to_the_end(run, server):
    server.start()
    process = start(run, server.uri, STEPS, pause=0.3)
    await_step(run, 5)
    server.freeze()
    done(process)
    server.thaw()
    list(sync(run.folder / "runs"))
    assert_complete(server.uri, run)


@HOUR
@pytest.mark.long
def test_a_run_that_is_killed_during_an_outage(run, server):
    server.start()
    process = start(run, server.uri, STEPS, pause=0.3)
    await_step(run, 4)
    server.stop()
    await_step(run, 9)
    [sender] = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    psutil.wait_procs([sender])  # it gives up
    server.start()
    list(sync(run.folder / "runs"))
    client = MlflowClient(server.uri)
    assert the_run(client).info.status == "KILLED"
    assert max(step for _, step, _ in rows(client, the_run(client).info.run_id)) >= 9
    done(start(run, server.uri, STEPS))
    assert_complete(server.uri, run)


@HOUR
@pytest.mark.long
def test_a_server_without_room_for_files(run, server):
    server.start()
    artifacts = server.folder / "artifacts"
    artifacts.touch()  # a file in the place of the folder: nothing can be written below it
    done(start(run, server.uri, STEPS))
    artifacts.unlink()
    list(sync(run.folder / "runs"))
    assert_complete(server.uri, run)


@HOUR
@pytest.mark.long
def test_a_store_that_is_locked_until_it_is_noticed(run):
    store = f"sqlite:///{run.folder}/mlflow.db"
    process = start(run, store, STEPS, HOLD="20")
    await_step(run, 5)
    lock = sqlite3.connect(run.folder / "mlflow.db", isolation_level=None, timeout=600)
    lock.execute("BEGIN EXCLUSIVE")
    await_step(run, 19)
    _await_warning(process, store)
    lock.execute("ROLLBACK")
    lock.close()
    (run.folder / "go on").touch()
    done(process)
    list(sync(run.folder / "runs"))
    assert_complete(store, run)


@HOUR
@pytest.mark.long
def test_a_store_that_cannot_be_written(run):
    Path(run.folder).mkdir(parents=True)
    store = f"sqlite:///{run.folder}/mlflow.db"
    MlflowClient(store).search_experiments()
    done(start(run, f"sqlite:///file:{run.folder}/mlflow.db?mode=ro&uri=true", STEPS))
    list(sync(run.folder / "runs", store))
    assert_complete(store, run)


@HOUR
@pytest.mark.long
def test_processes_that_create_one_store_together(run, tmp_path):
    store = f"sqlite:///{tmp_path}/mlflow.db"
    runs = [Run(tmp_path / str(i), run.prepared, run.teacher) for i in range(3)]
    for process in [start(one, store, 8) for one in runs]:
        assert "cannot be reached" not in done(process)
    client = MlflowClient(store)
    found = client.search_runs([client.get_experiment_by_name("ssid").experiment_id])
    assert [one.info.status for one in found] == ["FINISHED"] * 3
    assert len({frozenset(rows(client, one.info.run_id)) for one in found}) == 1
    shutil.rmtree(tmp_path / "mlruns", ignore_errors=True)
