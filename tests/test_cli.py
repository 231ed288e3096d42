"""The command line: what it prints, how it fails, and that it starts quickly."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from ssid.cli import app, main
from ssid.config.load import load_params
from ssid.data.params import BenchmarkSet, DataParams
from ssid.errors import UserError
from ssid.models import build
from ssid.packaged import DEFAULT
from support.repository import ROOT

WHENS = ("before", "after")
SHIPPED = ROOT / "params"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with the shipped params/, as the current directory."""
    shutil.copytree(SHIPPED, tmp_path / "project" / "params")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def run(*arguments: str) -> str:
    """Run a command that must succeed and return what it prints."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception:
        raise result.exception
    return result.stdout


def photographs(folder: Path, names: list[str]) -> Path:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (40, 48 + number, 3), np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return folder


def test_help_loads_nothing_heavy():
    code = "import sys, ssid.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"torch", "datasets", "mlflow", "numpy", "PIL", "transformers", "timm"}
    assert not heavy & set(loaded.stdout.split())
    assert "derain" in run("--help")


def test_a_mistake_of_the_user_is_a_message_and_status_1(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["ssid", "data", "list"])
    with pytest.raises(SystemExit) as exit:
        main()
    assert exit.value.code == 1
    message = capsys.readouterr().err
    assert f"there is no folder params in {tmp_path}" in message
    assert "Run this in the folder of the project" in message
    assert "Traceback" not in message


def test_an_interrupt_is_status_130(project, monkeypatch, capsys):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ssid.presets.list_presets", interrupt)
    monkeypatch.setattr(sys, "argv", ["ssid", "preset", "--list"])
    with pytest.raises(SystemExit) as exit:
        main()
    assert exit.value.code == 130
    assert "Traceback" not in capsys.readouterr().err


def test_presets_are_described_and_applied_once(project):
    assert "paper" in run("preset", "--list")
    assert run("preset", "--list") == run("preset")
    difference = run("preset", "paper")
    assert "+steps: 78000\n" in difference
    assert difference.startswith("--- params/teacher.yaml\n+++ params/teacher.yaml\n")
    assert run("preset", "paper") == "nothing changes\n"


def test_models_are_listed_with_their_cost():
    rows = {line.split()[0]: line.split() for line in run("models").splitlines()}
    assert rows["prenet"][1:4] == ["168,963", "66.25", "32"]
    assert rows["ssid_kd"][1] == "4,403,195"


def test_imported_weights_derain_a_photograph(project, shared_data):
    run("import-weights", "prenet", shared_data / "weights/prenet/Rain100L.pth")
    photographs(project / "in", ["a.png"])
    arguments = ("derain", "in", "out", "--model", "models/prenet.safetensors")
    assert run(*arguments).endswith("wrote out/a.png\n")
    assert Image.open("out/a.png").size == (48, 40)


def tiny_student(file: Path, seed: int = 0) -> None:
    import torch

    from ssid.models import Recipe, save_model

    recipe = Recipe("prenet", {"channels": 4, "stages": 1})
    torch.manual_seed(seed)
    save_model(file, build(recipe))


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A folder without a project, and a stand-in for the student that the package carries."""
    tiny_student(tmp_path / "ssid" / "packaged" / f"{DEFAULT}.safetensors")
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    monkeypatch.setattr("ssid.packaged.files", lambda package: tmp_path / package)
    photographs(tmp_path / "home", ["photo.jpg"])
    return tmp_path / "ssid" / "packaged" / f"{DEFAULT}.safetensors"


def test_derain_needs_nothing_but_a_photograph(installed):
    before = Path("photo.jpg").read_bytes()
    assert run("derain", "photo.jpg") == f"model: {installed}\nwrote derained/photo.png\n"
    assert Image.open("derained/photo.png").size == (48, 40)
    assert Path("photo.jpg").read_bytes() == before


