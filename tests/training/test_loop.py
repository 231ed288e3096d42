"""What a training run does, and how it fails."""

import json
import math
import os
import shutil
from itertools import count
from types import SimpleNamespace as Fake

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from PIL import Image

from ssid.data.params import RealSet
from ssid.data.prepare import prepare
from ssid.errors import UserError
from ssid.files import sha256
from ssid.models import load_model, save_model
from ssid.ownership import owned
from ssid.project import data_digests
from ssid.training.batches import Batches
from ssid.training.health import PATIENCE_FOR_NANS
from ssid.training.loop import train
from ssid.training.precision import precision
from ssid.training.validation import validate
from support.training_runs import Run, remains

L1 = {"l1": {"weight": 1}}
SAMPLE = {"set": 0, "image": 0, "top": 0, "left": 0, "mirrored": 0, "light": 0}.keys()


def poison(monkeypatch, steps) -> None:
    """Put NaN into the targets of these steps."""
    load = Batches.__getitem__

    def load_poisoned(self, step):
        batch = load(self, step)
        return batch._replace(clean=batch.clean * math.nan) if step in steps else batch

    monkeypatch.setattr(Batches, "__getitem__", load_poisoned)


def test_training_reduces_the_loss(new_run, pair_store):
    run = new_run(distill=False)
    run.train(steps=60, optimizer={"lr": 1e-2}, log_every=10, validate_every=60, probe_every=60)
    losses = list(run.curve("train/loss").values())
    assert losses[-1] < 0.5 * losses[0]
    untouched = validate(torch.nn.Identity(), [pair_store], Accelerator())
    assert run.curve("val/psnr")[60] > untouched.psnr


def test_every_interval_is_kept(whole):
    steps = {name: list(whole.curve(name)) for name in ("val/psnr", "train/loss", "lr")}
    assert steps == {"val/psnr": [2, 4, 6, 8], "train/loss": [3, 6, 8], "lr": [3, 6, 8]}
    assert list(whole.curve("train/grad_share/l1")) == [1, 5]
    terms = {name for line in whole.curves() for name in line if name.startswith("train/term/")}
    assert terms == {f"train/term/{name}" for name in whole.job().params.objective}


def test_curves_add_up(whole):
    for line in whole.curves():
        terms = [value for name, value in line.items() if name.startswith("train/term/")]
        shares = [value for name, value in line.items() if name.startswith("train/grad_share/")]
        if terms:
            assert sum(terms) == pytest.approx(line["train/loss"], rel=1e-5)
        if shares:
            assert sum(shares) == pytest.approx(1)


def test_the_best_student_is_kept(new_run, pair_store):
    run = new_run(distill=False)
    run.train(
        steps=6, optimizer={"lr": 0.5}, schedule={"name": "constant"}, validate_every=1, log_every=6
    )
    scores = run.curve("val/psnr")
    assert scores[6] < max(scores.values())  # the rate is far too high
    found = validate(run.student(), [pair_store], Accelerator()).psnr
    assert found == pytest.approx(max(scores.values()), abs=1e-4)
    assert list(run.curve("best/psnr").values())[-1] == max(scores.values())


def test_the_same_seed_gives_the_same_student(whole, new_run):
    again = new_run()
    again.train()
    assert remains(again) == remains(whole)


def test_the_same_student_gives_the_same_bytes(whole, tmp_path):
    """DVC runs later stages again whenever a byte of the model has changed."""
    model = load_model(whole.output)
    for i in range(8):
        save_model(tmp_path / f"{i}.safetensors", model)
    assert {sha256(path) for path in tmp_path.iterdir()} == {sha256(whole.output)}


def test_another_seed_gives_another_student(whole, new_run):
    other = new_run()
    other.train(seed=6)
    assert remains(other) != remains(whole)


def test_the_teacher_stays_as_it_is(new_run):
    run = new_run()
    job, before = run.job(), load_model(run.teacher).state_dict()
    train(job, run.output)
    assert all(torch.equal(t, before[n]) for n, t in job.teacher.state_dict().items())
    assert not any(p.requires_grad or p.grad is not None for p in job.teacher.parameters())
    assert not job.teacher.training


