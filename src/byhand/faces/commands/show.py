"""`byhand show FILE`."""

from __future__ import annotations

import click


@click.command()
@click.argument("file")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="The port of the page; one that is free if left out.",
)
@click.option("--no-open", is_flag=True, help="Print the page's address, and open no browser.")
def show(file: str, port: int | None, no_open: bool) -> int:
    """Shows FILE on a page in the browser: its steps, its gradients, its derived backward.

    FILE is edited there, or in any editor beside it: the page follows. It needs no backward; a
    model of the zoo is shown as a copy.
    """
    from byhand.faces.page import explore

    return explore(file, port, not no_open)