def test_derain_prefers_the_model_named_and_then_the_one_trained_here(installed):
    tiny_student(Path("models/student.safetensors"), seed=1)
    tiny_student(Path("mine.safetensors"), seed=2)
    assert run("derain", "photo.jpg", "trained").startswith("model: models/student.safetensors\n")
    named = run("derain", "photo.jpg", "named", "--model", "mine.safetensors")
    assert named.startswith("model: mine.safetensors\n")
    Path("models/student.safetensors").unlink()
    run("derain", "photo.jpg", "packaged")
    results = {
        Path(folder, "photo.png").read_bytes() for folder in ("trained", "named", "packaged")
    }
    assert len(results) == 3


@pytest.mark.parametrize("output", [[], ["out"], ["out/one.png"]])
def test_derain_replaces_a_result_only_when_told(installed, output):
    written = Path(run("derain", "photo.jpg", *output).split("wrote ")[1].strip())
    written.write_bytes(b"edited by hand since")
    with pytest.raises(UserError, match=rf"exist already, such as {written}\. .* --replace"):
        run("derain", "photo.jpg", *output)
    assert written.read_bytes() == b"edited by hand since"
    run("derain", "photo.jpg", *output, "--replace")
    assert Image.open(written).size == (48, 40)


def test_a_second_photograph_is_not_taken_for_the_output(installed):
    photographs(Path(), ["other.png"])
    before = Path("other.png").read_bytes()
    with pytest.raises(UserError, match="exist already"):
        run("derain", "photo.jpg", "other.png")
    assert Path("other.png").read_bytes() == before


def test_derain_says_what_it_left_out(project):
    tiny_student(Path("models/student.safetensors"))
    photographs(project / "in", ["a.png"])
    (project / "in" / "b.png").write_bytes(b"no image")
    said = run("derain", "in", "out", "--tile", "64", "--overlap", "32")
    assert "1 files were left out" in said
    assert "b.png" in said
    (project / "in" / "a.png").unlink()
    with pytest.raises(UserError, match="nothing in in could be derained"):
        run("derain", "in", "out")


def test_a_broken_run_goes_on(installed):
    photographs(Path("in"), ["a.png", "b.png"])
    run("derain", "in", "out")
    Path("out/a.png").write_bytes(b"kept")
    Path("out/b.png").unlink()
    said = run("derain", "in", "out", "--skip-existing")
    assert "1 results existed already and were kept\nwrote out/b.png\n" in said
    assert Path("out/a.png").read_bytes() == b"kept"
    assert run("derain", "in", "out", "--skip-existing") == (
        "2 results existed already and were kept\nwrote 0 images to out\n"
    )


def test_no_network_is_opened_where_nothing_is_to_be_done(installed):
    run("derain", "photo.jpg")
    installed.write_bytes(b"no network")
    assert "1 results existed already" in run("derain", "photo.jpg", "--skip-existing")
    with pytest.raises(UserError, match="exist already"):
        run("derain", "photo.jpg")


