"""The page and what answers it: Starlette, served by uvicorn."""

import errno
import socket
import tempfile
import time
from asyncio import Semaphore
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ssid.data.images import ImageError
from ssid.errors import UserError
from ssid.inference.method import DEFAULT
from ssid.inference.pictures import read_photo
from ssid.inference.runtime import Runner
from ssid.inference.writing import write_photo

HOST = "127.0.0.1"

MAX_BYTES = 64 << 20
"""Of a photograph; larger ones are refused while they arrive."""

MAX_WAITING = 8
"""Photographs that wait or are worked on; one at a time is."""

PER_MINUTE = 60
"""Photographs that are taken within a minute."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' blob:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

PARTS = {
    "/": ("serve/page.html", "text/html"),
    "/drop.js": ("serve/drop.js", "text/javascript"),
    "/drop.css": ("serve/drop.css", "text/css"),
    "/page.css": ("evaluation/report/templates/page.css", "text/css"),
    "/page.js": ("evaluation/report/templates/page.js", "text/javascript"),
}
"""Files of the package by path; the slider is that of the report."""


def create_app(
    runner: Runner, per_minute: int = PER_MINUTE, clock: Callable[[], float] = time.monotonic
) -> Starlette:
    """Return the application.

    Args:
        runner: computer of the network.
        per_minute: photographs that are taken within a minute.
        clock: seconds, for the limit of the rate.
    """
    limits = _Limits(per_minute, clock)

    async def answer(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return _say("Only the page of this server may send photographs.", 403)
        if (refusal := limits.refusal()) is not None:
            return refusal
        limits.waiting += 1
        try:
            return await _answer(request, runner, limits.one)
        finally:
            limits.waiting -= 1

    routes = [Route(path, _part(*part)) for path, part in PARTS.items()]
    routes.append(Route("/derain", answer, methods=["POST"]))
    # Another host's name that leads here would let that host's pages read the answers.
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(routes=routes, middleware=[hosts])


def listen(port: int) -> socket.socket:
    """Return an open socket at a port of 127.0.0.1, which :func:`run` takes.

    Raises:
        UserError: if another program has the port, or this user may not have it.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        reason = {errno.EADDRINUSE: "is in use", errno.EACCES: "is not for this user"}
        if error.errno not in reason:
            raise
        raise UserError(
            f"port {port} of {HOST} {reason[error.errno]}. Name another one with --port."
        ) from None


def run(runner: Runner, listening: socket.socket) -> None:
    """Serve the page at an open socket until Ctrl-C or SIGTERM."""
    import uvicorn

    config = uvicorn.Config(create_app(runner), log_level="warning")
    uvicorn.Server(config).run([listening])


class _Limits:
    """How many photographs are taken at once and within a minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self.one, self.waiting = Semaphore(1), 0
        self._per_minute, self._clock = per_minute, clock
        self._times: deque[float] = deque()

    def refusal(self) -> Response | None:
        """Return the answer to what is too much; None to what is taken, and counted."""
        now = self._clock()
        while self._times and now - self._times[0] >= 60:
            self._times.popleft()
        if self.waiting >= MAX_WAITING or len(self._times) >= self._per_minute:
            return _say("Too many photographs at once. Try again in a minute.", 429)
        self._times.append(now)
        return None


async def _answer(request: Request, runner: Runner, one: Semaphore) -> Response:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BYTES:
            return _say(f"The photograph has more than {MAX_BYTES >> 20} MiB.", 413)
    try:
        async with one:
            picture = await run_in_threadpool(_derain, bytes(content), runner)
    except ImageError as reason:
        return _say(f"This file cannot be used: {reason}.", 422)
    return Response(picture, media_type="image/png", headers=HEADERS)


def _derain(content: bytes, runner: Runner) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "photograph"), Path(folder, "derained.png")
        source.write_bytes(content)
        photo = read_photo(source)
        fitted = DEFAULT.fitted(runner, *photo.colour.shape[:2])
        write_photo(result, replace(photo, colour=fitted.derain(runner, photo.colour)))
        return result.read_bytes()


def _part(file: str, kind: str) -> Callable[[Request], Response]:
    def serve(request: Request) -> Response:
        content = (files("ssid") / file).read_bytes()
        return Response(content, media_type=kind, headers=HEADERS)

    return serve


def _say(text: str, status: int) -> Response:
    return PlainTextResponse(text, status, headers=HEADERS)
