"""Files from others end in a result or in one message, in bounded time and memory.

5,000 cases of each: pytest -m long -n 0 tests/test_fuzz.py
"""

import json
import resource
import shutil
import struct
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from ssid.config.base import PluginParams
from ssid.config.load import parse_params
from ssid.data.params import DataParams
from ssid.data.rain.params import FitParams
from ssid.data.sources.tables import read_table
from ssid.data.store.reader import ImageStore
from ssid.errors import UserError
from ssid.evaluation.params import EvaluateParams
from ssid.models import build, create_model, load_model, save_model
from ssid.models.interop import import_weights
from ssid.models.pretrained import read_lite0, read_weights
from ssid.models.trunks import load_trunk
from ssid.models.weights import FORMAT
from ssid.prune.params import PruneParams
from ssid.training.params import TeacherParams, TrainingParams
from support.repository import ROOT

CASES = [pytest.param(15, id="few"), pytest.param(5_000, id="many", marks=pytest.mark.long)]
SECONDS = 5
"""That a single file may take; the limit of processor time is far above it, for busy machines."""

NUMBERS = st.one_of(
    st.integers(), st.sampled_from([0, -1, 1, 2**31, 2**32, 2**63, 10**9, 10**40]), st.floats()
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=20))
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@contextmanager
def bounded(gigabytes: int = 6):
    """Let what takes more memory fail with a ``MemoryError``."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + gigabytes * 2**30, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def tried(action, *arguments) -> bool:
    """Return whether ``action`` gave a result; it may end in one message instead, and no other."""
    message = None
    try:
        with bounded():
            action(*arguments)
    except UserError as error:
        message = str(error)
    assert message is None or 0 < len(message) < 5_000
    return message is None


def many(cases: int, strategy, check) -> None:
    """Check that many values of a strategy."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(max_examples=cases, deadline=SECONDS * 10_000, suppress_health_check=slow)
    chosen(given(strategy)(check))()


@pytest.fixture(scope="module")
def model_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("fuzz") / "model.safetensors"
    save_model(path, create_model("prenet", channels=4, stages=1, units=1))
    return path


OPTIONS = dict.fromkeys(("channels", "stages", "units", "cell"), NUMBERS | LEAVES | JSON)
RECIPES = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {"name": st.sampled_from(["prenet", "rrg", "ssid_kd", "mprnet", "hinet", "no"]) | LEAVES},
        optional={
            "options": st.dictionaries(
                st.sampled_from(
                    [
                        "channels",
                        "units",
                        "widths",
                        "stages",
                        "width",
                        "step",
                        "cabs",
                        "norm_levels",
                        "msrbs",
                        "recurrences",
                    ]
                ),
                NUMBERS | JSON,
            )
            | JSON,
            "shapes": st.dictionaries(st.sampled_from(["head.weight", "x"]), JSON) | JSON,
        },
    ),
    st.fixed_dictionaries(
        {
            "name": st.just("prenet"),
            "options": st.fixed_dictionaries({}, optional=OPTIONS),
            "shapes": st.just({}),
        }
    ),
)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("cases", CASES)
def test_metadata_of_models(model_file, tmp_path, cases):
    tensors, path = load_file(model_file), tmp_path / "model.safetensors"

    def check(recipe):
        save_file(tensors, path, {FORMAT: json.dumps(recipe)})
        tried(load_model, path)

    many(cases, RECIPES, check)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("cases", CASES)
def test_headers_of_tensors(model_file, tmp_path, cases):
    content, path = model_file.read_bytes(), tmp_path / "model.safetensors"
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])

    def check(change):
        name, field, value, length, cut = change
        altered = {key: dict(entry) for key, entry in header.items()}
        altered[sorted(altered)[name % len(altered)]][field] = value
        text = json.dumps(altered).encode()
        count = len(text) if length is None else length
        path.write_bytes(struct.pack("<Q", count % 2**64) + text + content[8 + size : cut])
        tried(load_model, path)

    fields = st.sampled_from(["dtype", "shape", "data_offsets", "__x__"])
    values = JSON | st.sampled_from(["F32", "F16", "I64", "BOOL", "F8_E4M3", "U8", "C64"])
    lengths = st.none() | st.integers(0, 2**64 - 1)
    cuts = st.none() | st.integers(0, len(content))
    many(cases, st.tuples(st.integers(0, 99), fields, values, lengths, cuts), check)


FILES = {
    "teacher.yaml": TeacherParams,
    "student.yaml": TrainingParams,
    "rain.yaml": FitParams,
    "plugins.yaml": PluginParams,
    "data.yaml": DataParams,
    "evaluate.yaml": EvaluateParams,
    "prune.yaml": PruneParams,
}


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("cases", CASES)
@pytest.mark.parametrize("name", FILES)
def test_values_of_parameters(name, cases):
    text = (ROOT / "params" / name).read_text()
    lines = [line for line in text.splitlines() if line.split("#")[0].strip()]
    keyed = [i for i, line in enumerate(lines) if ":" in line]

    def check(change):
        number, value = change
        i = keyed[number % len(keyed)]
        key = lines[i].split(":")[0]
        shown = value if isinstance(value, str) else json.dumps(value)
        altered = [*lines[:i], f"{key}: {shown}", *lines[i + 1 :]]
        tried(parse_params, "\n".join(altered), Path(name), FILES[name])

    hostile = [
        "*a",
        "&a [*a]",
        "!!python/object:os.system x",
        "{" * 500,
        "[" * 5000,
        "9" * 5000,
        "0x" + "f" * 3000,
        "1e999999999",
        "2024-01-01",
        "!!binary x",
        "? a",
        "<<: {a: 1}",
        "~: 1",
        "{seed: 1, seed: 2}",
        "!!set {a}",
        "\t",
        "|",
        "'",
        "%TAG",
        "---",
        "...",
        "1_000",
        ".inf",
    ]
    values = JSON | st.sampled_from(hostile) | st.text()
    many(cases, st.tuples(st.integers(0, 999), values), check)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("cases", CASES)