def test_a_student_may_start_as_its_teacher(new_run, teacher_file):
    run, options = new_run(), {"channels": 6, "stages": 1, "units": 1}
    student = run.job(init="teacher", model={"name": "prenet", "options": options}).student
    teacher = load_model(teacher_file)
    assert all(torch.equal(t, teacher.state_dict()[n]) for n, t in student.state_dict().items())
    with pytest.raises(UserError, match="set init: random"):
        run.job(init="teacher")
    with pytest.raises(UserError, match="no teacher"):
        new_run(distill=False).job(init="teacher")


def test_steps_without_a_finite_loss_are_left_out(new_run, monkeypatch, caplog):
    run = new_run(distill=False)
    poison(monkeypatch, {2, 3, 6})
    run.train()
    warnings = [r.getMessage() for r in caplog.records if "not finite" in r.getMessage()]
    for step, warning in zip((2, 3, 6), warnings, strict=True):
        assert f"step {step} is skipped, its loss is not finite: l1 = nan; its samples: " in warning
        saved = json.loads((run.runs / "not_finite" / f"step-{step:08d}.json").read_text())
        assert saved["terms"] == {"l1": "nan"}
        assert [crop.keys() for crop in saved["samples"]] == [SAMPLE] * 2
        assert all(f"{crop['set']}/{crop['image']}" in warning for crop in saved["samples"])
    assert all(p.isfinite().all() for p in run.student().parameters())
    assert all(math.isfinite(loss) for loss in run.curve("train/loss").values())


def test_steps_without_a_finite_gradient_are_left_out(new_run, monkeypatch, caplog):
    backward, steps = Accelerator.backward, count()

    def backward_poisoned(self, loss):
        """Add a zero in step 2, whose root has no slope."""
        backward(self, loss + (0 * loss).sqrt() if next(steps) == 2 else loss)

    monkeypatch.setattr(Accelerator, "backward", backward_poisoned)
    run = new_run(distill=False)
    run.train()
    [warning] = [r.getMessage() for r in caplog.records if "not finite" in r.getMessage()]
    assert warning.startswith("step 2 is skipped, its gradient is not finite: l1 = 0.")
    assert all(p.isfinite().all() for p in run.student().parameters())


def test_a_loss_that_stays_without_value_ends_the_run(new_run, monkeypatch):
    run = new_run(distill=False)
    poison(monkeypatch, range(3, 100))
    with pytest.raises(UserError, match=rf"{PATIENCE_FOR_NANS} steps in a row.*optimizer\.lr"):
        run.train(steps=40, validate_every=40, checkpoint_every=1)
    assert run.checkpoints()[-1].name == f"step-{3 + PATIENCE_FOR_NANS - 1:08d}"
    assert not run.output.exists()


def test_a_dead_term_is_warned_of(new_run, caplog):
    published = {"weight": 1e-6, "distance": "code_kl_as_published"}
    objective = {"l1": {"weight": 20}, "code_self_alignment": published}
    new_run().train(steps=2, objective=objective)
    [warning] = [r.getMessage() for r in caplog.records if "changes nothing" in r.getMessage()]
    assert "step 1: term 'code_self_alignment'" in warning


def test_terms_that_do_not_fit_are_named_before_anything_is_learnt(new_run):
    with pytest.raises(UserError, match=r"'channel_affinity' does not fit these networks.*4.*6"):
        new_run().train(objective={"channel_affinity": {"weight": 1}})


