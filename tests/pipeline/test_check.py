"""What a later stage would refuse is refused before a training starts."""

import shutil

import pytest

from pipelines import distill, pretrain
from ssid.errors import UserError
from support.repository import ROOT


@pytest.fixture
def project(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "params", tmp_path / "params")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("stage", [pretrain, distill])
@pytest.mark.parametrize(
    ("file", "right", "wrong", "complaint"),
    [
        ("student", "  ssim: {", "  sism: {", r"student\.yaml: .*Did you mean 'ssim'"),
        ("student", "seed: 66", "seed: -1", r"student\.yaml:.*seed: found -1"),
        (
            "student",
            "\nreal: null",
            "\nreal: [standing]",
            r"student\.yaml names the real set 'standing'.*'standin'",
        ),
        ("evaluate", "[psnr, ssim, niqe]", "[psnr, sism]", r"evaluate\.yaml:.*'sism'"),
        (
            "evaluate",
            "benchmarks: null",
            "benchmarks: [dmo]",
            r"evaluate\.yaml names the benchmark set 'dmo'.*'demo'",
        ),
        ("prune", "macs: 0.6", "macs: 60", r"prune\.yaml:.*macs: found 60"),
    ],
)
def test_what_a_later_stage_refuses_is_refused_first(project, stage, file, right, wrong, complaint):
    path = project / f"params/{file}.yaml"
    text = path.read_text("utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), "utf-8")
    with pytest.raises(UserError, match=complaint):
        stage.main()


@pytest.mark.parametrize("stage", [pretrain, distill])
def test_the_shipped_parameters_pass(project, stage):
    with pytest.raises(UserError, match="prepare"):  # nothing is prepared here
        stage.main()
