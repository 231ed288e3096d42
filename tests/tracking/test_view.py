"""Links that show in MLflow what people compare."""

import html
import json
import re
import shutil
import subprocess
import urllib.parse

import pytest

from ssid.errors import UserError
from ssid.tracking.store import EXPERIMENT, open_client
from ssid.tracking.view import SHARED, share_view
from support.mlflow_server import Server

QUALITY = {"worst": 20.5, "best": 25.25, "middle": 23.75}


def fill(uri: str) -> dict[str, str]:
    """Fill a store with students of known quality, a teacher, and a student without figures."""
    client = open_client(uri)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    ids = {}
    for name in [*QUALITY, "unmeasured", "teacher"]:
        stage = "pretrain" if name == "teacher" else "distill"
        tags = {"stage": stage, "objective": "1 · l1", "mlflow.source.name": "pipelines/distill.py"}
        ids[name] = client.create_run(experiment, tags=tags, run_name=name).info.run_id
        value = {**QUALITY, "teacher": 30.0}.get(name)
        if value is not None:
            client.log_metric(ids[name], "benchmark/street/psnr_y", value)
            client.log_metric(ids[name], "real/mine/niqe", value / 5)
        client.set_terminated(ids[name])
    return ids


def view(uri: str, key: str) -> dict:
    tags = open_client(uri).get_experiment_by_name(EXPERIMENT).tags
    return json.loads(tags[SHARED + key])


def test_students_are_sorted_by_the_set_that_is_named(tmp_path):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    ids = fill(uri)
    links = share_view(uri, "street")
    assert links.table.startswith("http://127.0.0.1:5000/#/experiments/1/runs?")
    state = view(uri, "ssid-benchmark-street")
    assert state["orderByKey"] == "metrics.`benchmark/street/psnr_y`"
    assert state["orderByAsc"] is False
    assert state["selectedColumns"][0] == state["orderByKey"]
    compared = urllib.parse.unquote(links.compare)
    assert json.dumps([ids["best"], ids["middle"]]) in compared
    assert f"/{ids['best']}/artifacts" in links.best


def test_where_less_is_better_the_least_comes_first(tmp_path):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    ids = fill(uri)
    links = share_view(uri, "real/mine")
    assert view(uri, "ssid-real-mine")["orderByAsc"] is True
    assert f"/{ids['worst']}/artifacts" in links.best


def test_a_set_that_nobody_measured_names_those_that_were(tmp_path):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    with pytest.raises(UserError, match="Run `dvc repro` first"):
        share_view(uri, "street")
    fill(uri)
    with pytest.raises(UserError, match="There are: benchmark/street, real/mine"):
        share_view(uri, "garden")


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "server")
    server.start()
    yield server
    server.stop()


@pytest.mark.long
def test_the_links_show_runs_in_that_order(server, tmp_path):
    browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if browser is None:
        pytest.skip("needs Chromium, and none is on the path")
    fill(server.uri)
    links = share_view(server.uri, "street")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path}/browser", "--virtual-time-budget=30000"]
    command += ["--window-size=1600,900"]
    table, compared = (
        html.unescape(subprocess.run([*command, page], capture_output=True, text=True).stdout)
        for page in (links.table, links.compare)
    )
    order = re.findall(r">(best|middle|worst|teacher|unmeasured)<", table)
    assert list(dict.fromkeys(order)) == ["best", "middle", "worst", "unmeasured"]
    assert "25.25" in table
    assert "Model training" in table
    assert "best" in compared
    assert "middle" in compared
    assert "worst" not in compared
