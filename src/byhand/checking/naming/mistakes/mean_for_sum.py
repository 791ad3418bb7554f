"""A mean where a sum belongs.

The gradients of copies add up; nothing divides them. The 1/n of a mean loss comes in once,
where the loss is computed, and is part of every gradient from there on.

Bad:
    db2 = dlogits.mean(axis=0)
Good:
    db2 = dlogits.sum(axis=0)
"""

import ast
from collections.abc import Iterator

from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.sizes import constant, sizes
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text

MEANS = ("mean", "nanmean", "average")
DIVIDING = (*MEANS, "div", "div_", "divide", "true_divide", "reciprocal")


def find(suspect: Suspect) -> Diagnosis | None:
    mend = suspect.mend(_sum)
    if mend is not None:
        return mend.finding("this takes a mean where a sum belongs")
    for name, size in sizes(suspect.telling).items():
        for scale in suspect.scales:
            if scale.constant is None and divides(scale.part) and scale.by(size):
                return Diagnosis(
                    f"`{text(scale.part)}` is divided by {name} once too often",
                    scale.statement.lineno,
                )
    whole = suspect.times_too_large if _divides_elsewhere(suspect) else None
    for name, size in sizes(suspect.telling).items():
        over = [] if whole is None else [c * n for c, n in zip(whole, size, strict=True)]
        if over and max(size) > min(size) and constant([*over, 1.0]):
            return Diagnosis(f"{suspect.d} is divided by {name} once too often")
    return None


def _divides_elsewhere(suspect: Suspect) -> bool:
    """Whether a function of the file divides, of which the definition only sees what it gives."""
    tree = suspect.first.trial.problem.tree
    parts = [each for each in tree.body if not _is_known(each)] if tree is not None else []
    return any(map(divides, parts))


def _is_known(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name in ("inputs", "forward", "backward")


def divides(part: ast.AST) -> bool:
    """Whether something is divided there."""
    return any(
        isinstance(each, ast.Div) or (isinstance(each, ast.Attribute) and each.attr in DIVIDING)
        for each in ast.walk(part)
    )


def _sum(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.Attribute(value=value, attr=attr) if attr in MEANS:
            yield ast.Attribute(value, "sum", ast.Load())
        case _:
            pass
