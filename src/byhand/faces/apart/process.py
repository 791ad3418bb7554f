"""Asking a server that runs files' code apart: one job at a time, which can be cancelled.

A job is a dict: `do` names it (see `jobs.py`), `folder` is where it runs. Its answers are lines of
JSON on the server's standard output, and what the file prints comes on standard error; both end
with the mark that the job names.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import IO, Any

FORKS = sys.platform == "linux"  # elsewhere system libraries that NumPy uses may not stand it
FORK, ONCE = "fork", "once"  # how a server is told
_SPARE = 20.0  # for what isn't the file's: importing, finding the mistake
_PRINTED = 4000  # bytes of what a file prints that are shown

Hear = Callable[[dict[str, Any]], None]


class Process:
    """The server, which is started when it is needed.

    `ask` is for one thread at a time; `cancel` may be called from any.
    """

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._libraries: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._asked: _Asked | None = None

    def get_ready(self, libraries: frozenset[str] = frozenset()) -> subprocess.Popen[bytes]:
        """Lets a server wait that has imported these libraries."""
        there = self._server is not None and self._server.poll() is None
        if self._server is None or not there or not libraries <= self._libraries:
            self.end()
            self._server, self._libraries = _start(libraries), libraries
        return self._server

    def ask(
        self,
        job: Mapping[str, Any],
        timeout: float,
        libraries: frozenset[str] = frozenset(),
        hear: Hear | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> tuple[dict[str, Any], str]:
        """The last answer to a job (empty if there was none), and what the file printed.

        `hear` is called for each answer as it comes, in a thread. The file has `timeout` seconds.
        `wanted` tells at the last moment whether the job was cancelled before it began.
        """
        server = self.get_ready(libraries)
        assert server.stdin is not None and server.stdout is not None and server.stderr is not None
        asked = _Asked(secrets.token_hex(16), hear)
        with self._lock:
            if not wanted():
                return {}, ""
            self._asked = asked
        listeners = [
            threading.Thread(target=asked.listen, args=(server.stdout,), daemon=True),
            threading.Thread(target=asked.listen_to_prints, args=(server.stderr,), daemon=True),
        ]
        for listener in listeners:
            listener.start()
        with contextlib.suppress(BrokenPipeError):
            line = json.dumps({**job, "timeout": timeout, "end": asked.end})
            server.stdin.write(line.encode() + b"\n")
        until = time.monotonic() + timeout + _SPARE
        for listener in listeners:
            listener.join(max(0, until - time.monotonic()))
        with self._lock:
            self._asked = None
        if asked.ended < len(listeners):  # it ended, or took too long
            _kill(server)
            server.wait()
        return asked.last, asked.printed

    def cancel(self) -> None:
        """Ends the job that is running, if one is: `ask` then returns what was answered so far."""
        with self._lock:
            if self._asked is not None:
                self._asked.cancel()

    def end(self) -> None:
        if self._server is not None:
            _kill(self._server)
            self._server.wait()
            # Not read to their end: something that a file left running may hold them open.
            for pipe in (self._server.stdin, self._server.stdout, self._server.stderr):
                if pipe is not None:
                    pipe.close()
            self._server = None


class _Asked:
    """A job that was handed over: what has been heard of it."""

    def __init__(self, end: str, hear: Hear | None) -> None:
        self.end = end
        self.last: dict[str, Any] = {}
        self.printed = ""
        self.ended = 0
        self._hear = hear
        self._child: int | None = None
        self._cancelled = False

    def listen(self, stream: IO[bytes]) -> None:
        """Hears the answers, until the mark."""
        left, mark = b"", self.end.encode()
        while not left.endswith(mark) and (part := stream.read(1 << 16)):
            *lines, left = (left + part).split(b"\n")
            for line in lines:
                with contextlib.suppress(
                    ValueError
                ):  # something that was left running wrote into it
                    self._answered(json.loads(line))
        self.ended += left.endswith(mark)

    def listen_to_prints(self, stream: IO[bytes]) -> None:
        """Reads until the mark, and keeps of what is printed only the start and the end."""
        text, mark = b"", self.end.encode()
        while not text.endswith(mark) and (part := stream.read(1 << 16)):
            text += part
            if len(text) > 2 * _PRINTED:
                text = text[:_PRINTED] + b"\n...\n" + text[-_PRINTED // 2 :]
        self.ended += text.endswith(mark)
        self.printed = text.removesuffix(mark).decode(errors="replace")

    def cancel(self) -> None:
        self._cancelled = True
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)

    def _answered(self, answer: Any) -> None:
        if not isinstance(answer, dict):
            return
        if "pid" in answer:
            self._child = answer["pid"]
            if self._cancelled:
                self.cancel()
            return
        self.last = answer  # pyright: ignore[reportUnknownMemberType]
        if self._hear is not None:
            self._hear(self.last)


def _start(libraries: frozenset[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # -P: nothing is imported from where we happen to be
        [
            *(sys.executable, "-P", "-m", "byhand.faces.apart.server"),
            *(FORK if FORKS else ONCE, *sorted(libraries)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        process_group=0 if FORKS else None,  # so that it ends with what it forked
    )


def _kill(server: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        if FORKS:
            os.killpg(server.pid, signal.SIGKILL)
        else:
            server.kill()
