"""What stops DVC is named before DVC meets it."""

import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

from ssid.data.inspection import unreadable_by_dvc
from support.hostile import photograph


def test_files_at_which_dvc_stops_are_named(tmp_path) -> None:
    folder = tmp_path / "rain"
    (folder / "deep").mkdir(parents=True)
    Image.fromarray(photograph()).save(folder / "good.png")
    assert unreadable_by_dvc(folder) == []
    (folder / "same.png").symlink_to("good.png")
    assert unreadable_by_dvc(folder) == []
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "deep" / "nowhere.jpg").symlink_to("gone.jpg")
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"")
    assert unreadable_by_dvc(folder) == [r"caf\xe9.jpg", "deep/nowhere.jpg", "loop.jpg"]


def test_dvc_reads_what_is_not_named(tmp_path) -> None:
    (tmp_path / "rain").mkdir()
    Image.fromarray(photograph()).save(tmp_path / "rain" / "a\nb.png")
    (tmp_path / "rain" / "outside.png").symlink_to("/etc/hostname")
    assert unreadable_by_dvc(tmp_path / "rain") == []
    (tmp_path / "dvc.yaml").write_text("stages: {look: {cmd: ls, deps: [rain]}}")
    dvc = Path(sys.executable).with_name("dvc")
    for command in (["init", "--no-scm", "--quiet"], ["repro", "--quiet"]):
        subprocess.run([dvc, *command], cwd=tmp_path, check=True)
