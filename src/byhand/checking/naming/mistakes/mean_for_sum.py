"""A mean where a sum belongs, or the other way round.

The gradients of copies add up; nothing divides them. The 1/n of a mean loss comes in once,
where the loss is computed, and is part of every gradient from there on.

Bad:
    db2 = dlogits.mean(axis=0)
Good:
    db2 = dlogits.sum(axis=0)
"""

import ast
from collections.abc import Iterator

from byhand.checking.naming.proving.finding import Finding
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text

OTHER = {"mean": "sum", "sum": "mean", "nanmean": "sum", "average": "sum"}


def find(suspect: Suspect) -> Finding | None:
    mend = suspect.mend(_other)
    if mend is None:
        return None
    word = text(mend.part).rpartition(".")[2]
    return mend.finding(f"this takes a {word} where a {OTHER[word]} belongs")


def _other(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.Attribute(value=value, attr=attr) if attr in OTHER:
            yield ast.Attribute(value, OTHER[attr], ast.Load())
        case _:
            pass
