"""The sign is wrong, of all or of one path, or a condition is the wrong way round.

Subtraction, a reciprocal and the loss itself (minus the log-likelihood) each bring a minus. A mask
lets through what forward let through: `dh[h <= 0] = 0` for relu, and not `dh[h > 0] = 0`.

Bad:
    dcounts_sum = dcounts_sum_inv * counts_sum_inv**2
Good:
    dcounts_sum = -dcounts_sum_inv * counts_sum_inv**2
"""

import ast
from collections.abc import Callable, Container, Iterator
from dataclasses import replace
from typing import Any

from byhand.checking.naming.proving.derivative_alone import derivative_alone
from byhand.checking.naming.proving.finding import Diagnosis, Edit, Mend
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import is_places, only_compared, text


def find(suspect: Suspect) -> Diagnosis | None:
    if suspect.follows(lambda e: -e.expected.value):
        made = derivative_alone(suspect)
        return Diagnosis(f"{suspect.d} has the wrong sign", made and made.lineno)
    for way, share in suspect.ways.items():
        if suspect.follows(lambda e, s=share: e.expected.value - 2 * s(e)):
            return Diagnosis(f"the path through {way} has the wrong sign")
    compared = only_compared(suspect.statements)
    masks = {
        name
        for name, held in suspect.first.trial.available.items()
        if getattr(held, "dtype", None) is not None and "bool" in str(held.dtype)
    }
    mend = suspect.mend(lambda part, _: _other_condition(part, masks))
    if mend is not None:
        return mend.finding(f"`{text(mend.part)}` is the wrong way round")
    for edit, at_fault in (_RIGHT, _LEFT, _DIFFERENCE, _WHOLE):
        mend = suspect.mend(
            lambda part, statement, e=edit: () if part in compared else e(part, statement),
            in_index=False,
        )
        if mend is not None:
            return _of(replace(mend, part=at_fault(mend.part)))
    mend = suspect.mend(_other_way)
    return None if mend is None else _of(mend)


def _of(mend: Mend) -> Diagnosis:
    return mend.finding(f"the sign of `{text(mend.part)}` is wrong")


def _other_condition(part: ast.AST, masks: Container[str]) -> Iterator[ast.AST]:
    match part:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OTHER_WAY:
            yield ast.Compare(left, [_OTHER_WAY[type(op)]()], [right])
        case ast.UnaryOp(op=ast.Invert(), operand=mask):
            yield mask
        case ast.Call(func=ast.Attribute(attr="isnan" | "isfinite")):
            yield ast.UnaryOp(ast.Invert(), part)
        case ast.Name(id=name, ctx=ast.Load()) if name in masks:
            yield ast.UnaryOp(ast.Invert(), part)
        case _:
            pass


_OTHER_WAY: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


def _other_difference(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield ast.BinOp(right, ast.Sub(), left)
        case _:
            pass


def _turned(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.Name() | ast.Call() | ast.Attribute() if not is_places(part):
            yield ast.UnaryOp(ast.USub(), part)
        case _:
            pass


def _right_turned(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield ast.BinOp(left, ast.Sub(), right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield ast.BinOp(left, ast.Add(), right)
        case _:
            pass


def _left_turned(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield ast.BinOp(right, ast.Sub(), left)
        case _:
            pass


_RIGHT: tuple[Edit, Callable[[Any], ast.AST]] = (_right_turned, lambda part: part.right)
_LEFT: tuple[Edit, Callable[[Any], ast.AST]] = (_left_turned, lambda part: part.left)
_DIFFERENCE: tuple[Edit, Callable[[Any], ast.AST]] = (_other_difference, lambda part: part)
_WHOLE: tuple[Edit, Callable[[Any], ast.AST]] = (_turned, lambda part: part)
"""What turns a sign in a part of a statement, and the part of it whose sign is wrong then."""


def _other_way(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.AugAssign(target=target, op=ast.Add(), value=value):
            yield ast.AugAssign(target, ast.Sub(), value)
        case ast.AugAssign(target=target, op=ast.Sub(), value=value):
            yield ast.AugAssign(target, ast.Add(), value)
        case _:
            pass