def test_sigterm_ends_a_folder_with_a_word_and_nothing_half(installed):
    photographs(Path("in"), [f"{i}.png" for i in range(400)])
    command = [sys.executable, "-m", "ssid.cli", "derain", "in", "out", "--model", str(installed)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not list(Path().glob("out/*.png")):
            time.sleep(0.01)
        process.terminate()
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said.endswith("interrupted: what is written is whole; add --skip-existing to go on.\n")
    written = list(Path("out").iterdir())
    assert 0 < len(written) < 400
    for file in written:
        assert file.suffix == ".png"
        assert "partial" not in file.name
        Image.open(file).load()


@pytest.mark.parametrize(
    ("chosen", "name", "form"),
    [("jpeg", "photo.jpg", "JPEG"), ("webp", "photo.webp", "WEBP"), ("same", "photo.jpg", "JPEG")],
)
def test_results_have_the_format_and_quality_that_was_asked_for(installed, chosen, name, form):
    sizes = []
    for quality in ("5", "95"):
        run("derain", "photo.jpg", quality, "--format", chosen, "--quality", quality)
        sizes.append(Path(quality, name).stat().st_size)
    assert Image.open(Path("5", name)).format == form
    assert sizes[0] < sizes[1]
    with pytest.raises(UserError, match="png loses nothing"):
        run("derain", "photo.jpg", "png", "--quality", "5")


@pytest.mark.parametrize("name", ["a.jpg", "b.jfif", "c.JPE", "d.webp", "e.png"])
@pytest.mark.parametrize("format", [[], ["--format", "same"]])
def test_a_single_result_is_what_its_name_says(installed, name, format):
    Path("photo.jpg").rename(name)
    options = [] if name == "e.png" else ["--quality", "5"]
    run("derain", name, Path("out") / name, *format, *options)
    form = {".webp": "WEBP", ".png": "PNG"}.get(Path(name).suffix, "JPEG")
    assert Image.open(Path("out") / name).format == form


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["photo.jpg", "out.png", "--format", "jpeg"], r"--format jpeg contradicts .* out\.png"),
        (["photo.jpg", "out.png", "--format", "same"], "--format same contradicts"),
        (["photo.jpg", "--crf", "0"], "--crf is of videos"),
        (["film.mp4", "--quality", "50"], "of a video, say --crf"),
        (["film.mp4", "--format", "jpeg"], "of a video, say --crf"),
    ],
)
def test_options_that_would_do_nothing_are_refused(installed, options, expected):
    with pytest.raises(UserError, match=expected):
        run("derain", *options)
    assert not Path("out.png").exists()


def test_a_missing_student_says_how_to_make_one(installed):
    installed.unlink()
    with pytest.raises(UserError, match=r"models/student\.safetensors in .*dvc repro.*--model"):
        run("derain", "photo.jpg")


def test_adding_a_set_appends_its_block_and_nothing_else(project):
    photographs(project / "street", ["a.png", "b.jpg"])
    (project / "street" / "notes.md").write_text("rain")
    before = Path("params/data.yaml").read_text()
    said = run("data", "add", "my_street", "street")
    assert "real data set my_street: street, layout photographs" in said
    assert "3 files, 2 images or pairs\n2 opened: 48×40 to 49×40 pixels, 2 sizes" in said
    assert "notes.md" in said
    assert said.endswith("next: uv run dvc repro\n")
    block = "  my_street:\n    root: street\n    layout: photographs\n"
    head, tail = Path("params/data.yaml").read_text().split(block)
    assert head + tail == before
    assert list(load_params(Path("params/data.yaml"), DataParams).real)[-1] == "my_street"
    assert "my_street" in run("data", "list")


def test_a_root_outside_the_project_is_absolute(project, tmp_path):
    folder = photographs(tmp_path / "elsewhere", ["a.png"])
    run("data", "add", "away", Path("..") / "elsewhere")
    assert f"    root: {folder}\n" in Path("params/data.yaml").read_text()


def test_pairs_are_told_by_their_names(project):
    photographs(project / "both", ["norain-001.png"])
    shutil.copy("both/norain-001.png", "both/rain-001.png")
    said = run("data", "add", "both", "both", "--role", "benchmark")
    assert "layout pairs" in said
    assert "the names of 1 images tell which are pairs; --layout says otherwise" in said
    assert "2 files, 1 images or pairs" in said
    assert "2 files to look at:" in said  # tiny, and rain that changes nothing


