"""The time that a command has: what takes long asks how much of it is left.

A check that isn't done in time is ended, whatever it knew by then. So what only adds to a verdict,
such as the names of mistakes, comes to its end before that.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

KEPT = 0.2
"""The part of the time that is kept for what is known to be told."""

_END: ContextVar[float] = ContextVar("_END", default=math.inf)


@contextmanager
def within(seconds: float | None) -> Generator[None]:
    """Its body has so many seconds, however busy the machine is; None: as many as it needs."""
    end = math.inf if seconds is None else time.monotonic() + (1 - KEPT) * seconds
    before = _END.set(min(end, _END.get()))
    try:
        yield
    finally:
        _END.reset(before)


def is_nearly_over() -> bool:
    """Whether no more than what is kept is left of the time."""
    return time.monotonic() > _END.get()


@dataclass(frozen=True)
class Allowance:
    """What may be spent on a search: until the processor's time is `end`, and never more than the
    command has."""

    end: float

    @staticmethod
    def of(seconds: float) -> Allowance:
        return Allowance(time.process_time() + seconds)

    @property
    def is_spent(self) -> bool:
        return time.process_time() > self.end or is_nearly_over()
