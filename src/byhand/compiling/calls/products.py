"""Matrix products, and what comes down to them."""

# What NumPy takes and gives can be of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np

from byhand.compiling.calls.left_alone import constant_or_call
from byhand.compiling.calls.shapes import astype, reshape
from byhand.compiling.tape import Tape, Traced, values


def matmul(tape: Tape, left: Any, right: Any) -> Any:
    left, right = (
        each if isinstance(each, Traced) else tape.constant(each) for each in (left, right)
    )
    if left.buffer.constant and right.buffer.constant:
        return tape.constant(left.value @ right.value)
    kind = np.result_type(left.dtype, right.dtype)
    if kind.kind != "f":
        return tape.call("matmul", np.matmul, (left, right), {}, left.value @ right.value)
    left, right = (
        each if each.dtype == kind else astype(tape, each, kind) for each in (left, right)
    )
    row, column = left.ndim == 1, right.ndim == 1
    a = tape.alias(left, left.value[None]) if row else left
    b = tape.alias(right, right.value[:, None]) if column else right
    out = tape.product(np.matmul(a.value, b.value), a, b)
    value = out.value
    value = value[..., 0] if column else value
    value = (value[..., 0, :] if not column else value[..., 0]) if row else value
    return tape.alias(out, value)


def dot(tape: Tape, left: Any, right: Any, out: Any = None) -> Any:
    if np.ndim(values(left)) == 0 or np.ndim(values(right)) == 0:
        return left * right
    if np.ndim(values(right)) <= 2 and out is None:
        return matmul(tape, left, right)
    return constant_or_call(tape, np.dot, (left, right), {"out": out}, "dot")


def tensordot(tape: Tape, left: Any, right: Any, axes: Any = 2) -> Any:
    left, right = (
        each if isinstance(each, Traced) else tape.constant(each) for each in (left, right)
    )
    if isinstance(axes, int):
        axes = (list(range(left.ndim - axes, left.ndim)), list(range(axes)))
    ours, theirs = ([side] if isinstance(side, int) else list(side) for side in axes)
    ours = [axis % left.ndim for axis in ours]
    theirs = [axis % right.ndim for axis in theirs]
    kept = [axis for axis in range(left.ndim) if axis not in ours]
    rest = [axis for axis in range(right.ndim) if axis not in theirs]
    shape = tuple(left.shape[i] for i in kept) + tuple(right.shape[i] for i in rest)
    inner = int(np.prod([left.shape[i] for i in ours], dtype=int))
    a: Any = np.transpose(left, kept + ours)
    b: Any = np.transpose(right, theirs + rest)
    made = matmul(tape, reshape(tape, a, (-1, inner)), reshape(tape, b, (inner, -1)))
    return reshape(tape, made, shape)


def outer(tape: Tape, left: Any, right: Any, out: Any = None) -> Any:
    return np.multiply(np.reshape(left, (-1, 1)), np.reshape(right, (1, -1)))
