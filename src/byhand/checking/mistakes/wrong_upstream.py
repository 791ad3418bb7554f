"""Another gradient was used.

The gradient that comes back into `hpreact = bngain * bnraw + bnbias` is dhpreact, that of the step's
result; not dh, that of a later one.

Bad:
    dbnraw = bngain * dh
Good:
    dbnraw = bngain * dhpreact
"""

import ast
from collections.abc import Iterator

from byhand.checking.mistakes.suspect import Finding, Suspect, text


def find(suspect: Suspect) -> Finding | None:
    known = suspect.gradients

    def other(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        match part:
            case ast.Name(id=name, ctx=ast.Load()) if name in known or name == suspect.d:
                yield from (ast.Name(each, ast.Load()) for each in known if each != name)
            case _:
                pass

    mend = suspect.first_mend(other)
    if mend is None:
        return None
    statement, part = mend
    names = dict.fromkeys(name for use in suspect.uses for name in use.through)
    return Finding(
        f"{text(part)} is not the gradient that comes back here: {suspect.name} is used in "
        f"{', '.join(names)}",
        statement.lineno,
    )
