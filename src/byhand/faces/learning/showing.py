"""Showing the course's texts: in colour only where that is wanted."""

from __future__ import annotations

import os
import sys

import click

from byhand.faces import terminal


def show(text: str) -> None:
    """Writes a text to standard output."""
    if not in_colour():
        text = "\n".join(line.rstrip() for line in click.unstyle(text).split("\n"))
    terminal.say(text)


def in_colour() -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return sys.stdout is not None and sys.stdout.isatty() and not plain  # pyright: ignore[reportUnnecessaryComparison]
