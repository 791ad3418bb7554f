"""n where n - 1 belongs, or the other way round.

A variance with Bessel's correction divides by n - 1, one without by n. The mean divides by n in
both. The backward divides by whatever forward divided by. The difference is small and easily
overlooked.

Bad:
    dbndiff2 = np.ones_like(bndiff) * dbnvar / n
Good:
    dbndiff2 = np.ones_like(bndiff) * dbnvar / (n - 1)
"""

import ast
from collections.abc import Iterator

import numpy as np

from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.sizes import SAME, sizes
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import counts, exchanged, text


def find(suspect: Suspect) -> Diagnosis | None:
    if not _corrects(suspect):
        return None
    for part, statement in _off_by_one(suspect):
        return Diagnosis(
            f"`{text(part)}`: n where n - 1 belongs, or the other way round, in the variance that "
            "this comes from; see what forward divides by",
            statement.lineno,
            part,
        )
    held = suspect.first.trial.available

    def one_off(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        if not isinstance(part, ast.Name) or (
            isinstance(held.get(part.id), int) or counts(part.id, suspect.function)
        ):
            yield from _one_off(part)

    mend = suspect.mend(one_off, in_index=False)
    mend = mend or suspect.mend_parts(lambda statement: [statement], _everywhere)
    if mend is None:
        return None
    return mend.finding(
        f"`{text(mend.part)}`: n where n - 1 belongs, or the other way round; see what forward "
        "divides by"
    )


def _corrects(suspect: Suspect) -> bool:
    """Whether forward has a variance or takes 1 from a number, or squares something, and the
    definition does: else n - 1 fits by accident, or is something else's."""
    forward = suspect.first.trial.problem.forward.nodes
    if any(map(_is_corrected, forward)):
        return True
    own = (node for each in suspect.statements for node in ast.walk(each))
    return any(map(_is_corrected, own)) and any(map(_is_squared, forward))


def _is_squared(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(op=ast.Pow(), right=ast.Constant(value=2)):
            return True
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return text(left) == text(right)
        case ast.Attribute(attr=attr):
            return attr in ("square", "pow", "power", "pow_", "square_")
        case _:
            return False


def _is_corrected(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(op=ast.Sub(), right=ast.Constant(value=1)):
            return True
        case ast.Attribute(attr=attr):
            return attr in ("var", "std", "var_mean", "std_mean")
        case _:
            return False


def _off_by_one(suspect: Suspect) -> Iterator[tuple[ast.expr, ast.stmt]]:
    """The parts that need only be n / (n - 1) times as large, or the reverse, for one size n."""
    for size in sizes(suspect.telling).values():
        if min(size) < 2 or (max(size) == min(size) <= 4):  # 2 and 3/2 are many things
            continue
        more = [n / (n - 1) for n in size]
        for scale in suspect.scales:
            for numbers in (more, [1 / each for each in more]):
                if np.allclose(scale.times, numbers, rtol=SAME, atol=0):
                    yield scale.part, scale.statement


def _everywhere(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    """`n` for `n - 1` in all places of a statement, where it is in several."""
    found: dict[str, list[ast.BinOp]] = {}
    for node in ast.walk(part):
        match node:
            case ast.BinOp(op=ast.Sub(), right=ast.Constant(value=1)):
                found.setdefault(text(node), []).append(node)
            case _:
                pass
    for alike in found.values():
        if len(alike) > 1:
            new: ast.AST = part
            for each in alike:
                new = exchanged(new, each, each.left)
            yield new


def _one_off(part: ast.AST) -> Iterator[ast.AST]:
    match part:
        case ast.BinOp(left=left, op=ast.Sub(), right=ast.Constant(value=1)):
            yield left
        case (
            ast.Name(ctx=ast.Load())
            | ast.Call(func=ast.Name(id="len"))
            | ast.Subscript(value=ast.Attribute(attr="shape"))
        ):
            yield ast.BinOp(part, ast.Sub(), ast.Constant(1))
        case ast.Call(keywords=keywords):
            for keyword in keywords:
                match keyword:
                    case ast.keyword(arg="ddof" | "correction", value=ast.Constant(value=int(k))):
                        yield exchanged(part, keyword.value, ast.Constant(1 - k))
                    case ast.keyword(arg="unbiased", value=ast.Constant(value=bool(k))):
                        yield exchanged(part, keyword.value, ast.Constant(not k))
                    case _:
                        pass
        case _:
            pass
