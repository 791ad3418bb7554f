"""An address with a token, and the server behind it, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import secrets
import socket
import sys
import webbrowser
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from byhand.errors import ByhandError, DataError
from byhand.faces import terminal
from byhand.faces.page.guard import Guard
from byhand.files import read, write_aside

_HOST = "127.0.0.1"
_INTERRUPTED = 130
_MEMORY = ".byhand.page"


@dataclass(frozen=True)
class Address:
    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self.port}/?token={self.token}"


def listening(port: int | None, folder: Path | None = None) -> tuple[socket.socket, Address]:
    """A socket on this machine alone, and its address.

    With a `folder` the address is the one that it had last time, if that is free, so that a page
    which is still open finds the server again. Raises ByhandError if `port` is taken.
    """
    last = None if folder is None else _remembered(folder)
    if port is not None:
        bound = _bound(port)
        if bound is None:
            raise ByhandError(f"port {port} is taken: choose another with --port, or leave it out")
    else:
        bound = (_bound(last.port) if last else None) or _bound(0)
        if bound is None:
            raise ByhandError("no port is free: end other servers")
    token = last.token if last else secrets.token_urlsafe(24)
    address = Address(bound.getsockname()[1], token)
    if folder is not None and address != last:
        _remember(folder, address)
    return bound, address


def _bound(port: int) -> socket.socket | None:
    """A socket that listens on a port; None if that is taken."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # so that it is free again at once; elsewhere this would share a port
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((_HOST, port))
        made.listen(256)
    except OSError as error:
        made.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise
    return made


def _remembered(folder: Path) -> Address | None:
    with contextlib.suppress(DataError, ValueError, KeyError, TypeError):
        found = json.loads(read(folder / _MEMORY))
        port, token = found["port"], found["token"]
        if isinstance(port, int) and 0 < port < 1 << 16 and isinstance(token, str) and token:
            return Address(port, token)
    return None


def _remember(folder: Path, address: Address) -> None:
    file = folder / _MEMORY
    file.touch(mode=0o600)
    write_aside(file, json.dumps({"port": address.port, "token": address.token}))
    file.chmod(0o600)


def serve(
    app: ASGIApp,
    bound: socket.socket,
    address: Address,
    *,
    tasks: Sequence[Callable[[], Coroutine[Any, Any, None]]],
    close: Callable[[], None],
    open_browser: bool,
) -> int:
    """Serves until Ctrl-C, beside some tasks that go on for ever; then `close` lets all that is
    waited for end. Gives the exit status."""
    for name in ("asyncio", "uvicorn"):  # what clients do wrong, or that they are gone
        logging.getLogger(name).setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        Guard(app, address.port, address.token),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serving(uvicorn.Server(config), bound, address, tasks, close, open_browser))
        return 0
    return _INTERRUPTED


async def _serving(
    server: uvicorn.Server,
    bound: socket.socket,
    address: Address,
    tasks: Sequence[Callable[[], Coroutine[Any, Any, None]]],
    close: Callable[[], None],
    open_browser: bool,
) -> None:
    async def ending() -> None:
        while not server.should_exit:
            await asyncio.sleep(0.05)
        close()

    async def starting() -> None:
        while not server.started:
            await asyncio.sleep(0.01)
        terminal.say(f"{address.url}\nOpen this in a browser on this machine. Ctrl-C ends it.")
        if open_browser:
            await asyncio.to_thread(_open, address.url)

    def failed(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            server.should_exit = True

    running = [asyncio.ensure_future(each()) for each in (*tasks, starting, ending)]
    for task in running:
        task.add_done_callback(failed)
    await server.serve(sockets=[bound])
    for task in running:
        if task.done():
            task.result()  # raises what a task failed with
        task.cancel()


def _open(url: str) -> None:
    """Opens a browser where there is a screen: one in the terminal would take that over."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, screens)):
        return
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(url)
