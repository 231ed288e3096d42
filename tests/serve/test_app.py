import io
import shutil
import subprocess
import threading
import time
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("starlette", reason="needs the extra serve")
import uvicorn
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from ssid.errors import UserError
from ssid.inference.runtime import runner_of
from ssid.serve import app as served
from ssid.serve.app import PARTS, create_app, listen
from support.tiny_networks import Identity, picture


def png(height=40, width=56):
    buffer = io.BytesIO()
    Image.fromarray(picture(height, width)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def client():
    return TestClient(create_app(runner_of(Identity(0.5))), base_url="http://127.0.0.1")


def test_a_photograph_comes_back_derained(client):
    answer = client.post("/derain", content=png())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    derained = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert np.abs(derained - picture(40, 56) / 2).max() <= 0.5


@pytest.mark.parametrize("path", PARTS)
def test_the_page_needs_nothing_from_elsewhere(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert "http" not in answer.text.replace("http://www.w3.org", "")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_page_names_only_parts_that_are_served(client):
    named = []

    class Links(HTMLParser):
        def handle_starttag(self, tag, attrs):
            named.extend(v for k, v in attrs if k in ("src", "href") and not v.startswith("data:"))

    Links().feed(client.get("/").text)
    assert named
    assert all(f"/{name}" in PARTS for name in named)


@pytest.mark.parametrize(
    ("content", "status", "says"),
    [(b"no image", 422, "not an image"), (b"", 422, "empty file"), (png(8, 8), 422, "too small")],
)
def test_what_is_no_photograph_is_refused_with_a_reason(client, content, status, says):
    answer = client.post("/derain", content=content)
    assert answer.status_code == status
    assert says in answer.text


def test_too_much_is_refused_while_it_arrives(client, monkeypatch):
    monkeypatch.setattr(served, "MAX_BYTES", 1 << 20)
    sent = []

    def endless():
        for _ in range(1000):
            sent.append(1)
            yield bytes(1 << 16)

    answer = client.post("/derain", content=endless())
    assert answer.status_code == 413
    assert "1 MiB" in answer.text


def test_too_many_a_minute_are_refused_and_taken_again_later():
    now = [0.0]
    runner = runner_of(Identity())
    client = TestClient(
        create_app(runner, per_minute=2, clock=lambda: now[0]), base_url="http://127.0.0.1"
    )
    statuses = [client.post("/derain", content=png()).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    now[0] = 61
    assert client.post("/derain", content=png()).status_code == 200


def test_other_sites_and_other_names_of_this_machine_are_refused(client):
    foreign = client.post("/derain", content=png(), headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    assert client.get("/", headers={"host": "rain.example"}).status_code == 400


def test_a_port_that_is_taken_is_said():
    with listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} of 127.0.0.1 is in use.*--port"):
            listen(port)


# A real browser.

DROP = """
const wait = (ready) => new Promise((resolve) => {
  const look = () => (ready() ? resolve() : setTimeout(look, 20));
  look();
});
(async () => {
  const content = await (await fetch("/sample.png")).blob();
  const transfer = new DataTransfer();
  transfer.items.add(new File([content], "street.png", { type: "image/png" }));
  document.querySelector(".drop").dispatchEvent(
    new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
  const derained = document.querySelector(".derained");
  await wait(() => derained.naturalWidth > 0);
  const range = document.querySelector(".compare input");
  range.value = 20;
  range.dispatchEvent(new Event("input"));
  document.title = [derained.naturalWidth, derained.naturalHeight,
    document.querySelector(".compare").style.getPropertyValue("--split"),
    document.querySelector(".save").download,
    document.querySelector(".result").hidden].join(" ");
})();
"""


@pytest.fixture
def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("needs Chromium, and none is on the path")


@pytest.fixture
def server():
    """The page on a free port, with a second one beside it that drops a photograph on itself."""
    app = create_app(runner_of(Identity()))
    page = TestClient(app, base_url="http://127.0.0.1").get("/").text

    async def dropping(request):
        return HTMLResponse(page.replace("</body>", '<script src="dropping.js"></script></body>'))

    async def script(request):
        return Response(DROP, media_type="text/javascript")

    async def sample(request):
        return Response(png(), media_type="image/png")

    for path, route in {"dropping": dropping, "dropping.js": script, "sample.png": sample}.items():
        app.router.routes.append(Route(f"/{path}", route))
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    thread.join()


def test_a_dropped_photograph_comes_back_under_the_slider(browser, server, tmp_path):
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=20000"]
    page = f"http://127.0.0.1:{server}/dropping"
    seen = subprocess.run([*command, page], capture_output=True, text=True, timeout=120, check=True)
    assert "<title>56 40 20% street-derained.png false</title>" in seen.stdout
