"""`byhand check FILE`."""

from __future__ import annotations

import contextlib
import importlib

import click

REFEREES = ("engine", "finite", "torch", "jax")


def _time(context: click.Context, option: click.Parameter, value: float) -> float:
    if not 0 < value <= 1e6:  # also refuses nan
        raise click.BadParameter("give a number of seconds above 0", context, option)
    return value


@click.command()
@click.argument("file")
@click.option(
    "--referee",
    type=click.Choice(REFEREES),
    default="engine",
    show_default=True,
    help="Who says what is right: byhand's own engine, finite differences, PyTorch or JAX.",
)
@click.option(
    "--dtype",
    type=click.Choice(["float64", "float32"]),
    help="The precision to run the backward in; that of the inputs, unless told otherwise.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="The seed of the random numbers that inputs() gets.",
)
@click.option(
    "--timeout",
    type=float,
    default=10.0,
    show_default=True,
    callback=_time,
    metavar="S",
    help="Give up after this many seconds.",
)
@click.option("--html", metavar="OUT", help="Also write the report as a web page.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def check(
    file: str,
    referee: str,
    dtype: str | None,
    seed: int,
    timeout: float,
    html: str | None,
    as_json: bool,
) -> int:
    """Checks the backward in FILE, gradient by gradient.

    FILE is a problem file or the name of a model of the zoo. Exit status: 0 if every gradient is
    right, 1 if one is wrong or missing, 2 if it could not be checked.
    """
    from byhand.checking.check import check as run_check
    from byhand.faces import terminal
    from byhand.faces.run_user_code import guest
    from byhand.program.problem import load

    if referee in ("torch", "jax"):
        with contextlib.suppress(ImportError):  # the referee will say so, and what to do
            importlib.import_module(referee)
    with guest(file, timeout):
        report = run_check(load(file), referee=referee, dtype=dtype, seed=seed)
    if html is not None:
        from byhand.files import write_aside
        from byhand.rendering.report.html import page

        write_aside(html, page(report))
    if as_json:
        terminal.say(report.to_json())
    else:
        terminal.show(report)
        if html is not None:
            terminal.say(f"The report as a page: {html}")
    return 0 if report.ok else 1
