"""A module outside of the repository adds to every registry, and a run uses what it adds."""

import json
import os
import subprocess
import sys

import pytest

from ssid.errors import UserError
from ssid.plugins import load_plugins, plugin_sources, read_names
from ssid.training.identity import differences, identify
from support.repository import ROOT
from support.training_runs import DISTILL

PLUGIN = '''
import torch
from torch import nn

from ssid.data.rain.profiles import PROFILES
from ssid.data.sources.layouts import LAYOUTS, Item, Layout
from ssid.data.sources.layouts.registry import single_items
from ssid.metrics.table import Metric, add_metric
from ssid.models import Derainer, Features, register_model
from ssid.objective import term
from ssid.objective.distances import DISTANCES


@register_model("tiny", source="Ours, 2026")
class Tiny(Derainer):
    """One convolution before and one behind."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.last = nn.Conv2d(width, 3, 3, padding=1)

    def encode_padded(self, rainy):
        features = self.first(rainy)
        return Features(features, features)

    def decode_padded(self, features, rainy):
        return rainy + self.last(features.map)


@DISTANCES.register("means")
def means(student, target, *, power: float = 2.0):
    """Return the distance of the channel means."""
    difference = student.mean((0, 2, 3)) - target.detach().mean((0, 2, 3))
    return difference.abs().pow(power).mean()


@term("blue", kind="loss", student=("rainy",), images=("clean",))
def blue(scene, *, gain: float = 1.0):
    """Return the error of the blue channel."""
    return gain * (scene.derained("rainy") - scene.batch.clean)[:, 2].abs().mean()


def every_second(source):
    """List every second photograph."""
    listing = source.listing
    chosen = listing.photographs[::2]
    return single_items(chosen, lambda file: Item(file.name, rainy=file), listing.refused)


LAYOUTS.add(
    "every_second",
    Layout("every second photograph", every_second, lambda source: None, "Add some.", paired=False),
)
PROFILES.add("drizzle", PROFILES["rain100l"])
add_metric(
    Metric("blue", "blue", "Blue", "", 3, -1, True, lambda x, y: float((x - y)[2].abs().mean()))
)
'''

RUN = """
import sys
from pathlib import Path

from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.data.prepare import prepare
from ssid.plugins import load_plugins
from ssid.project import Project
from ssid.training.job import make_job
from ssid.training.loop import train
from ssid.training.params import TrainingParams, check_objective

assert load_plugins() == ["my_rain"]
catalogue = load_params(Path("params/data.yaml"), DataParams)
for role in ("synthetic", "real"):
    for name, block in catalogue.sets(role).items():
        prepare(role, name, block, Path("data/prepared") / role / name, 1)
Path("data/prepared/excluded.json").write_text("{}")
params = load_params(Path("params/student.yaml"), TrainingParams)
check_objective(params, Path("params/student.yaml"))
train(make_job("distill", params, catalogue, Project()), Path("models/student.safetensors"))
"""


@pytest.fixture
def project(tmp_path, photographs):
    """Return a project that names everything the plugin adds."""
    (tmp_path / "my_rain.py").write_text(PLUGIN)
    (tmp_path / "params").mkdir()
    (tmp_path / "params/plugins.yaml").write_text("plugins: [my_rain]\n")
    block = {"root": str(photographs), "layout": "photographs", "rain": "drizzle"}
    real = {"root": str(photographs), "layout": "every_second"}
    sets = {"synthetic": {"own": block}, "real": {"own": real}}
    (tmp_path / "params/data.yaml").write_text(json.dumps(sets))
    objective = {
        "blue": {"weight": 1, "gain": 2.0},
        "code_self_alignment": {"weight": 0.1, "distance": "means", "power": 1.0},
    }
    model = {"name": "tiny", "options": {"width": 5}}
    params = {**DISTILL, "model": model, "objective": objective, "steps": 2}
    (tmp_path / "params/student.yaml").write_text(json.dumps(params))
    return tmp_path


