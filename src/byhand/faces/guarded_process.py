"""A process apart for commands that run a file's code: whatever that does, there is an answer.

`os._exit(0)` in a backward ends the process at once, with the status of "all is right" and not a
word. So the command runs in a child, which notes whose code is running; who started it looks at
that note once the child has ended.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from byhand.faces import run_user_code, terminal

GUARDED = ("check", "derive", "explain")
"""The commands that run a file's code and then answer. Training has its own way to be ended."""

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CRASHES = (
    *(signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL),
    signal.SIGKILL,  # also how the system ends what takes all its memory
)
_MAYBE: dict[int | None, str] = {signal.SIGKILL: "it may have taken all the memory"}

AT_ONCE = 0.5
"""Seconds within which two interrupts are one: a terminal's Ctrl-C reaches both processes."""


def guarded(command: Callable[[], NoReturn]) -> NoReturn:
    """Runs a command in a child process, and ends as that does.

    Where the code of a file has ended it, that is said in one line, and the status is 2.
    """
    note = mmap.mmap(-1, run_user_code.LONGEST)
    child = os.fork()
    if child == 0:
        run_user_code.note = note
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _interrupted_once())
        command()
    for number in _FORWARDED:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup asks for
            signal.signal(number, lambda number, _: os.kill(child, number))
    _, status = os.waitpid(child, 0)
    file = note[:].partition(b"\0")[0].decode(errors="replace")
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    if file and (killed is None or killed in _CRASHES):
        how = "" if killed is None else f" by {signal.Signals(killed).name}"
        terminal.complain(
            f"{file}: its code ended the process{how} before there was a result: "
            f"remove whatever does that ({_MAYBE.get(killed, 'os._exit, for one')})"
        )
        sys.exit(2)
    if killed is not None:
        with contextlib.suppress(OSError):  # SIGKILL has no handler
            signal.signal(killed, signal.SIG_DFL)
        os.kill(os.getpid(), killed)
    sys.exit(os.waitstatus_to_exitcode(status))


def _interrupted_once() -> Callable[[int, FrameType | None], None]:
    """A handler that raises KeyboardInterrupt, but not again for what comes `AT_ONCE`."""
    last = float("-inf")

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before > AT_ONCE:
            raise KeyboardInterrupt

    return handle
