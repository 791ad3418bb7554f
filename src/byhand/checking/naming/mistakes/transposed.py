"""A matrix is transposed that shouldn't be, or isn't and should be.

The gradient of `x @ W` with respect to x is `dout @ W.T`, with respect to W it is `x.T @ dout`.
Where all sizes differ the shapes leave only one way to multiply; where two of them are equal,
they don't.

Bad:
    dW2 = (h.T @ dlogits).T
Good:
    dW2 = h.T @ dlogits
"""

import ast
from collections.abc import Iterator
from itertools import permutations

import numpy as np

from byhand.checking.judging.evidence import Evidence, as_array
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text
from byhand.values.arrays import Array

MOST_AXES = 5  # of which all 120 orders are tried


def find(suspect: Suspect) -> Diagnosis | None:
    if suspect.follows(_turned):
        return Diagnosis(f"{suspect.d} is the transpose of the gradient")
    mend = suspect.mend(_turn)
    if mend is not None:
        return mend.finding(
            f"in `{text(mend.part)}` a matrix is transposed that shouldn't be, or the other way "
            "round: write down the size of each axis"
        )
    mend = suspect.mend(_reordered)
    if mend is not None:
        return mend.finding(
            f"`{text(mend.part)}` puts the axes in the wrong order: write down where each one went "
            "in forward, and send it back"
        )
    return None


def _turned(found: Evidence) -> Array | None:
    value = as_array(found.value)
    if value is None or value.ndim < 2:
        return None
    return np.swapaxes(found.expected.value, -1, -2)


def _turn(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            for a in (left, _transpose(left)):
                for b in (right, _transpose(right)):
                    yield _product(a, b)
                    yield _product(b, a)
        case ast.Attribute(value=value, attr="T" | "mT", ctx=ast.Load()):
            yield value
        case ast.Name(ctx=ast.Load()) if not isinstance(statement, ast.Expr):
            if part not in _asked_for_sizes(statement):
                yield _transpose(part)
        case _:
            pass


def _asked_for_sizes(statement: ast.stmt) -> set[ast.expr]:
    """The x of `x.shape` and `len(x)`: it is read for its sizes alone, and no matrix."""
    found: set[ast.expr] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Attribute(value=x, attr="shape" | "size"):
                found.add(x)
            case ast.Call(func=ast.Name(id="len") | ast.Attribute(attr="shape"), args=[x]):
                found.add(x)
            case _:
                pass
    return found


def _reordered(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.Call(func=ast.Attribute(attr="transpose" | "permute"), args=args) if (
            2 < len(args) <= MOST_AXES
        ):
            for order in permutations(args):
                yield ast.Call(part.func, list(order), [])
        case _:
            pass


def _product(a: ast.expr, b: ast.expr) -> ast.expr:
    return ast.BinOp(a, ast.MatMult(), b)


def _transpose(node: ast.expr) -> ast.expr:
    """The last two axes are exchanged: in a stack of matrices, those of each."""
    match node:
        case ast.Attribute(value=value, attr="T" | "mT"):
            return value
        case ast.Call(func=ast.Attribute(value=value, attr="swapaxes" | "transpose")):
            return value
        case _:
            turn = ast.Attribute(node, "swapaxes", ast.Load())
            return ast.Call(turn, [ast.Constant(-1), ast.Constant(-2)], [])
