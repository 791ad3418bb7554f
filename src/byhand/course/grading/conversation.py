"""Talking with a process that isn't trusted: what it says, how long and how much."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass

from byhand.course.grading.confine import Limits
from byhand.course.grading.wire import READY
from byhand.errors import CourseError

_START = 60.0  # seconds for what isn't the submission's: starting Python, importing
_CHUNK = 1 << 16


class SandboxError(CourseError):
    """The process could not be started, or was not kept apart; the submission isn't to blame."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: what it sent, or why there is nothing. `layers` held in its sandbox."""

    message: bytes | None
    reason: str = ""
    layers: str = ""


class Conversation:
    """Feeds a process and listens to it, within limits."""

    def __init__(self, process: subprocess.Popen[bytes], limits: Limits, largest: int) -> None:
        self.process, self.limits, self.largest = process, limits, largest
        self.sent, self.printed = bytearray(), bytearray()
        self.ready = -1

    def hold(self, fed: bytes) -> Ended:
        process = self.process
        assert process.stdin is not None and process.stdout is not None
        assert process.stderr is not None
        left = memoryview(fed)
        deadline = time.monotonic() + _START
        with selectors.DefaultSelector() as selector:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
            selector.register(process.stdout, selectors.EVENT_READ, self.sent)
            selector.register(process.stderr, selectors.EVENT_READ, self.printed)
            while selector.get_map():
                seconds = deadline - time.monotonic()
                if seconds <= 0:
                    return self.nothing(f"was still running after {self.limits.wall:g} s")
                for key, _ in selector.select(seconds):
                    if key.fileobj is process.stdin:
                        left = left[_written(process.stdin.fileno(), left) :]
                        if not left:
                            selector.unregister(process.stdin)
                            process.stdin.close()
                        continue
                    chunk = os.read(key.fd, _CHUNK)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    key.data.extend(chunk)
                if self.ready < 0 and self.became_ready():
                    deadline = time.monotonic() + self.limits.wall
                if len(self.sent) > self.largest + _CHUNK:
                    return self.nothing("sent far more than its gradients")
                if len(self.printed) > self.limits.printed:
                    return self.nothing(f"printed more than {self.limits.printed >> 10} kB")
            return self.finished(max(0.0, deadline - time.monotonic()))

    def became_ready(self) -> bool:
        place = self.sent.find(READY)
        self.ready = place + len(READY) if place >= 0 else -1
        return self.ready >= 0

    def finished(self, seconds: float) -> Ended:
        """It closed its output: the answer is whole if it also ended as it should."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self.nothing(f"was still running after {self.limits.wall:g} s")
        message = bytes(self.sent[self.ready :]) if self.ready >= 0 else b""
        if status == 0 and message:
            return Ended(message, "", self.layers())
        by_signal = -status if status < 0 else status - 128
        if by_signal in (signal.SIGXCPU, signal.SIGKILL):
            return self.nothing(f"took more than {self.limits.seconds:g} s of computing time")
        if 0 < by_signal < 65:
            return self.nothing(f"crashed (signal {by_signal})")
        return self.nothing(f"ended without an answer (exit status {status})")

    def nothing(self, reason: str) -> Ended:
        if self.ready < 0:
            said = self.printed[-_CHUNK:].decode(errors="replace").strip().splitlines()
            raise SandboxError(said[-1] if said else "it could not be started")
        return Ended(None, reason, self.layers())

    def layers(self) -> str:
        """What it said before it was ready: what holds in the sandbox."""
        return self.sent[: self.ready].decode(errors="replace").partition("\n")[0]


def _written(pipe: int, left: memoryview) -> int:
    try:
        return os.write(pipe, left[:_CHUNK])
    except BrokenPipeError:  # it ended early, and will say why
        return len(left)


def end(process: subprocess.Popen[bytes]) -> None:
    """Leaves nothing of a process."""
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            process.kill()
        process.wait()
