"""`byhand lsp`."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import click

from byhand.faces import terminal
from byhand.faces.commands import options


@click.command()
@click.option("--trust", is_flag=True, help="Run the code in the workspace's folders unasked.")
@options.timeout("Give up on a check after this many seconds.")
def lsp(trust: bool, timeout: float) -> int:
    """The language server, which an editor starts: verdicts while you type.

    It speaks over standard input and output. To check a file is to run it: in a folder that isn't
    allowed yet, the editor asks once.
    """
    if find_spec("pygls") is None:
        raise click.ClickException(
            "the language server needs pygls, which isn't installed: pip install 'byhand[lsp]'"
        )
    if sys.stdin is not None and sys.stdin.isatty():  # pyright: ignore[reportUnnecessaryComparison]
        terminal.complain("byhand lsp waits for an editor to speak to it; Ctrl-C ends it")
    from byhand.faces.lsp.server import serve

    return serve(trust, timeout)