def call(project, *command):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": "sqlite:///m.db"}
    done = subprocess.run(
        [sys.executable, *command], cwd=project, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def test_a_run_uses_what_a_plugin_adds(project):
    status, output = call(project, "-c", RUN)
    assert status == 0, output
    lines = (project / "runs/distill/metrics.jsonl").read_text().splitlines()
    logged = {name for line in lines for name in json.loads(line)}
    assert {"train/term/blue", "train/term/code_self_alignment"} <= logged
    summary = json.loads((project / "data/prepared/real/own/summary.json").read_text())
    assert summary["images"] == 3  # of five
    status, output = call(project, "-m", "ssid.cli", "models")
    assert "tiny" in output


def test_without_the_plugin_its_names_are_unknown(project):
    (project / "params/plugins.yaml").write_text("plugins: []\n")
    status, output = call(project, "-c", RUN.replace('["my_rain"]', "[]"))
    assert status == 1
    assert "unknown rain profile 'drizzle'" in output
    assert "unknown layout 'every_second'" in output


def test_a_plugin_that_cannot_be_imported_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "plugins.yaml"
    file.write_text("plugins: [no_such_module_of_mine]\n")
    with pytest.raises(UserError, match=r"plugins\.yaml: there is no module no_such_module_"):
        load_plugins(file)
    (tmp_path / "broken_plugin.py").write_text("x = 1 / 0\n")
    file.write_text("plugins: [broken_plugin]\n")
    with pytest.raises(UserError, match=r"ZeroDivisionError.*broken_plugin\.py, line 1"):
        load_plugins(file)
    (tmp_path / "script_plugin.py").write_text("import sys\n\nsys.exit(3)\n")
    file.write_text("plugins: [script_plugin]\n")
    with pytest.raises(UserError, match=r"SystemExit: 3 .*script_plugin\.py, line 3"):
        load_plugins(file)


@pytest.mark.parametrize("named", ["drops_of_min", "drops_of_mine.py", "drops_of_mien.terms"])
def test_a_plugin_that_is_misspelt_is_suggested(tmp_path, monkeypatch, named):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drops_of_mine.py").touch()
    (tmp_path / "plugins.yaml").write_text(f"plugins: [{named}]\n")
    with pytest.raises(UserError) as caught:
        load_plugins(tmp_path / "plugins.yaml")
    said = str(caught.value)
    assert f"there is no module {named}. Did you mean 'drops_of_mine'?" in said
    assert "importlib" not in said


@pytest.mark.parametrize(
    ("name", "text", "fault", "place"),
    [
        (
            "lacks",
            "import absent_module_of_theirs\n",
            "No module named 'absent_module_of_theirs'",
            "line 1).",
        ),
        ("unclosed", "x = 1\nx = (\n", "was never closed", "line 2)."),
    ],
)
def test_what_a_plugin_lacks_is_told_with_its_line(tmp_path, monkeypatch, name, text, fault, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{name}_plugin.py").write_text(text)
    (tmp_path / "plugins.yaml").write_text(f"plugins: [{name}_plugin]\n")
    with pytest.raises(UserError) as caught:
        load_plugins(tmp_path / "plugins.yaml")
    said = str(caught.value)
    assert fault in said
    assert said.endswith(place)
    assert "importlib" not in said


@pytest.mark.parametrize("named", ["plugins: [a-b]", "plugins: ['../x']", "plugin: [a]"])
def test_what_is_no_module_is_refused(tmp_path, named):
    (tmp_path / "plugins.yaml").write_text(named)
    with pytest.raises(UserError, match=r"plugins\.yaml:1"):
        read_names(tmp_path / "plugins.yaml")


def test_installed_packages_are_found_by_their_entry_point(tmp_path, monkeypatch):
    """A folder of metadata is what an installed package looks like to Python."""
    (tmp_path / "their_rain.py").write_text("LOADED = True\n")
    metadata = tmp_path / "their_rain-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: their-rain\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[ssid.plugins]\nrain = their_rain\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_plugins(tmp_path / "absent.yaml") == ["their_rain"]
    assert sys.modules["their_rain"].LOADED


def test_a_run_is_told_apart_by_the_code_of_plugins(tmp_path, monkeypatch):
    """The module, its package, and what it imports of the project; comments decide nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    files = {
        "params/plugins.yaml": "plugins: [rain_of_mine.terms]\n",
        "rain_of_mine/__init__.py": "",
        "rain_of_mine/terms.py": "import json\nfrom helpers_of_mine import weight\n",
        "rain_of_mine/other.py": "from . import terms\n",
        "helpers_of_mine.py": "import rain_of_mine, torch\nweight = 1\n",
        "unrelated.py": "x = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    ours = {name for name in files if name.startswith(("rain_of", "helpers"))}
    assert plugin_sources().keys() == ours
    before = identify({"distill": {}}, "distill")
    (tmp_path / "unrelated.py").write_text("x = 2\n")
    (tmp_path / "helpers_of_mine.py").write_text("import rain_of_mine, torch\nweight = 1  # best\n")
    assert identify({"distill": {}}, "distill") == before
    (tmp_path / "helpers_of_mine.py").write_text("import rain_of_mine, torch\nweight = 2\n")
    changed = differences(before, identify({"distill": {}}, "distill"))
    assert changed == ["the code in helpers_of_mine.py has changed"]
