"""Waiting for a key or for a file to be saved.

On Linux the kernel tells (inotify) that something was written in a folder. That only wakes: what
changed is found by looking at the files, which is done now and then anyway, as there are file
systems where the kernel doesn't know, and systems where there is no such call.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import sys
import termios
import tty
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from byhand.faces.learning.showing import show

WITH_EVENTS, WITHOUT = 1.0, 0.05  # seconds between two looks
_CLOSE_WRITE, _MOVED_TO = 0x8, 0x80
_NONBLOCK, _CLOEXEC = os.O_NONBLOCK, getattr(os, "O_CLOEXEC", 0)


class Waking:
    """The keyboard, key by key, and the folders that are followed."""

    def __init__(self, keyboard: int, *, events: bool = True) -> None:
        self._keyboard = keyboard
        self._before = termios.tcgetattr(keyboard) if os.isatty(keyboard) else None
        self._libc = _libc() if events else None
        self._events = self._libc.inotify_init1(_NONBLOCK | _CLOEXEC) if self._libc else -1

    def follow(self, folders: Iterable[Path]) -> None:
        """Wakes from now on when a file in one of these folders has been written."""
        if self._libc is not None and self._events >= 0:
            for folder in folders:
                path = os.fsencode(folder)
                self._libc.inotify_add_watch(self._events, path, _CLOSE_WRITE | _MOVED_TO)

    def wait(self) -> tuple[str, bool]:
        """Waits for a key, an event, or the time to look. Gives the key (empty if there was none,
        `q` if the keyboard is gone), and whether there was an event."""
        told = self._events >= 0
        sources = [self._keyboard, *([self._events] if told else [])]
        ready, _, _ = select.select(sources, [], [], WITH_EVENTS if told else WITHOUT)
        event = told and self._events in ready
        if event:
            with contextlib.suppress(BlockingIOError):
                os.read(self._events, 1 << 16)
        if self._keyboard not in ready:
            return "", event
        try:
            pressed = os.read(self._keyboard, 1)
        except OSError:
            pressed = b""
        return pressed.decode(errors="replace") or "q", event

    def line(self, prompt: str) -> str:
        """Waits for a whole line, with the terminal's own way to correct what is typed."""
        self._restore()
        try:
            show(prompt)
            return os.read(self._keyboard, 1 << 10).decode(errors="replace").strip()
        except OSError:
            return ""
        finally:
            self._key_by_key()

    def __enter__(self) -> Waking:
        self._key_by_key()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()
        if self._events >= 0:
            os.close(self._events)

    def _key_by_key(self) -> None:
        if self._before is not None:
            tty.setcbreak(self._keyboard, termios.TCSADRAIN)

    def _restore(self) -> None:
        if self._before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._keyboard, termios.TCSADRAIN, self._before)


def _libc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        _ = libc.inotify_init1, libc.inotify_add_watch
    except (OSError, AttributeError):
        return None
    return libc
