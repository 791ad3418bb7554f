"""`byhand derive FILE`."""

from __future__ import annotations

import click

from byhand.faces import terminal
from byhand.faces.guest import guest

TIMEOUT = 30.0


@click.command()
@click.argument("file")
@click.option(
    "--for", "names", metavar="NAMES", help="Only these gradients: names with commas between."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["python", "steps"]),
    default="python",
    show_default=True,
    help="A backward that can be imported, or its statements one by one with what each is for.",
)
@click.option(
    "--dialect",
    type=click.Choice(["numpy", "torch"]),
    help="What to write it in.  [default: what forward is written in]",
)
def derive(file: str, names: str | None, form: str, dialect: str | None) -> int:
    """Writes the backward of FILE, one statement for each named value.

    FILE is a problem file or the name of a model of the zoo; it needs no backward of its own.
    """
    wanted = None if names is None else [name.strip() for name in names.split(",") if name.strip()]
    with guest(file, TIMEOUT):
        from byhand.deriving.derive import derive as derived
        from byhand.program.problem import load

        found = derived(load(file), names=wanted, dialect=dialect)
    terminal.say(str(found).rstrip() if form == "python" else found.explained())
    return 0
