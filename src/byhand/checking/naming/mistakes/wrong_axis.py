"""Summed (or spread out) along the wrong axis.

A value that was copied down the rows collects its gradient down the rows. Where the array is
square, or the result broadcasts all the same, the shape doesn't show that it was the other
axis.

Bad:
    dbngain = (bnraw * dhpreact).sum(1, keepdims=True)
Good:
    dbngain = (bnraw * dhpreact).sum(0, keepdims=True)
"""

import ast
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from byhand.checking.naming.proving.cumulated import cumulated, is_turned, sums_from_the_end
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import exchanged, parsed, text
from byhand.ops import CALLED
from byhand.program.expressions import is_none

Axis: TypeAlias = int | tuple[int, ...]

PAIRS = ((0, 1), (0, 2), (1, 2), (2, 3), (0, 2, 3), (1, 2, 3))
AXES: tuple[Axis, ...] = (0, 1, 2, 3, -1, -2, *PAIRS)

LENGTH_FIRST = {"repeat", "roll", "sliding_window_view"}
WITH_AXES = {name for name, op in CALLED.items() if op.along_axes} - LENGTH_FIRST | {
    *("nansum", "nanmean", "nanmax", "nanmin", "average", "median", "norm", "any", "all"),
    *("softmax", "log_softmax", "logcumsumexp", "cummax", "cummin", "diff", "count_nonzero"),
    *("swapaxes", "movedim", "moveaxis", "flatten", "chunk", "unbind", "narrow", "select"),
    *("put_along_axis", "gather", "scatter", "scatter_", "scatter_add", "scatter_add_"),
    *("scatter_reduce", "scatter_reduce_", "index_select", "index_add", "index_add_"),
    *("index_copy", "index_copy_", "index_fill", "reduce", "accumulate", "reduceat"),
}
"""What takes axes by place. Elsewhere a whole number may be a length, an index or a flag."""


def find(suspect: Suspect) -> Diagnosis | None:
    mend = suspect.mend(_other_axis)
    if mend is None:
        return None
    return mend.finding(f"`{text(mend.part)}` works along the wrong axis")


def _other_axis(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.Call():
            for given in _given(part):
                old = _axis(given)
                if old is not None:
                    for axis in AXES:
                        if not _holds(axis, old):
                            yield exchanged(part, given, parsed(repr(axis)))
            yield from _together(part)
        case ast.Assign(targets=[ast.Name()], value=given) if (old := _axis(given)) is not None:
            for axis in AXES:  # an axis with a name of its own
                yield exchanged(part, given, parsed(repr(axis)))
        case ast.Subscript(value=ast.Call() as call) if is_turned(part):
            yield from _from_the_end_along_another(call)
        case ast.Subscript(slice=ast.Tuple(elts=elements)) if any(map(is_none, elements)):
            turned = ast.Tuple(elements[::-1], ast.Load())
            yield ast.Subscript(part.value, turned, part.ctx)
        case _:
            pass


def _given(call: ast.Call) -> list[ast.expr]:
    """The arguments of a call that may be axes."""
    by_name = [k.value for k in call.keywords if k.arg in ("axis", "dim")]
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name) if name in WITH_AXES:
            return [*call.args, *by_name]
        case _:
            return by_name


def _together(part: ast.Call) -> Iterator[ast.AST]:
    """The axis of calls within each other, where it is the same: `x.flip(0).cumsum(0).flip(0)`."""
    given = [
        arg
        for call in ast.walk(part)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        for arg in _given(call)
        if _axis(arg) is not None
    ]
    if len(given) < 2 or len({_axis(each) for each in given}) > 1:
        return
    for axis in range(4):
        if axis != _axis(given[0]):
            new: ast.AST = part
            for each in given:
                new = exchanged(new, each, parsed(repr(axis)))
            yield new


def _from_the_end_along_another(call: ast.Call) -> Iterator[ast.AST]:
    """`x[:, ::-1].cumsum(1)[:, ::-1]` for `x[::-1].cumsum(0)[::-1]`."""
    match cumulated(call):
        case (ast.Subscript(value=x) as turned, axis) if is_turned(turned):
            for other in range(3):
                if other != axis:
                    yield from sums_from_the_end(x, other)
        case _:
            pass


def _holds(axis: Axis, old: Axis) -> bool:
    """Whether these are the old axes, with others or without: then none of those is wrong."""
    return {*np.atleast_1d(old).tolist()} <= {*np.atleast_1d(axis).tolist()}


def _axis(node: ast.expr) -> Axis | None:
    match node:
        case ast.Tuple(elts=elements):
            axes = [_axis(each) for each in elements]
            return tuple(axis for axis in axes if isinstance(axis, int)) or None
        case ast.Constant(value=int(axis)) if not isinstance(axis, bool):
            return axis
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(axis))):
            return -axis
        case _:
            return None
