"""A server that is used roughly: nothing leaks, nothing dies."""

from __future__ import annotations

import asyncio
import inspect
import os
import random
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from pages import LOSS, PRACTICE, Served

import own_loop
from byhand.faces.page import course_app, explorer_app
from line_problem import GOOD

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not Path("/proc/self/fd").exists(), reason="no /proc: what is open can't be seen"
    ),
]

START = ("--web", "--course", str(PRACTICE), "--timeout", "4")
CLIENTS = 200
SECONDS = float(os.environ.get("BYHAND_ROUGH_SECONDS", "8"))
"""How long they reconnect: `BYHAND_ROUGH_SECONDS=60` for a minute."""

FILE = "mine.py"


def endpoints(app: ModuleType) -> list[str]:
    """All that an application answers, and what it doesn't know; but for the stream of events."""
    own = re.findall(r'Route\("(/[^"]*)"', inspect.getsource(app))
    assert len(own) > 5
    return [*(path for path in own if path != "/api/events"), "/assets/page.js", "/nothing"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served("learn", str(tmp_path / "w"), *START) as running:
        running.ask("/api/open", {"document": LOSS})
        running.verdict(LOSS)
        yield running
        # It lives, answers quickly, and has had nothing to complain of.
        start = time.monotonic()
        assert running.ask("/api/course").status == 200
        assert time.monotonic() - start < 2
        assert running.interrupt() == (130, "")


def open_files(served: Served) -> int:
    return len(list(Path(f"/proc/{served.process.pid}/fd").iterdir()))


def memory(served: Served) -> int:
    """In MB, what the server's process holds."""
    pages = int(Path(f"/proc/{served.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def test_many_clients_that_come_and_go(served: Served) -> None:
    async def come_and_go(number: int, end: float) -> int:
        chance, visits = random.Random(number), 0
        path = f"/api/events?token={served.token}&document={LOSS}"
        while time.monotonic() < end:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
            await writer.drain()
            if chance.random() < 0.7:  # the others are gone before the answer comes
                assert (await reader.readline()).startswith(b"HTTP/1.1 200")
                visits += 1
            await asyncio.sleep(chance.random() / 2)
            writer.transport.abort() if chance.random() < 0.5 else writer.close()
        return visits

    async def all_of_them(seconds: float) -> int:
        end = time.monotonic() + seconds
        return sum(await asyncio.gather(*(come_and_go(i, end) for i in range(CLIENTS))))

    idle = open_files(served)
    own_loop.run(all_of_them(SECONDS / 2))
    before = memory(served)
    assert own_loop.run(all_of_them(SECONDS / 2)) > CLIENTS
    deadline = time.monotonic() + 20
    while open_files(served) > idle and time.monotonic() < deadline:
        time.sleep(0.2)
    assert open_files(served) <= idle
    assert memory(served) - before < 20


@pytest.fixture
def explorer(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / FILE).write_text(GOOD)
    with Served("show", str(tmp_path / FILE)) as running:
        yield running
        assert running.ask("/api/explorer").status == 200
        assert running.interrupt() == (130, "")


def test_random_bytes(served: Served, tmp_path: Path) -> None:
    send_noise(served, course_app, tmp_path)


def test_random_bytes_to_the_explorer(explorer: Served, tmp_path: Path) -> None:
    send_noise(explorer, explorer_app, tmp_path)


def send_noise(served: Served, app: ModuleType, folder: Path) -> None:
    """Every endpoint refuses it, tells nothing, and changes no file."""
    chance = random.Random(0)
    files = {p: p.read_bytes() for p in folder.rglob("*.py")}
    for endpoint in endpoints(app):
        for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
            for body in (chance.randbytes(500), b"", b"[" * 100_000, b'{"document": 1}', b"null"):
                reply = served.ask(endpoint, body, method="POST", headers={"content-type": kind})
                assert 400 <= reply.status < 500, (endpoint, kind, body[:20])
                assert served.token.encode() not in reply.body
    for _ in range(200):  # no HTTP at all, or broken off
        with socket.create_connection(("127.0.0.1", served.port), timeout=5) as link:
            start = chance.choice((b"", b"GET / HTTP/1.1\r\n", b"POST /api/save HTTP/1.1\r\n"))
            link.sendall(start + chance.randbytes(chance.randrange(1, 2000)))
    assert {p: p.read_bytes() for p in files} == files


def test_paths_and_queries_of_any_kind(served: Served) -> None:
    chance = random.Random(1)
    for path in (
        *("/../../etc/passwd", "/assets/../../../etc/passwd", "/assets/%2e%2e%2fcli.py"),
        *(
            "//etc/passwd",
            "/assets//etc/passwd",
            "/api/lesson?name=../../etc",
            "/%00",
            "/assets/%00",
        ),
        *("/assets/..\\..\\cli.py", "/api/lesson?name=6-backprop-ninja/../..", "/a" * 5000),
    ):
        reply = served.ask(path)
        assert reply.status in (400, 404, 414), path
        assert b"root:" not in reply.body
    for _ in range(100):
        noise = "".join(f"%{chance.randrange(256):02x}" for _ in range(chance.randrange(1, 60)))
        assert served.ask(f"/{noise}").status == 404
        assert served.ask("/api/course", token=f"{noise}").status == 403


def test_a_body_without_end_is_refused(served: Served) -> None:
    body = b'{"document": "' + b"x" * (9 << 20) + b'"}'
    assert served.ask("/api/save", body, method="POST").status == 413


def test_a_file_that_never_ends_is_given_up_and_one_that_is_mended_is_checked(
    served: Served, tmp_path: Path
) -> None:
    file = tmp_path / "w" / f"{LOSS}.py"
    blank = file.read_text()
    base = served.ask("/api/save", {"document": LOSS, "text": blank, "base": ""}).json["digest"]
    endless = blank.replace("n = X.shape[0]\n    rows", "while True: pass\n    rows")
    assert endless != blank
    there = served.ask("/api/save", {"document": LOSS, "text": endless, "base": base}).json
    time.sleep(0.5)  # it runs; the next text cancels it
    start = time.monotonic()
    mended = {"document": LOSS, "text": blank + "#\n", "base": there["digest"]}
    there = served.ask("/api/save", mended).json
    assert "2 missing" in served.verdict(LOSS, there["digest"])["said"]["summary"]
    assert time.monotonic() - start < 5

    body = {"document": LOSS, "text": endless, "base": there["digest"]}
    assert served.ask("/api/save", body).status == 200
    time.sleep(0.5)  # it runs again, and nobody looks at it: the next exercise doesn't wait
    start = time.monotonic()
    served.ask("/api/open", {"document": "6-backprop-ninja/normalise"})
    assert "3 missing" in served.verdict("6-backprop-ninja/normalise")["said"]["summary"]
    assert time.monotonic() - start < 3
    served.ask("/api/open", {"document": LOSS})
    with served.events(LOSS) as events:
        said = next(v["error"] for n, v in events if n == "verdict" and "error" in v)
    assert "still running after 4 s, at `while True: pass`" in said
