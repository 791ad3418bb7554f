"""A process that can reach nothing: it is fed, listened to within limits, and ended.

Where bubblewrap works it sees an empty machine: no network, no other process, and of the file
system only Python's own folders, without byhand. Where it doesn't, the process gives up by itself
what it can (see lock.py). Either way it is limited in time, memory, processes and output, and
either way nothing of it is left when this returns.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np

import byhand
from byhand.course.grading import sandbox_bundle
from byhand.course.grading.confine import Limits
from byhand.course.grading.conversation import Conversation, Ended, SandboxError, end
from byhand.course.grading.sitting import Job
from byhand.course.grading.wire import HEADER

Kind = Literal["auto", "bubblewrap", "plain"]

_NOTHING = Limits(seconds=5.0)


@dataclass(frozen=True)
class Sandbox:
    """How submissions are kept apart: `words` say it, `lacks` says what this machine can't do."""

    bubblewrap: str | None
    hidden: tuple[str, ...]
    words: str = ""
    lacks: tuple[str, ...] = ()

    @cached_property
    def readable(self) -> tuple[str, ...] | None:
        """The paths that a process has to be kept to; None where it sees no others.

        A link isn't among them: permission would be given for all that it leads to.
        """
        return None if self.bubblewrap else tuple(str(p) for p in self._open if not p.is_symlink())

    @cached_property
    def _open(self) -> tuple[Path, ...]:
        """The paths that make up what a process may read; links are what they are. What comes into
        a folder later isn't among them, if something beside it is hidden."""
        hidden = [Path(path) for path in self.hidden]
        return tuple(part for root in _roots() for part in _without(Path(root), hidden))

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
            return Conversation(process, job.limits, job.largest).hold(fed)
        finally:
            end(process)

    def _command(self) -> list[str]:
        python = [os.path.realpath(sys.executable), "-I", "-S", "-c", _boot(), *_paths()]
        if not self.bubblewrap:
            return python
        apart = ["user", "ipc", "pid", "net", "uts"]
        command = [self.bubblewrap, "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        command += [f"--unshare-{what}" for what in apart]
        command += ["--unshare-cgroup-try", "--uid", "65534", "--gid", "65534"]
        for path in self._open:
            if path.is_symlink():
                command += ["--symlink", str(path.readlink()), str(path)]
            else:
                command += ["--ro-bind-try", str(path), str(path)]
        for path, real in _other_names().items():
            command += ["--symlink", real, path]
        command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
        return [*command, "--remount-ro", "/", "--chdir", "/", "--", *python]


@lru_cache
def find(kind: Kind = "auto", hidden: tuple[str, ...] = ()) -> Sandbox:
    """The best sandbox of this machine; `hidden` are paths that no submission may read.

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
    ended = sandbox.run(sandbox_bundle.for_running(), job, pickle.dumps(()))
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


def _named() -> list[str]:
    """What a process may read, by its usual names: the machine's libraries, Python's, NumPy's."""
    machine = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
    return [root for root in (*machine, *_prefixes(), _site()) if Path(root).exists()]


def _roots() -> list[str]:
    """The same without links, so that nothing is reached by two names, and nothing twice."""
    found = list(dict.fromkeys(map(os.path.realpath, _named())))
    return [
        root
        for root in found
        if not any(root != other and Path(root).is_relative_to(other) for other in found)
    ]


def _other_names() -> dict[str, str]:
    """Names that are, or lie behind, a link outside of the roots, and what they stand for."""
    names = {name: os.path.realpath(name) for name in dict.fromkeys(_named())}
    return {
        name: real
        for name, real in names.items()
        if name != real and not any(Path(name).is_relative_to(root) for root in _roots())
    }


def _without(place: Path, hidden: Sequence[Path]) -> list[Path]:
    """The paths that make up `place` but for what is hidden; none is reached through a link."""
    if place in hidden:
        return []
    if place.is_symlink() or not any(path.is_relative_to(place) for path in hidden):
        return [place]
    try:
        return [part for child in place.iterdir() for part in _without(child, hidden)]
    except OSError:
        return []
