"""`byhand explain CODE` and `byhand explain FILE NAME`."""

from __future__ import annotations

import click

from byhand.faces import terminal
from byhand.faces.run_user_code import guest

TIMEOUT = 10.0


@click.command()
@click.argument("what", metavar="CODE|FILE")
@click.argument("name", required=False)
def explain(what: str, name: str | None) -> int:
    """Explains a mistake by its CODE, or how the gradient of NAME comes back in FILE."""
    terminal.say(_page(what) if name is None else _paths(what, name))
    return 0


def _page(code: str) -> str:
    from byhand.checking.naming.mistakes import CODES, page
    from byhand.errors import ProblemError
    from byhand.program.problem import did_you_mean

    if code not in CODES:
        known = did_you_mean(code, CODES) or f"; there are {', '.join(CODES)}"
        raise ProblemError(
            f"{code}: no such mistake{known} (for a gradient of a file: byhand explain FILE NAME)"
        )
    return f"{code}\n\n{page(code)}"


def _paths(file: str, name: str) -> str:
    from byhand.sources.load import load_one, split

    with guest(split(file)[0], TIMEOUT):
        from byhand.checking.explain import explain as explained
        from byhand.rendering.explanation import plain

        return plain(explained(load_one(file), name))