def test_clean_photographs_take_rain(project):
    photographs(project / "clean", ["a.png", "b.png"])
    with pytest.raises(
        UserError, match="synthetic data set 'bg': layout: photographs has no pairs"
    ):
        run("data", "add", "bg", "clean", "--role", "synthetic")
    run("data", "add", "bg", "clean", "--role", "synthetic", "--rain", "varied")
    assert "  bg:\n    root: clean\n    layout: photographs\n    rain: varied\n" in (
        Path("params/data.yaml").read_text()
    )


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("standin", "street", "already has a real data set 'standin'"),
        ("../up", "street", "cannot be the name of a data set"),
        ("mine", "nowhere", "no file or folder nowhere"),
        ("mine", "empty", "is empty"),
        ("mine", "damaged", "has no usable image"),
        ("mine", "params", "has no usable item"),
    ],
)
def test_what_cannot_be_added_changes_nothing(project, name, path, expected):
    photographs(project / "street", ["a.png"])
    (project / "empty").mkdir()
    (project / "damaged").mkdir()
    (project / "damaged" / "a.png").write_bytes(b"no image")
    before = Path("params/data.yaml").read_bytes()
    with pytest.raises(UserError, match=expected):
        run("data", "add", name, path)
    assert Path("params/data.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--rainy", "gone", "--clean", "HR"], "^rainy: no folder, .* 'gone'. Folders: HR, LR."),
        (["--rainy", "LR", "--clean", "no", "--clean", "gt"], "^clean: no folder, .*'no' or 'gt'"),
        (["--rainy", "LR", "--clean", "LR"], "rainy and clean cannot both be LR"),
        (["--manifest", "list.txt"], r"list.txt lists 1 pairs, and none .*\n.* No such file"),
    ],
)
def test_sides_and_lists_that_fit_no_file_are_named(project, options, expected):
    photographs(project / "pairs", ["LR/1.png", "HR/1.png"])
    (project / "pairs" / "list.txt").write_text("a.png b.png\n")
    with pytest.raises(UserError, match=expected):
        run("data", "add", "mine", "pairs", "--role", "benchmark", *options)


def test_check_opens_every_image_of_every_role(project):
    said = run("data", "check", "standin")
    assert "real data set standin: params/photographs/demo_real.txt" in said
    assert "3 files, 3 images or pairs\n3 opened: " in said
    assert "benchmark data set standin" in said


def test_check_compares_training_pairs_with_prepared_benchmarks(project):
    from ssid.data.prepare import prepare

    said = run("data", "check", "demo")
    assert "0 images are in a benchmark, too" in said
    assert "not compared with benchmarks that are not prepared: demo, standin" in said
    photographs(project / "both", ["norain-001.png", "norain-002.png"])
    for name in ("001", "002"):
        shutil.copy(f"both/norain-{name}.png", f"both/rain-{name}.png")
    run("data", "add", "learnt", "both", "--role", "synthetic")
    run("data", "add", "tested", "both", "--role", "benchmark")
    block = BenchmarkSet(root="both", layout="pairs")
    prepare("benchmark", "tested", block, Path("data/prepared/benchmark/tested"), workers=1)
    said = run("data", "check", "learnt")
    assert "2 images are in a benchmark, too" in said
    assert "norain-001.png is rain-001.png of the benchmark tested" in said


def test_archives_and_lists_of_pairs_are_added(project):
    photographs(project / "new", ["a.png", "b.png"])
    shutil.make_archive("photos", "zip", "new")
    assert "real data set zipped: photos.zip, layout photographs" in run(
        "data", "add", "zipped", "photos.zip"
    )
    Path("new/list.csv").write_text("rainy,clean\na.png,a.png\n")
    said = run("data", "add", "listed", "new/list.csv", "--role", "benchmark")
    assert "list.csv lists pairs, without 1 other images of the folder; --layout" in said
    block = "  listed:\n    root: new\n    layout: pairs\n    manifest: list.csv\n"
    assert block in Path("params/data.yaml").read_text()
    run("data", "add", "overruled", "new", "--layout", "photographs")
    assert "2 opened" in run("data", "check", "overruled")


def test_an_unknown_set_names_the_nearest(project):
    for command in ("check", "show"):
        with pytest.raises(UserError, match=r"no data set 'standing'\. Did you mean 'standin'\?"):
            run("data", command, "standing")


def test_show_needs_prepared_images(project):
    with pytest.raises(UserError, match="run `dvc repro`"):
        run("data", "show", "demo")