@pytest.fixture
def fresh_accelerate():
    """Let a test choose another precision than those before and after it."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def test_bfloat16(new_run, fresh_accelerate):
    run = new_run()
    run.train(steps=2, precision="bf16")
    assert all(p.dtype == torch.float32 for p in run.student().parameters())
    assert math.isfinite(run.curve("train/loss")[2])


def test_a_processor_without_bfloat16_computes_in_float32(monkeypatch, caplog):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for supported, expected in ((True, "bf16"), (False, "no")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda s=supported: {"avx512_bf16": s})
        assert precision("bf16") == expected
        assert precision("auto") == precision("fp32") == "no"
        assert ("slow on this processor" in caplog.text) is not supported


@pytest.mark.parametrize("parts", [2, 4])
def test_a_step_in_parts_is_the_step_of_the_whole_batch(new_run, parts):
    batch, runs = {"pairs": 4, "real": 4, "patch": 32}, {}
    for number in (1, parts):
        runs[number] = new_run(str(number))
        objective = {**L1, "hint": {"weight": 0.1}, "mean_teacher": {"weight": 0.1, "decay": 0.9}}
        runs[number].train(batch={**batch, "parts": number}, objective=objective, steps=4)
    ours, theirs = (runs[number].student().parameters() for number in (1, parts))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
    assert runs[1].curve("train/loss") == pytest.approx(runs[parts].curve("train/loss"), rel=1e-4)


def test_a_loss_that_explodes_is_warned_of(new_run, caplog):
    run = new_run(distill=False)
    run.train(
        steps=12,
        optimizer={"lr": 3.0},
        schedule={"name": "constant"},
        log_every=1,
        validate_every=12,
    )
    losses = run.curve("train/loss")
    assert max(losses.values()) > 10 * min(losses.values())
    [first, *_] = [r.getMessage() for r in caplog.records if "until now. If it" in r.getMessage()]
    assert "lower optimizer.lr (now 3)" in first


def test_two_runs_do_not_share_a_folder(new_run):
    run = new_run(distill=False)
    with owned(run.runs), pytest.raises(UserError, match=rf"belongs to process {os.getpid()} on"):
        run.train()
    assert not (run.runs / "metrics.jsonl").exists()
    run.train()


def test_panels_show_rainy_derained_and_clean(whole, pair_store):
    shown = Image.open(whole.runs / "panels" / "step-00000008-0.png")
    record = pair_store.records[pair_store.split("val")[0]]
    assert shown.size == (3 * record.width, record.height)


def test_an_mlflow_store_that_cannot_be_opened_changes_nothing(whole, new_run, caplog, tmp_path):
    (tmp_path / "file").touch()
    run = new_run(tracking=f"sqlite:///{tmp_path}/file/mlflow.db")
    run.train()
    [warning] = [r.getMessage() for r in caplog.records if "MLflow" in r.getMessage()]
    assert "records have not reached MLflow yet" in warning
    kept = {name: content for name, content in remains(run).items() if "/tracking/" not in name}
    assert kept == remains(whole)


@pytest.mark.parametrize("what", ["real_digest", "teacher", "init"])
def test_whatever_decides_the_course_is_in_the_fingerprint(new_run, tmp_path, photographs, what):
    run = new_run()
    start = tmp_path / "start.safetensors"
    shutil.copyfile(run.teacher, start)
    options = {"channels": 6, "stages": 1, "units": 1}
    changes = {"model": {"name": "prenet", "options": options}, "init": str(start)}
    before = run.job(**changes).fingerprint
    assert run.job(**changes).fingerprint == before

    other = Run(run.folder, tmp_path / "prepared", tmp_path / "teacher.safetensors")
    shutil.copytree(run.prepared, other.prepared)
    shutil.copyfile(run.teacher, other.teacher)
    assert other.job(**changes).fingerprint == before
    if what == "real_digest":
        fewer = RealSet(root=str(photographs), layout="photographs", rain="standin", limit=2)
        prepare("real", "tiny_real", fewer, other.prepared / "real" / "tiny_real", workers=1)
    else:
        file = other.teacher if what == "teacher" else start
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    assert other.job(**changes).fingerprint != before


def test_sets_of_two_roles_may_share_a_name():
    stores = [
        Fake(summary=Fake(role=role, name="street", digest=role)) for role in ("synthetic", "real")
    ]
    assert data_digests(stores) == {"synthetic/street": "synthetic", "real/street": "real"}
