"""Locking the door behind a process that is about to run a submission: there is no way back."""

from __future__ import annotations

import contextlib
import math
import resource
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from byhand.course.grading import landlock, seccomp


@dataclass(frozen=True)
class Limits:
    """What one submission may use: `seconds` of computing, `memory` in bytes on top of Python and
    NumPy, and `printed` bytes of output."""

    seconds: float = 10.0
    memory: int = 1 << 30
    printed: int = 1 << 20

    @property
    def wall(self) -> float:
        """Seconds on the clock: a machine with much to do gives a process a part of its time."""
        return 5 * self.seconds + 5


def lock(limits: Limits, readable: Sequence[str] | None) -> tuple[str, ...]:
    """Sets every limit that this machine has; gives the names of those that it has.

    `readable` are the paths that may still be read; None where others can't be seen anyway.
    """
    done = ["limits"]
    _die_with_parent()
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    seconds = math.ceil(used + limits.seconds)
    _limit(resource.RLIMIT_CPU, seconds, seconds + 1)
    _limit(resource.RLIMIT_FSIZE, 0)  # no byte goes into any file
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 64)
    with contextlib.suppress(AttributeError):
        _limit(resource.RLIMIT_NPROC, 0)
    if (size := _address_space()) is not None:
        _limit(resource.RLIMIT_AS, size + limits.memory)
        done.append("memory")
    if readable is not None and landlock.restrict(readable):
        done.append("landlock")
    if seccomp.restrict():
        done.append("seccomp")
    return tuple(done)


def _limit(what: int, soft: int, hard: int | None = None) -> None:
    _, most = resource.getrlimit(what)
    hard = soft if hard is None else hard
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (soft, hard))


def _address_space() -> int | None:
    """The size of this process's address space in bytes, which is what can be limited; None where
    that can't be told (on macOS)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return None


def _die_with_parent() -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
