"""`byhand show FILE`."""

from __future__ import annotations

import click

from byhand.faces.commands import options


@click.command()
@click.argument("file")
@options.served
def show(file: str, port: int | None, no_open: bool) -> int:
    """Shows FILE on a page in the browser: its steps, its gradients, its derived backward.

    FILE is edited there, or in any editor beside it: the page follows. It needs no backward; a
    model of the zoo is shown as a copy.
    """
    from byhand.faces.page import explore

    return explore(file, port, not no_open)
