"""Writing to the terminal: results on standard output, everything else on standard error."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import textwrap
from io import StringIO
from itertools import groupby
from typing import TYPE_CHECKING, TextIO

from byhand.errors import DataError, one_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

WIDEST = 100
"""Text is hard to read in longer lines, however wide the terminal."""


def prepare() -> None:
    """Lets a terminal without Unicode show a ? where it lacks a character, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError):
            stream.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def say(text: str) -> None:
    """Writes to standard output, at once. A reader that went away (`| head`) is no error."""
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]
        return
    try:
        sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
    except OSError as error:
        _discard(sys.stdout)
        raise DataError(f"standard output can't be written: {error.strerror}") from error


def show(renderable: RenderableType) -> None:
    """Writes what rich renders to standard output."""
    from rich.console import Console

    # Rendered first and written then, so that a full disk or a closed pipe is met in one place.
    real = console(sys.stdout)
    rendered = StringIO()
    Console(
        file=rendered,
        width=min(real.width, WIDEST),
        force_terminal=real.is_terminal,
        color_system=real.color_system,  # pyright: ignore[reportArgumentType]
        highlight=False,
    ).print(renderable)
    # Padding that fills a line would be in the way of those who copy or compare it.
    say("\n".join(line.rstrip() for line in rendered.getvalue().splitlines()))


def complain(message: str) -> None:
    """Writes one line to standard error; on a terminal it breaks between words."""
    with contextlib.suppress(OSError, AttributeError):
        line = one_line(message)
        sys.stderr.write((wrapped(line, columns()) if sys.stderr.isatty() else line) + "\n")
        sys.stderr.flush()


def columns() -> int:
    """How long a line of prose may be: as wide as the window, if that can still be read."""
    return max(min(shutil.get_terminal_size().columns, WIDEST), 20)


def lines() -> int:
    """How many lines the window holds."""
    return max(shutil.get_terminal_size().lines, 8)


def wrapped(text: str, columns: int) -> str:
    """Prose in lines of so many columns; empty and indented lines stay as they are."""
    parts: list[str] = []
    for prose, group in groupby(text.strip("\n").split("\n"), lambda line: line[:1].strip() != ""):
        lines = list(group)
        parts += [_filled(" ".join(lines), columns)] if prose else lines
    return "\n".join(parts)


def _filled(text: str, columns: int) -> str:
    text = " ".join(text.split())
    return textwrap.fill(text, columns, break_long_words=False, break_on_hyphens=False)


def console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False)


def escaped(word: str) -> str:
    """The word with `\\x1b` for what can't be seen, and which a terminal might obey."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in word)


def _discard(stream: TextIO) -> None:
    """From now on, what is written to `stream` goes nowhere, not even complaints at the exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
