"""A process that can reach nothing: it is fed, listened to within limits, and ended.

Where bubblewrap works it sees an empty machine: no network, no other process, and of the file
system only Python's own folders, without byhand. Where it doesn't, the process gives up by itself
what it can (see lock.py). Either way it is limited in time, memory, processes and output, and
either way nothing of it is left when this returns.
"""

from __future__ import annotations

import os
import pickle
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np

import byhand
from byhand.course.grading import kit
from byhand.course.grading.child import Job
from byhand.course.grading.lock import Limits
from byhand.course.grading.wire import HEADER, READY
from byhand.errors import CourseError

Kind = Literal["auto", "bubblewrap", "plain"]

_START = 60.0  # seconds for what isn't the submission's: starting Python, importing
_CHUNK = 1 << 16
_NOTHING = Limits(seconds=5.0)


class SandboxError(CourseError):
    """The process could not be started, or was not kept apart; the submission isn't to blame."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: what it sent, or why there is nothing. `layers` held in its sandbox."""

    message: bytes | None
    reason: str = ""
    layers: str = ""


@dataclass(frozen=True)
class Sandbox:
    """How submissions are kept apart: `words` say it, `lacks` says what this machine can't do."""

    bubblewrap: str | None
    hidden: tuple[str, ...]
    words: str = ""
    lacks: tuple[str, ...] = ()

    @property
    def readable(self) -> tuple[str, ...] | None:
        """The paths that a process may read; None where it sees no others."""
        if self.bubblewrap:
            return None
        hidden = [Path(path) for path in self.hidden]
        return tuple(str(part) for root in _roots() for part in _without(Path(root), hidden))

    def run(self, kit: bytes, job: Job, *more: bytes) -> Ended:
        """Runs the kit on a job and what else it reads. Raises SandboxError if it can't."""
        fed = b"".join((kit, pickle.dumps(job), *more))
        process = subprocess.Popen(
            self._command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
        try:
            return _Conversation(process, job.limits, job.largest).hold(fed)
        finally:
            _end(process)

    def _command(self) -> list[str]:
        python = [os.path.realpath(sys.executable), "-I", "-S", "-c", _boot(), *_paths()]
        if not self.bubblewrap:
            return python
        apart = ["user", "ipc", "pid", "net", "uts"]
        command = [self.bubblewrap, "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        command += [f"--unshare-{what}" for what in apart]
        command += ["--unshare-cgroup-try", "--uid", "65534", "--gid", "65534"]
        for root in _roots():
            if Path(root).is_symlink():
                command += ["--symlink", str(Path(root).readlink()), root]
            else:
                command += ["--ro-bind-try", root, root]
        for path in self.hidden:
            if any(Path(path).is_relative_to(root) for root in _roots()):
                command += ["--tmpfs", path, "--remount-ro", path]
        command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
        return [*command, "--remount-ro", "/", "--chdir", "/", "--", *python]


@lru_cache
def find(kind: Kind = "auto", hidden: tuple[str, ...] = ()) -> Sandbox:
    """The best sandbox of this machine; `hidden` are folders that no submission may read.

    Raises SandboxError if the kind that is asked for doesn't work here.
    """
    hidden = (str(Path(byhand.__file__).parent), *hidden)
    why = "bubblewrap is not installed"
    if kind != "plain" and (command := shutil.which("bwrap")):
        try:
            return _tried(Sandbox(command, hidden))
        except SandboxError as error:
            why = f"bubblewrap doesn't work here: {error}"
    if kind == "bubblewrap":
        raise SandboxError(f"{why}: install it, or choose --sandbox plain")
    return _tried(Sandbox(None, hidden, lacks=() if kind == "plain" else (why,)))


def _tried(sandbox: Sandbox) -> Sandbox:
    """The sandbox, after it was tried on nothing: it knows then what holds in it."""
    job = Job("", "nothing", _NOTHING, sandbox.readable, 2 * HEADER)
    ended = sandbox.run(kit.for_running(), job, pickle.dumps(()))
    if ended.message is None:
        raise SandboxError(ended.reason)
    holds = ended.layers.split()
    lacks = list(sandbox.lacks)
    if "seccomp" not in holds:
        lacks.append("no filter of system calls here: processes aren't limited")
        if not sandbox.bubblewrap:
            lacks.append("nor is the network, and other processes of yours can be signalled")
    if "landlock" not in holds and not sandbox.bubblewrap:
        lacks.append("a submission can read what you can read")
    if "memory" not in holds:
        lacks.append("memory isn't limited")
    words = " + ".join((["bubblewrap"] if sandbox.bubblewrap else []) + holds)
    return Sandbox(sandbox.bubblewrap, sandbox.hidden, words, tuple(lacks))


class _Conversation:
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


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            process.kill()
        process.wait()


def _environment() -> dict[str, str]:
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    kept = {k: v for k in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if (v := os.environ.get(k))}
    return {**dict.fromkeys(threads, "1"), "LC_ALL": "C.UTF-8", **kept}


@lru_cache
def _boot() -> str:
    return (resources.files("byhand.course.grading") / "boot.py").read_text(encoding="utf-8")


def _paths() -> list[str]:
    """Where the process finds modules: Python's own, and where NumPy is."""
    own = [path for path in sys.path if any(Path(path).is_relative_to(r) for r in _prefixes())]
    return list(dict.fromkeys([*own, _site()]))


def _site() -> str:
    return str(Path(np.__file__).parent.parent)


def _prefixes() -> Sequence[str]:
    return (sys.base_prefix, sys.prefix, sys.exec_prefix)


def _roots() -> Sequence[str]:
    """What a process may read: the machine's libraries, Python's, NumPy's."""
    machine = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
    found = [root for root in (*machine, *_prefixes(), _site()) if Path(root).exists()]
    return [
        root
        for root in dict.fromkeys(found)
        if not any(root != other and Path(root).is_relative_to(other) for other in found)
    ]


def _without(root: Path, hidden: Sequence[Path]) -> list[Path]:
    """The paths that make up `root` but for what is hidden."""
    if root in hidden:
        return []
    if not any(path.is_relative_to(root) for path in hidden):
        return [root]
    try:
        return [part for child in root.iterdir() for part in _without(child, hidden)]
    except OSError:
        return []
