"""A data set on a server is imported by DVC, prepared, and prepared again when it changes there."""

import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from ssid.data.catalogue import new_set
from ssid.data.params import RealSet
from ssid.data.prepare import prepare
from ssid.errors import UserError
from support.hostile import photograph
from support.repository import ROOT

# As in the project: copies of data stay out of git, and what says where they come from does not.
IGNORED = "/data/*\n!/data/raw/\n/data/raw/*\n!/data/raw/*.dvc\n"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files with an ETag, as web servers and object stores do."""

    def end_headers(self):
        file = Path(self.translate_path(self.path))
        if file.is_file():
            self.send_header("ETag", f'"{hashlib.sha256(file.read_bytes()).hexdigest()}"')
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path):
    """Serve the folder ``served`` on loopback; the address of it."""
    (tmp_path / "served").mkdir()
    handler = functools.partial(Handler, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def publish(tmp_path, count):
    """Put an archive of so many photographs on the server."""
    folder = tmp_path / f"photographs{count}"
    folder.mkdir()
    for i in range(count):
        Image.fromarray(photograph(i)).save(folder / f"{i}.png")
    shutil.make_archive(str(tmp_path / "served" / "set"), "zip", folder)


def dvc(*arguments):
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1", "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "dvc", *arguments]
    subprocess.run(command, check=True, env=environment, capture_output=True, text=True)


def test_an_archive_on_a_server_is_imported_and_updated(server, tmp_path, monkeypatch):
    project = tmp_path / "project"
    (project / "data" / "raw").mkdir(parents=True)
    monkeypatch.chdir(project)
    publish(tmp_path, 3)
    Path(".gitignore").write_text(IGNORED)
    subprocess.run(["git", "init", "--quiet"], check=True)
    dvc("init", "--quiet")
    dvc("import-url", f"{server}/set.zip", "data/raw/set.zip")
    block = RealSet(root="data/raw/set.zip", layout="photographs")
    first = prepare("real", "remote", block, Path("data/prepared/real/remote"), 1)
    publish(tmp_path, 4)
    dvc("update", "data/raw/set.zip.dvc")
    second = prepare("real", "remote", block, Path("data/prepared/real/remote"), 1)
    assert (first.images, second.images) == (3, 4)


def test_an_address_is_not_a_path(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "params", tmp_path / "params")
    monkeypatch.chdir(tmp_path)
    command = "  mkdir -p data/raw && uv run dvc import-url https://host/a/set.zip data/raw/set.zip"
    with pytest.raises(
        UserError, match=r"no file or folder https:/host/a/set.zip\. Import"
    ) as error:
        new_set("real", "a", Path("https://host/a/set.zip"))
    assert str(error.value).endswith(command)
    with pytest.raises(UserError, match=r"no file or folder a/b\.$"):
        new_set("real", "a", Path("a/b"))
