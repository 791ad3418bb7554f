"""`byhand new FILE`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file")
def new(file: str) -> int:
    """Writes a problem file to be completed.

    If FILE exists, its statements are used, and the problem is written beside it as
    NAME_problem.py; otherwise it is written to FILE. Nothing is overwritten.
    """
    from byhand.errors import DataError
    from byhand.faces import terminal
    from byhand.files import write_aside
    from byhand.program.problem import parsed, read_source
    from byhand.sources.cells import of_notebook
    from byhand.sources.skeleton import skeleton

    source = Path(file)
    tree, out = None, source
    if source.exists():
        text = read_source(source)
        notebook = source.suffix == ".ipynb"
        tree = of_notebook(text, source).tree if notebook else parsed(text, source)
        out = source.with_name(f"{source.stem}_problem.py")
    if out.exists():
        raise DataError(f"{out}: is there already: move it away, or complete it")
    write_aside(out, skeleton(tree, out.stem))
    terminal.say(f"{out}: complete it, then: byhand check {out}")
    return 0