def test_show_draws_pairs_with_their_rain_layer(project):
    from ssid.data.prepare import prepare

    photographs(project / "both", ["norain-001.png"])
    pixels = np.asarray(Image.open("both/norain-001.png")).astype(int)
    Image.fromarray(np.minimum(pixels + 40, 255).astype(np.uint8)).save("both/rain-001.png")
    run("data", "add", "both", "both", "--role", "benchmark")
    block = BenchmarkSet(root="both", layout="pairs")
    prepare("benchmark", "both", block, Path("data/prepared/benchmark/both"), workers=1)
    assert run("data", "show", "both") == "wrote data/shown/benchmark-both.png\n"
    sheet = np.asarray(Image.open("data/shown/benchmark-both.png")).astype(int)
    rainy, clean, layer = (
        sheet[112 : 112 + 40, 4 + 260 * column + 104 :][:, :48] for column in range(3)
    )
    assert (clean == pixels).all()
    assert (rainy == np.minimum(pixels + 40, 255)).all()
    assert (layer == 128 + 2 * (rainy - clean)).all()


def test_an_exported_network_runs_as_it_is_told(project):
    import torch

    from ssid.models import load_model

    tiny_student(Path("models/student.safetensors"))
    said = run("export", "models/student.safetensors")
    assert said.startswith("wrote models/student.pt2\n")
    names = {"torch": torch}
    exec(said.split("PyTorch alone: ")[1].splitlines()[0], names)
    assert said.endswith("call it with images N×3×H×W of any size, RGB in [0, 1]\n")
    network = load_model(Path("models/student.safetensors"))
    image = torch.rand(1, 3, 70, 50)
    with torch.no_grad():
        assert torch.allclose(names["derain"](image), network(image), atol=1e-6)


def test_only_models_are_exported_and_only_to_what_is_known(project):
    with pytest.raises(UserError, match=r"no model file models/student\.safetensors"):
        run("export", "models/student.safetensors")
    Path("foreign.safetensors").write_bytes(b"no tensors")
    with pytest.raises(UserError, match=r"foreign\.safetensors is not a readable safetensors file"):
        run("export", "foreign.safetensors")
    tiny_student(Path("models/student.safetensors"))
    with pytest.raises(UserError, match=r"student\.bin .* end in \.pt2 or"):
        run("export", "models/student.safetensors", "--output", "student.bin")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--hub", "folder", "--output", "student.onnx"), "export twice"),
        (("--hub", "folder", "--int8", "clean"), "export twice"),
        (("--output", "student.pt2", "--int8", "clean"), r"student\.pt2 end in \.onnx"),
        (("--hub", "folder", "--licence", "mine: \n- x"), "no SPDX name"),
    ],
)
def test_options_of_export_that_contradict_each_other_are_refused(project, options, says):
    tiny_student(Path("models/student.safetensors"))
    with pytest.raises(UserError, match=says):
        run("export", "models/student.safetensors", *options)
    assert not Path("folder").exists()


@pytest.mark.parametrize("command", [("import-weights", "prenet"), ("prune",)])
def test_models_are_not_called_like_programs(project, command):
    with pytest.raises(UserError, match=r"student\.onnx would hold a model of ssid"):
        run(*command, "models/student.safetensors", "--output", "student.onnx")


@pytest.mark.parametrize(("options", "macs"), [((), 0.35), (("--macs", "0.5"), 0.5)])
def test_prune_keeps_the_share_of_the_parameters_unless_told(project, monkeypatch, options, macs):
    asked = []

    def prune_model(model, output, params):
        asked.append(params.macs)
        return {when: dict.fromkeys(("parameters", "gmacs", "latency_ms"), 1) for when in WHENS}

    monkeypatch.setattr("ssid.prune.job.prune_model", prune_model)
    text = Path("params/prune.yaml").read_text("utf-8")
    Path("params/prune.yaml").write_text(text.replace("\nmacs: 0.6", "\nmacs: 0.35"), "utf-8")
    run("prune", "models/student.safetensors", *options)
    assert asked == [macs]
