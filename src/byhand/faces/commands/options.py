"""The options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def timeout(help: str, default: float = 10.0) -> Callable[[Command], Command]:
    return click.option(
        "--timeout",
        type=float,
        default=default,
        show_default=True,
        callback=_positive_seconds,
        metavar="S",
        help=help,
    )


def _positive_seconds(context: click.Context, option: click.Parameter, value: float) -> float:
    if not 0 < value <= 1e6:  # also refuses nan
        raise click.BadParameter("give a number of seconds above 0", context, option)
    return value


def served(command: Command) -> Command:
    """Where a page is served, and whether a browser is opened on it."""
    port = click.option(
        "--port",
        type=click.IntRange(1, 65535),
        metavar="N",
        help="The port of the page; one that is free if left out.",
    )
    no_open = click.option(
        "--no-open", is_flag=True, help="Print the page's address, and open no browser."
    )
    return port(no_open(command))
