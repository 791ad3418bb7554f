"""A page's server in a process of its own, and requests to it, as a browser or someone else sends
them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

PRACTICE = Path(__file__).parent.parent / "practice"
LOSS = "6-backprop-ninja/loss"
PATIENCE = 120.0
"""Seconds to wait for an event: a server that lives tells others all the time."""


class Served:
    """A `byhand learn --web` or `byhand show` that runs."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "byhand", *arguments, "--no-open"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError(self.process.communicate()[1])
        parts = urlsplit(self.url)
        assert parts.port is not None
        self.port, self.token = parts.port, parts.query.removeprefix("token=")

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C: the exit status, and all that was said on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=10)
        return self.process.returncode, said

    def ask(
        self,
        path: str,
        body: Any = None,
        *,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        token: str | None = None,
    ) -> Reply:
        """A request; with a body it is a POST of JSON, unless it is bytes."""
        there = "&" if "?" in path else "?"
        full = f"{path}{there}token={quote(self.token if token is None else token)}"
        blob = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {"content-type": "application/json"} if body is not None else {}
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            link.request(
                method or ("GET" if body is None else "POST"), full, blob, given | (headers or {})
            )
            answer = link.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            link.close()

    @contextmanager
    def events(self, document: str = "") -> Iterator[Iterator[tuple[str, Any]]]:
        """The stream of events: names and values."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        link.request("GET", f"/api/events?token={quote(self.token)}&document={quote(document)}")
        answer = link.getresponse()

        def read() -> Iterator[tuple[str, Any]]:
            name, end = "", time.monotonic() + PATIENCE
            while line := answer.readline().decode():
                assert time.monotonic() < end, "what was waited for didn't come"
                key, _, value = line.rstrip("\n").partition(": ")
                if key == "event":
                    name = value
                elif key == "data":
                    yield name, json.loads(value)

        try:
            yield read()
        finally:
            link.close()

    def verdict(self, document: str, digest: str | None = None) -> dict[str, Any]:
        """The verdict on a document, once it is there (on the content with this digest)."""
        with self.events(document) as events:
            for name, value in events:
                if name == "verdict" and value["last"] and digest in (None, value["digest"]):
                    assert "error" not in value, value["error"]
                    return value
        raise AssertionError("the stream ended")


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)
