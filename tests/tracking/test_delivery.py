"""What is in spools reaches MLflow once and in order, whatever fails on the way."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE

from ssid.tracking import delivery
from ssid.tracking.delivery import Post, may_pass, waiting
from ssid.tracking.spool import open_spool, read_sent
from ssid.tracking.sync import sync


class Store:
    """Stands in for MLflow: keeps what it is sent, and fails when told to."""

    def __init__(self):
        self.rows, self.kinds, self.runs, self.error = set(), [], [], None

    def install(self, patch):
        patch.setattr(delivery, "open_client", lambda uri: self)
        patch.setattr(delivery, "open_run", self.open_run)
        patch.setattr(delivery, "send", self.send)
        return self

    def open_run(self, client, origin, name, run_id):
        self.fail()
        if name not in self.runs:
            self.runs.append(name)
        return run_id or f"id-{name}"

    def send(self, run, events):
        self.fail()
        self.kinds += [event["kind"] for event in events]
        for event in events:
            if event["kind"] == "metrics":
                self.rows |= {(k, event["step"], event["time"]) for k in event["value"]}

    def fail(self):
        if self.error is not None:
            raise self.error


@pytest.fixture
def store(monkeypatch):
    return Store().install(monkeypatch)


def opened(folder, key="a"):
    return open_spool(folder, "uri", "distill", key, {})


def test_a_spool_that_has_ended_is_removed_once_it_is_sent(store, tmp_path):
    spool = opened(tmp_path)
    spool.metrics({"loss": 1.0}, 1)
    assert Post().deliver([spool.folder]) == {}
    assert waiting(spool.folder) == 0
    spool.status("FINISHED")
    spool.end()
    assert waiting(spool.folder) == 2
    assert Post().deliver([spool.folder]) == {}
    assert not spool.folder.exists()
    assert store.kinds == ["status", "metrics", "status"]


def test_nothing_is_lost_or_sent_twice_while_the_store_fails(store, tmp_path):
    spool, post = opened(tmp_path), Post()
    store.error = ConnectionError("the server is gone")
    for step in range(250):
        spool.metrics({"loss": 1.0}, step)
        if step % 50 == 0:
            assert list(post.deliver([spool.folder])) == ["uri"]
    store.error = None
    assert post.deliver([spool.folder]) == {}
    assert sorted(step for _, step, _ in store.rows) == list(range(250))
    assert post.deliver([spool.folder]) == {}
    assert store.kinds.count("metrics") == 250


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_a_sender_that_is_killed_at_any_time_loses_nothing(tmp_path_factory, seed):
    draw, folder = random.Random(seed), tmp_path_factory.mktemp("spool")
    with pytest.MonkeyPatch.context() as patch:
        store = Store().install(patch)
        write = delivery.write_json

        def dying(path, content):
            if draw.random() < 0.3:
                raise KeyboardInterrupt  # between sending and noting it
            write(path, content)

        patch.setattr(delivery, "write_json", dying)
        spool = opened(folder)
        for step in range(20):
            spool.metrics({"loss": 1.0}, step)
            try:
                Post().deliver([spool.folder])
            except KeyboardInterrupt:
                continue
        patch.setattr(delivery, "write_json", write)
        Post().deliver([spool.folder])
    assert sorted(step for _, step, _ in store.rows) == list(range(20))
    assert len(store.runs) == 1


def test_a_record_that_mlflow_refuses_does_not_keep_the_others(store, tmp_path, caplog):
    spool, send = opened(tmp_path), store.send

    def refusing(run, events):
        if events[0]["kind"] == "params":
            raise MlflowException("no such value", INVALID_PARAMETER_VALUE)
        send(run, events)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "send", refusing)
        spool.add("params", value={"a": 1})
        spool.metrics({"loss": 1.0}, 1)
        assert Post().deliver([spool.folder]) == {}
    assert store.kinds == ["status", "metrics"]
    assert read_sent(spool.folder).refused == 1
    assert "MLflow refuses a record (params): no such value" in caplog.text


def test_a_run_that_was_deleted_is_made_again_with_all_its_records(store, tmp_path, monkeypatch):
    spool = opened(tmp_path)
    spool.metrics({"loss": 1.0}, 1)
    Post().deliver([spool.folder])
    monkeypatch.setattr(delivery, "open_run", lambda *_: "another")
    spool.metrics({"loss": 1.0}, 2)
    Post().deliver([spool.folder])
    assert store.kinds == ["status", "metrics"] * 2 + ["metrics"]


def test_one_process_at_a_time_sends_a_spool(store, tmp_path):
    spool = opened(tmp_path)
    with delivery._held(spool.folder) as mine:
        assert mine
        Post().deliver([spool.folder])
    assert store.kinds == []


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionError(), True),
        (OSError(28, "full"), True),
        (MlflowException("locked", TEMPORARILY_UNAVAILABLE), True),
        (MlflowException("500"), True),
        (MlflowException("bad", INVALID_PARAMETER_VALUE), False),
        (TypeError(), False),
    ],
    ids=str,
)
def test_what_may_pass(error, expected):
    assert may_pass(error) is expected


@pytest.mark.timeout(60)
def test_a_database_that_cannot_be_opened_is_told_at_once(tmp_path):
    """MLflow would try for 100 s, and its message goes on with the query."""
    uri = f"sqlite:///{tmp_path}"
    spool = open_spool(tmp_path / "runs/distill/tracking", uri, "distill", "a", {})
    spool.metrics({"loss": 1.0}, 1)
    (line,) = sync(tmp_path / "runs")
    assert f"0 of 3 records sent to {uri}: " in line
    assert "unable to open database file" in line
    assert "\n" not in line
