"""Local derivatives that must be written otherwise than they are computed.

Nearly every rule of `byhand.ops` is written by feeding it symbols. These few build arrays from
sizes on their way, or compute one thing twice.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.codegen import nodes as nd
from byhand.codegen.emitter import Emitter
from byhand.codegen.symbol import Symbol
from byhand.ops.indexing import SCATTER
from byhand.ops.reduction import SUM
from byhand.ops.shape import TRANSPOSE

Rule = Callable[..., Any]


def rule_for(op_name: str, emitter: Emitter) -> Rule | None:
    """The rule to write instead of the op's own, as `(g, out, *inputs, **params)`."""
    make = INSTEAD.get(op_name)
    return None if make is None else lambda *args, **params: make(emitter, *args, **params)


def _arange(emitter: Emitter, length: int) -> Symbol:
    node = nd.call(f"{emitter.dialect.module}.arange", emitter.node(length))
    return Symbol(node, np.arange(length), emitter)


def extremum(
    emitter: Emitter, g: Any, out: Any, x: Any, axis: Any = None, keepdims: bool = False
) -> Any:
    """All to the element that was picked; those that tie share equally."""
    if not keepdims and axis is not None and x.ndim > 1:
        g, out = np.expand_dims(g, axis), np.expand_dims(out, axis)
    equal = x == out
    picked = Symbol(emitter.hoist(equal.node, "picked"), equal.value, emitter)
    return g / SUM(picked, axis=axis, keepdims=axis is not None) * picked


def repeat(emitter: Emitter, g: Any, out: Any, x: Any, repeats: Any, axis: int) -> Any:
    """Add up the copies, which stand side by side."""
    axis %= x.ndim
    if isinstance(repeats, int):
        before, after = x.shape[: axis + 1], x.shape[axis + 1 :]
        copies = -1 if g.value.size else repeats
        return np.sum(np.reshape(g, (*before, copies, *after)), axis=axis + 1)
    places = _arange(emitter, x.shape[axis])
    source = emitter.dialect.repeated(places.node, emitter.node(repeats))
    index = Symbol(source, np.repeat(places.value, repeats), emitter)
    return SCATTER(g, index=(slice(None),) * axis + (index,), shape=x.shape)


def diagonal(
    emitter: Emitter, g: Any, out: Any, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1
) -> Any:
    """Write the diagonal into zeros whose last two axes are the two, then move them."""
    pair = (axis1 % x.ndim, axis2 % x.ndim)
    order = (*(a for a in range(x.ndim) if a not in pair), *pair)
    along = _arange(emitter, g.shape[-1])
    rows, cols = along + max(-offset, 0), along + max(offset, 0)
    index = (rows, cols) if x.ndim == 2 else (..., rows, cols)
    moved = SCATTER(g, index=index, shape=tuple(x.shape[a] for a in order))
    if order == tuple(range(x.ndim)):
        return moved
    return TRANSPOSE(moved, axes=tuple(sorted(range(x.ndim), key=order.__getitem__)))


def trace(
    emitter: Emitter, g: Any, out: Any, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1
) -> Any:
    """The diagonal gets `g`; the rest gets nothing."""
    first, second = axis1 % x.ndim, axis2 % x.ndim
    lengths = (x.shape[first], x.shape[second])
    words = [emitter.node(length) for length in lengths]
    node = emitter.dialect.eye(words, emitter.node(offset) if offset else None)
    eye = Symbol(node, np.eye(int(lengths[0]), int(lengths[1]), offset), emitter)
    if first > second:
        eye = eye.T
    if x.ndim == 2:
        return g * eye
    others = tuple(a for a in range(x.ndim) if a not in (first, second))
    spread: Any = np.expand_dims  # of symbols
    return spread(g, (first, second)) * spread(eye, others)


def getitem(emitter: Emitter, g: Any, out: Any, x: Any, index: Any) -> Any:
    """Where the index only adds axes, reading at 0 along them undoes it."""
    items = index if isinstance(index, tuple) else (index,)
    if all(item is None or (isinstance(item, slice) and item == ALL) for item in items):
        return g[tuple(0 if item is None else item for item in items)]
    if len(items) == 2 and items[0] is ... and items[1] is None:
        return g[..., 0]
    index, axes = emitter.dialect.forwards(index, x.shape)
    if axes:
        g = np.flip(g, axes)
    return SCATTER(g, index=index, shape=x.shape)


ALL = slice(None)
INSTEAD: dict[str, Rule] = {
    "getitem": getitem,
    "max": extremum,
    "min": extremum,
    "repeat": repeat,
    "diagonal": diagonal,
    "trace": trace,
}
