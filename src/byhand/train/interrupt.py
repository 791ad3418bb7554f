"""Ctrl-C between two steps, never in the middle of one: what was learned is kept whole."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Stop:
    """Whether Ctrl-C has been pressed."""

    pressed: bool = False


@contextmanager
def held_back() -> Generator[Stop]:
    """Notes a Ctrl-C instead of raising KeyboardInterrupt; the second one raises as always.

    Outside the main thread, or where the program handles Ctrl-C itself, nothing is changed.
    """
    stop = Stop()

    def press(number: int, frame: FrameType | None) -> None:
        if stop.pressed:
            raise KeyboardInterrupt
        stop.pressed = True

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield stop
        return
    try:
        signal.signal(signal.SIGINT, press)
    except ValueError:  # not the main thread: Ctrl-C doesn't come here
        yield stop
        return
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
