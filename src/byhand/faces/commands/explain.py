"""`byhand explain CODE`, `byhand explain FILE NAME`, and `byhand explain` in a learner's folder."""

from __future__ import annotations

from pathlib import Path

import click

from byhand.faces import terminal
from byhand.faces.commands import options
from byhand.faces.run_user_code import guest


@click.command()
@click.argument("what", metavar="[CODE|FILE]", required=False)
@click.argument("name", required=False)
@options.timeout("Give up after this many seconds.")
def explain(what: str | None, name: str | None, timeout: float) -> int:
    """Explains a mistake by its CODE, or how the gradient of NAME comes back in FILE.

    Without either, in a learner's folder: why the current exercise is right, or what is wrong.
    """
    if what is None:
        terminal.say(_exercise())
    else:
        terminal.say(_page(what) if name is None else _paths(what, name, timeout))
    return 0


def _exercise() -> str:
    from byhand.course.learner import at
    from byhand.faces.learning import words

    return words.explanation(at(Path()))


def _page(code: str) -> str:
    from byhand.checking.naming.mistakes import CODES, page
    from byhand.errors import ProblemError
    from byhand.program.problem import did_you_mean

    if code not in CODES:
        known = did_you_mean(code, CODES) or f"; there are {', '.join(CODES)}"
        raise ProblemError(
            f"{code}: no such mistake{known} (for a gradient of a file: byhand explain FILE NAME)"
        )
    return terminal.wrapped(f"{code}\n\n{page(code)}", terminal.columns())


def _paths(file: str, name: str, timeout: float) -> str:
    from byhand.sources.load import load_one, split

    with guest(split(file)[0], timeout):
        from byhand.checking.cells import said
        from byhand.checking.explain import explain as explained
        from byhand.rendering.explanation import plain

        problem = load_one(file)
        text = plain(explained(problem, name))
        return said(text, problem.cells) if problem.cells else text
