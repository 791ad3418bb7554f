"""`byhand check FILE`."""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from byhand.errors import ByhandError
from byhand.faces.commands import options

if TYPE_CHECKING:
    from byhand.checking.report import Report, Unread
    from byhand.faces.judged import Judged

REFEREES = ("engine", "finite", "torch", "jax")


@click.command()
@click.argument("file")
@click.option(
    "--referee",
    type=click.Choice(REFEREES),
    default="engine",
    show_default=True,
    help="What the gradients are compared with: byhand's engine, finite differences, PyTorch, JAX.",
)
@click.option(
    "--dtype",
    type=click.Choice(["float64", "float32", "bfloat16", "float16"]),
    help="The precision to run the backward in; that of the inputs if left out.",
)
@click.option("--device", help="The device to run a Function on, such as cuda.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="The seed of the random numbers that inputs() gets.",
)
@options.timeout("Give up after this many seconds.")
@click.option(
    "--shape",
    "shapes",
    multiple=True,
    metavar="NAME=4,6",
    help="The shape of an input that FILE doesn't give (NAME=32:int10: integers below 10; "
    "NAME=n=4,d=6: sizes with names, which are changed).",
)
@click.option(
    "--given",
    multiple=True,
    metavar="NAME=VALUE",
    help="The value of an argument that is not an array, as a Python literal.",
)
@click.option(
    "--write",
    "out",
    metavar="OUT",
    help="Also write a notebook with the verdicts below its cells.",
)
@click.option("--html", metavar="OUT", help="Also write the report as a web page.")
@click.option("--github", is_flag=True, help="Also print annotations for GitHub Actions.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def check(
    file: str,
    referee: str,
    dtype: str | None,
    device: str | None,
    seed: int,
    timeout: float,
    shapes: tuple[str, ...],
    given: tuple[str, ...],
    out: str | None,
    html: str | None,
    github: bool,
    as_json: bool,
) -> int:
    """Checks the backward in FILE, gradient by gradient.

    FILE is a problem file, a notebook or a script, a file with pairs of functions NAME_forward and
    NAME_backward, with PyTorch's Functions and custom ops or JAX's custom_vjps (FILE:NAME for one
    of them), or the name of a model of the zoo. Exit status: 0 if every gradient is right, 1 if one
    is wrong or missing, 2 if one could not be checked; of several problems, that of the worst.
    """
    from byhand.checking.report import Report
    from byhand.faces import terminal
    from byhand.faces.judged import How, judged
    from byhand.faces.run_user_code import guest
    from byhand.rendering.report.as_json import several
    from byhand.sources.load import split

    if referee in ("torch", "jax"):
        with contextlib.suppress(ImportError):  # the referee will say so, and what to do
            importlib.import_module(referee)
    path = split(file)[0]
    if out is not None and not path.endswith(".ipynb"):
        raise click.UsageError("--write is for notebooks: FILE must be one")
    with guest(path, timeout):
        found = judged(file, shapes, given, How(referee, dtype, device, seed))
    reports = _reports(found, path, timeout, shown=not as_json)
    checked = [each for each in reports if isinstance(each, Report)]
    if html is not None and checked:
        _write_page(html, reports, path, timeout)
    if out is not None:
        _write_notebook(out, checked, path)
    if as_json and len(reports) > 1:
        terminal.say(json.dumps(several(reports), allow_nan=False))
    elif as_json:
        terminal.say(checked[0].to_json())
    elif len(reports) == 1:
        terminal.show(checked[0])
    if html is not None and checked and not as_json:
        terminal.say(f"The report as a page: {html}")
    if github and not as_json:
        from byhand.rendering.report.github import commands

        for line in (line for report in checked for line in commands(report)):
            terminal.say(line)
    for row in (row for report in checked for row in report.unjudged):
        terminal.complain(f"d{row.name} can't be judged: {row.note}")
    if any(report.wrong for report in checked):
        return 1
    return 0 if len(checked) == len(found) and all(report.ok for report in checked) else 2


def _reports(
    found: Sequence[Judged], path: str, timeout: float, *, shown: bool
) -> list[Report | Unread]:
    """The report of each problem, shown at once where there are several: the code of the next one
    may end us. Of one alone the error is raised."""
    from byhand.checking.report import Unread
    from byhand.faces import terminal
    from byhand.faces.run_user_code import guest

    several = len(found) > 1
    reports: list[Report | Unread] = []
    for each in found:
        try:
            with guest(path, timeout, one_of_several=several):
                report = each.report()
        except ByhandError as error:
            if not several:
                raise
            terminal.complain(f"{each.name}: {error}")
            reports.append(Unread(each.name, str(error)))
            continue
        reports.append(report)
        if shown and several:
            terminal.say(f"── {report.name} ──")
            terminal.show(report)
    return reports


def _write_page(html: str, reports: Sequence[Report | Unread], path: str, timeout: float) -> None:
    """The reports as a page; where there is one, with what is derived beside it."""
    from byhand.checking.report import Report
    from byhand.faces.run_user_code import guest
    from byhand.files import write_aside
    from byhand.rendering.derivation.beside import beside
    from byhand.rendering.live import live
    from byhand.rendering.report.as_json import as_json, several
    from byhand.rendering.report.html import page

    checked = [each for each in reports if isinstance(each, Report)]
    data: dict[str, Any] = {"report": several(reports)}
    if len(reports) == 1:
        with guest(path, timeout):
            data = {"report": as_json(checked[0]), "derivation": beside(checked[0])}
    shown = live(data, formulas=data.get("derivation") is not None)
    write_aside(html, page(*checked, live=shown))


def _write_notebook(out: str, checked: Sequence[Report], path: str) -> None:
    from byhand.files import read, write_aside
    from byhand.rendering.report.in_notebook import with_verdicts

    write_aside(out, with_verdicts(read(path).decode("utf-8-sig"), checked))
