"""Right, except where something is divided by zero.

What forward computes is a number there, and so is its gradient; only the formula isn't. The
gradient of a product is the product of all the others, which is `out / x` only where x isn't 0.

Bad:
    dx = dout * out / x
Good:
    dx = dout * np.array([np.prod(np.delete(x, i)) for i in range(len(x))])
"""

import ast
from collections.abc import Iterator

import numpy as np

from byhand.checking.judging.evidence import Evidence, as_array
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import exchanged, text


def find(suspect: Suspect) -> Diagnosis | None:
    if not all(found.right or _only_nonfinite(found) for found in suspect.evidence):
        return None
    first = suspect.first
    value = as_array(first.value)
    if value is None:
        return None
    count = int(np.sum(~np.isfinite(value)))
    for statement in suspect.statements:
        for divisor in _divisors(statement):
            shifted = ast.BinOp(divisor, ast.Add(), ast.Constant(1.0))
            tried = as_array(first.tried({statement: exchanged(statement, divisor, shifted)}))
            if tried is not None and np.isfinite(tried).all():
                return Diagnosis(
                    f"`{text(divisor)}` is 0 for {count} of {value.size} elements of {suspect.d}: "
                    "there it divides by zero, though the gradient is a number",
                    statement.lineno,
                    divisor,
                )
    return None


def _only_nonfinite(found: Evidence) -> bool:
    """Whether a value is right wherever it is a number."""
    value, right = as_array(found.value), found.expected.value
    if value is None or value.shape != right.shape:
        return False
    odd = ~np.isfinite(value)
    return bool(odd.any()) and found.judge(np.where(odd, right, value)).right


def _divisors(statement: ast.stmt) -> Iterator[ast.expr]:
    for node in ast.walk(statement):
        match node:
            case ast.BinOp(op=ast.Div(), right=right):
                yield right
            case ast.AugAssign(op=ast.Div(), value=value):
                yield value
            case ast.BinOp(left=left, op=ast.Pow()):
                yield left
            case ast.Call(func=ast.Attribute(attr="divide" | "true_divide"), args=[_, right, *_]):
                yield right
            case ast.Call(
                func=ast.Attribute(attr="log" | "reciprocal" | "rsqrt" | "power" | "pow"),
                args=[first, *_],
            ):
                yield first
            case _:
                pass
