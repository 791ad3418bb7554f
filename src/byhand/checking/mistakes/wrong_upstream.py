"""Another gradient was used.

The gradient that comes back into `hpreact = bngain * bnraw + bnbias` is dhpreact, that of the
step's result; not dh, that of a later one.

Bad:
    dbnraw = bngain * dh
Good:
    dbnraw = bngain * dhpreact
"""

import ast
from collections.abc import Iterator, Mapping

from byhand.checking.mistakes.suspect import Edit, Finding, Suspect
from byhand.checking.mistakes.syntax import text
from byhand.checking.names import loaded_names


def find(suspect: Suspect) -> Finding | None:
    known = suspect.gradients

    def other(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        match part:
            case ast.Name(id=name, ctx=ast.Load()) if name in known or name == suspect.d:
                shape = known.get(name)
                for each in known:
                    if each != name and shape in (None, known[each]):
                        yield ast.Name(each, ast.Load())
            case _:
                pass

    mend = suspect.mend(other) or suspect.mend(_times_each(known), in_index=False)
    if mend is None:
        return None
    where = f"{suspect.name} is used in {suspect.used_in}"
    if isinstance(mend.part, ast.Name) and mend.part.id in (*known, suspect.d):
        return mend.finding(f"{text(mend.part)} is not the gradient that comes back here: {where}")
    return mend.finding(f"`{text(mend.part)}` lacks the gradient that comes back here: {where}")


def _times_each(known: Mapping[str, object]) -> Edit:
    """A derivative that stands there alone is multiplied by a gradient."""

    def times(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        if isinstance(part, ast.expr) and not any(name in known for name, _ in loaded_names(part)):
            for each in known:
                yield ast.BinOp(ast.Name(each, ast.Load()), ast.Mult(), part)

    return times
