"""Checkpoints: intact or passed over, few, and without pickle."""

import json
import shutil

import pytest
import torch
from torch import nn

from ssid.files import sha256
from ssid.training.checkpoint import (
    KEEP,
    Progress,
    load_checkpoint,
    load_optimizer_tensors,
    optimizer_tensors,
    prefixed,
    remove_checkpoints,
    save_checkpoint,
    unprefixed,
)

MINE = {"params.optimizer.lr": 0.1, "teacher": None, "source ssid/models/rrg.py": "a"}
FILES = ["manifest.json", "state.json", "tensors.safetensors"]


def save(folder, step, identity=MINE, **changes):
    progress = Progress(step=step, scores=[20.1, 1 / 3], best=20.1, **changes)
    save_checkpoint(folder, identity, progress, {"w": torch.full((2, 3), float(step))})
    return folder / f"step-{step:08d}"


def steps(folder):
    return sorted(int(path.name.removeprefix("step-")) for path in folder.iterdir())


def test_what_is_saved_comes_back(tmp_path):
    save(tmp_path, 7, skipped=2, usual_loss=0.5)
    progress, tensors, best = load_checkpoint(tmp_path, MINE)
    assert progress == Progress(7, [20.1, 1 / 3], 20.1, None, 0.5, 2)
    assert best is None
    assert torch.equal(tensors["w"], torch.full((2, 3), 7.0))


def test_the_manifest_hashes_every_file(tmp_path):
    path = save(tmp_path, 1)
    assert sorted(p.name for p in path.iterdir()) == FILES
    manifest = json.loads((path / "manifest.json").read_text())
    assert manifest == {name: sha256(path / name) for name in FILES[1:]}


def test_nothing_in_it_is_pickle(tmp_path):
    path = save(tmp_path, 1)
    header = int.from_bytes((path / "tensors.safetensors").read_bytes()[:8], "little")
    assert json.loads((path / "tensors.safetensors").read_bytes()[8 : 8 + header])
    assert not any(p.suffix in {".pt", ".pth", ".pkl", ".bin"} for p in tmp_path.rglob("*"))


def test_equal_states_have_equal_bytes(tmp_path):
    first, second = save(tmp_path / "a", 3), save(tmp_path / "b", 3)
    assert [(first / n).read_bytes() for n in FILES] == [(second / n).read_bytes() for n in FILES]


def test_only_the_newest_stay(tmp_path):
    for step in (2, 4, 8, 16):
        save(tmp_path, step)
    assert steps(tmp_path) == [8, 16]
    assert KEEP == 2


def test_a_step_may_be_saved_again(tmp_path):
    save(tmp_path, 4)
    save(tmp_path, 4, skipped=1)
    assert load_checkpoint(tmp_path, MINE).progress.skipped == 1


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["missing", "cut short", "altered", "empty"])
def test_damage_leads_to_the_one_before(tmp_path, file, damage):
    save(tmp_path, 1)
    path = save(tmp_path, 2) / file
    content = bytearray(path.read_bytes())
    match damage:
        case "missing":
            path.unlink()
        case "cut short":
            path.write_bytes(content[: len(content) // 2])
        case "altered":
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        case "empty":
            path.write_bytes(b"")
    assert load_checkpoint(tmp_path, MINE).progress.step == 1


def test_half_written_folders_are_passed_over(tmp_path):
    path = save(tmp_path, 1)
    shutil.copytree(path, tmp_path / "step-00000009.partial")
    assert load_checkpoint(tmp_path, MINE).progress.step == 1
    (tmp_path / "step-00000002.partial").mkdir()
    (tmp_path / "step-00000002.partial" / "rubbish").touch()
    save(tmp_path, 2)
    assert sorted(p.name for p in (tmp_path / "step-00000002").iterdir()) == FILES


def test_another_run_is_not_gone_on_with(tmp_path):
    save(tmp_path, 1, {"another": 1})
    assert load_checkpoint(tmp_path, MINE) is None
    assert load_checkpoint(tmp_path / "nowhere", MINE) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"params.optimizer.lr": 0.2}, "optimizer.lr was 0.1 and is 0.2"),
        ({"teacher": "abc"}, 'teacher was null and is "abc"'),
        ({"source ssid/models/rrg.py": "b"}, "the code in ssid/models/rrg.py has changed"),
        ({f"params.{i}": i for i in range(8)}, "4 was null and is 4; and 3 more"),
    ],
    ids=str,
)
def test_what_differs_from_another_run_is_said(tmp_path, caplog, change, said):
    path = save(tmp_path, 500)
    assert load_checkpoint(tmp_path, MINE | change) is None
    assert f"{path} is not used, as this is another run: " in caplog.text
    assert said in caplog.text


def test_the_best_student_is_part_of_it(tmp_path):
    best = tmp_path / "best.safetensors"
    best.write_bytes(b"the best")
    progress = Progress(step=3, best_sha256="a")
    save_checkpoint(tmp_path / "c", MINE, progress, {"w": torch.zeros(1)}, best)
    best.write_bytes(b"damaged")
    found = load_checkpoint(tmp_path / "c", MINE).best
    assert found.read_bytes() == b"the best"
    found.write_bytes(b"the bess")
    assert load_checkpoint(tmp_path / "c", MINE) is None


@pytest.mark.parametrize("content", ["[]", "{}", '{"identity": 1}', "nonsense", '{"progress": 1}'])
def test_a_state_of_another_kind_is_passed_over_though_its_hash_fits(tmp_path, content):
    path = save(tmp_path, 1)
    (path / "state.json").write_text(content)
    manifest = {name: sha256(path / name) for name in FILES[1:]}
    (path / "manifest.json").write_text(json.dumps(manifest))
    assert load_checkpoint(tmp_path, MINE) is None


def test_removal(tmp_path):
    save(tmp_path / "run", 1)
    remove_checkpoints(tmp_path / "run")
    remove_checkpoints(tmp_path / "run")
    assert load_checkpoint(tmp_path / "run", MINE) is None


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.Adamax, torch.optim.AdamW])
def test_a_restored_optimizer_takes_the_same_step(kind):
    def problem():
        torch.manual_seed(0)
        network = nn.Linear(3, 2)
        return network, kind(network.parameters(), lr=0.1)

    def step(network, optimizer):
        network(torch.arange(6.0).view(2, 3)).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    network, optimizer = problem()
    step(network, optimizer)
    copied, restored = problem()
    copied.load_state_dict(network.state_dict())
    stored = {name: tensor.clone() for name, tensor in optimizer_tensors(optimizer).items()}
    load_optimizer_tensors(restored, stored)
    step(network, optimizer)
    step(copied, restored)
    assert torch.equal(copied.weight, network.weight)


def test_a_fresh_optimizer_has_no_tensors():
    optimizer = torch.optim.Adam([nn.Parameter(torch.ones(1))])
    assert optimizer_tensors(optimizer) == {}
    load_optimizer_tensors(optimizer, {})


def test_prefixes_come_off_again():
    inner = {"a/b": torch.ones(1), "c": torch.zeros(1)}
    both = {**prefixed("x", inner), **prefixed("xy", {"d": torch.ones(1)})}
    assert unprefixed("x", both) == inner
    assert unprefixed("none", both) == {}