def test_texts_of_parameters(cases):
    def check(text):
        tried(parse_params, text, Path("x.yaml"), DataParams)

    many(
        cases,
        st.text(alphabet=st.sampled_from(list("ab:-[]{}&*!?|>'\"#%@ \n\t0~,.")), max_size=80),
        check,
    )


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("cases", CASES)
def test_summaries_of_prepared_sets(prepared, tmp_path, cases):
    folder = tmp_path / "tiny"
    shutil.copytree(prepared / "synthetic" / "tiny", folder)
    summary = json.loads((folder / "summary.json").read_text())

    def check(change):
        content = change if not isinstance(change, tuple) else {**summary, change[0]: change[1]}
        (folder / "summary.json").write_text(json.dumps(content))

        def use():
            store = ImageStore(folder)
            store.verify()
            return [store.rainy(i) for i in store.split("train")]

        if tried(use):  # what the digest does not cover does no harm
            assert content.keys() == summary.keys()

    many(cases, JSON | st.tuples(st.sampled_from(sorted(summary)), JSON), check)


@pytest.mark.parametrize("file", ["rainy.npy", "clean.npy", "catalogue/data-00000-of-00001.arrow"])
@pytest.mark.parametrize("damage", ["a pixel", "cut", "empty", "missing", "another"])
def test_prepared_sets_that_were_altered_are_refused(prepared, tmp_path, file, damage):
    folder = tmp_path / "tiny"
    shutil.copytree(prepared / "synthetic" / "tiny", folder)
    path = folder / file
    content = bytearray(path.read_bytes())
    content[-40] ^= 1
    match damage:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "another":
            path.write_bytes(b"\x93NUMPY\x01\x00" + b"x" * 400)
        case "a pixel" if file.endswith("npy"):
            path.write_bytes(content)
        case _:
            pytest.skip("the last bytes of a table mean nothing")

    def use():
        ImageStore(folder).verify()

    assert not tried(use)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("cases", CASES)
@pytest.mark.parametrize("suffix", [".txt", ".csv", ".jsonl"])
def test_manifests(tmp_path, cases, suffix):
    path = tmp_path / f"list{suffix}"

    def check(content):
        path.write_bytes(
            content if isinstance(content, bytes) else content.encode("utf-8", "ignore")
        )
        tried(lambda: read_table(path))

    lines = st.lists(JSON.map(json.dumps) | st.text(max_size=30), max_size=5).map("\n".join)
    many(cases, lines | st.binary(max_size=200), check)


WRONG = {
    "a number": 3,
    "a list": [torch.ones(1)],
    "a tensor": torch.ones(3),
    "numbers by name": {"a": 1},
    "tensors by number": {1: torch.ones(1)},
    "nested": {"state_dict": {"a": torch.ones(1)}},
    "other tensors": {"a.b": torch.ones(2, 2)},
    "no dimensions": {"conv0.0.weight": torch.tensor(1.0)},
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_weights_of_another_kind(tmp_path, content):
    path = tmp_path / "weights.pth"
    torch.save(content, path)
    assert not tried(import_weights, "prenet", path)
    assert not tried(load_trunk, "efficientnet_lite0", path)
    assert not tried(load_trunk, "vgg16", path)
    assert not tried(load_model, path)
    tried(read_weights, path)


@pytest.mark.parametrize("cases", CASES)
def test_weights_that_are_damaged(tmp_path, cases):
    path = tmp_path / "weights.pth"
    torch.save({"conv0.0.weight": torch.ones(2)}, path)
    content = path.read_bytes()

    def check(change):
        at, byte, cut = change
        altered = bytearray(content)
        altered[at % len(content)] ^= byte
        path.write_bytes(altered[:cut])
        for read in (read_weights, read_lite0):
            tried(read, path)
        tried(import_weights, "prenet", path)

    cuts = st.none() | st.integers(0, len(content))
    many(cases, st.tuples(st.integers(0, 10**6), st.integers(1, 255), cuts), check)


def test_a_small_file_does_not_make_a_large_network(tmp_path):
    """A pruned network is built whole before it is narrowed."""
    network = build(create_model("rrg", channels=8, msrbs=1).recipe)
    save_model(tmp_path / "small.safetensors", network)
    tensors = load_file(tmp_path / "small.safetensors")
    for options in ({"channels": 100_000}, {"channels": 2**40}, {"recurrences": 10**9}):
        shapes = {name: list(tensor.shape) for name, tensor in tensors.items()}
        recipe = {"name": "rrg", "options": {"msrbs": 1, **options}, "shapes": shapes}
        save_file(tensors, tmp_path / "bad.safetensors", {FORMAT: json.dumps(recipe)})
        assert not tried(load_model, tmp_path / "bad.safetensors")


def test_weights_that_are_no_numbers_are_refused(model_file, tmp_path):
    tensors = load_file(model_file)
    next(iter(tensors.values())).view(-1)[0] = float("nan")
    network = load_model(model_file)
    path = tmp_path / "nan.safetensors"
    save_file(tensors, path, {FORMAT: json.dumps(network.recipe._asdict())})
    with pytest.raises(UserError, match="no finite numbers"):
        load_model(path)
