"""The sign of the whole, or of one path, is wrong.

Subtraction, a reciprocal and the loss itself (minus the log-likelihood) each bring a minus.

Bad:
    dcounts_sum = dcounts_sum_inv * counts_sum_inv**2
Good:
    dcounts_sum = -dcounts_sum_inv * counts_sum_inv**2
"""

import ast
from collections.abc import Iterator

from byhand.checking.naming.proving.finding import Finding
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import is_places, text


def find(suspect: Suspect) -> Finding | None:
    if suspect.follows(lambda e: -e.expected.value):
        return Finding(f"{suspect.d} has the wrong sign")
    for way, share in suspect.ways.items():
        if suspect.follows(lambda e, s=share: e.expected.value - 2 * s(e)):
            return Finding(f"the path through {way} has the wrong sign")
    mend = suspect.mend(_turned, in_index=False) or suspect.mend(_other_way)
    if mend is None:
        return None
    return mend.finding(f"the sign of `{text(mend.part)}` is wrong")


def _turned(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield ast.BinOp(left, ast.Sub(), right)
            yield ast.BinOp(right, ast.Sub(), left)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield ast.BinOp(left, ast.Add(), right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.Name() | ast.Call() | ast.Attribute() if not is_places(part):
            yield ast.UnaryOp(ast.USub(), part)
        case _:
            pass


def _other_way(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.AugAssign(target=target, op=ast.Add(), value=value):
            yield ast.AugAssign(target, ast.Sub(), value)
        case ast.AugAssign(target=target, op=ast.Sub(), value=value):
            yield ast.AugAssign(target, ast.Add(), value)
        case _:
            pass
