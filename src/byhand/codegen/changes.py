"""Ops that are written as statements: zeros are made, and then changed in place."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from byhand.codegen import nodes as nd
from byhand.codegen.emitter import Emitter
from byhand.codegen.nodes import Changed
from byhand.codegen.sizes import Dim, SymInt
from byhand.codegen.symbol import Symbol
from byhand.engine.tensor import Tensor
from byhand.ops import named
from byhand.ops.along_axes import FLIP
from byhand.ops.indexing import BASIC


def scatter(args: list[Symbol], params: Mapping[str, Any], emitter: Emitter) -> ast.expr:
    """`dx[index] = g`, or `+=`, or np.add.at where an element may come more than once."""
    g, index = args[0].node, params["index"]
    at = emitter.index(index, params["shape"])
    return Changed(
        None,
        _of(params["shape"]),
        lambda target, first: [_scattered(target, at, g, index, first, emitter)],
        True,
        g,
    )


def _scattered(
    target: ast.expr,
    at: ast.expr,
    g: ast.expr,
    index: Any,
    first: bool,
    emitter: Emitter,
) -> ast.stmt:
    if not once(index, at):
        return emitter.dialect.add_at(target, at, g, index)
    place = nd.store(nd.subscript(target, at))
    return ast.Assign([place], g) if first else ast.AugAssign(place, ast.Add(), g)


def once(index: Any, at: ast.expr) -> bool:
    """Whether no element can come twice: the index has no places, or a row of different ones."""
    items = index if isinstance(index, tuple) else (index,)
    nodes = at.elts if isinstance(index, tuple) and isinstance(at, ast.Tuple) else [at]
    counting: list[bool] = []
    for item, node in zip(items, nodes, strict=True):
        if isinstance(item, BASIC):
            continue
        array = np.asarray(getattr(item, "value", item))
        if array.dtype != bool and array.ndim > 0:
            counting.append(_counts_up(node))
            if array.ndim > 1:
                return False
    return not counting or any(counting)


def _counts_up(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="arange") | ast.Name(id="range")):
            return True
        case _:
            return False


def put(args: list[Symbol], params: Mapping[str, Any], emitter: Emitter) -> ast.expr:
    """A copy with items assigned."""
    x, value = args
    index, axes = params["index"], ()
    if value.ndim == 0 or value.ndim == x.value[params["index"]].ndim:
        index, axes = emitter.dialect.forwards(index, x.shape)
    at = emitter.index(index, x.shape)
    items = FLIP(value, axis=axes).node if axes and value.ndim else value.node

    def change(target: ast.expr, first: bool) -> list[ast.stmt]:
        return [ast.Assign([nd.store(nd.subscript(target, at))], items)]

    return Changed(x.node, None, change, False)


def scatter_along_axis(args: list[Symbol], params: Mapping[str, Any], emitter: Emitter) -> ast.expr:
    """The index that reads along an axis, spelled out, and np.add.at."""
    g, axis, like = args[0].node, params["axis"], _of(params["shape"])
    ndim = len(params["shape"])
    indices = emitter.node(params["indices"])
    places: list[ast.expr] = []
    for a in range(ndim):
        if a == axis % ndim:
            places.append(indices)
            continue
        length = emitter.node(params["shape"][a])
        row = nd.call(f"{emitter.dialect.module}.arange", length)
        colons: list[ast.expr] = [ast.Constant(None)] * (ndim - 1 - a)
        at = ast.Tuple([ast.Slice(), *colons], ast.Load())
        places.append(nd.subscript(row, at) if colons else row)
    at = ast.Tuple(places, ast.Load())

    def change(target: ast.expr, first: bool) -> list[ast.stmt]:
        return [emitter.dialect.add_at(target, at, g, (None,))]

    return Changed(None, like, change, True, g)


def overlap_add(args: list[Symbol], params: Mapping[str, Any], emitter: Emitter) -> ast.expr:
    """A loop over the places within a window, each of which adds one shifted copy."""
    g, axes, shape = args[0].node, params["axis"], params["shape"]
    if not isinstance(g, ast.Name):  # it is used more than once
        g = emitter.hoist(g, "grad_windows")
    window = [emitter.node(n) for n in params["window_shape"]]
    said = [part for node in (*emitter.names.values(), *window) for part in ast.walk(node)]
    taken = {part.id for part in said if isinstance(part, ast.Name)}
    letter = next((each for each in "kjihlmno" if each not in taken), "offset")
    offsets = [f"{letter}{i}" if len(axes) > 1 else letter for i in range(len(axes))]

    def change(target: ast.expr, first: bool) -> list[ast.stmt]:
        index: list[ast.expr] = [ast.Slice() for _ in shape]
        for a, offset in zip(axes, offsets, strict=True):
            length = nd.subscript(ast.Attribute(g, "shape", ast.Load()), ast.Constant(a))
            start = nd.name(offset)
            index[a] = ast.Slice(start, ast.BinOp(start, ast.Add(), length))
        while len(index) > 1 and isinstance(last := index[-1], ast.Slice) and last.lower is None:
            index.pop()
        place = nd.store(nd.subscript(target, _index(index)))
        shifted = nd.subscript(g, _index([ast.Constant(...), *map(nd.name, offsets)]))
        body: ast.stmt = ast.AugAssign(place, ast.Add(), shifted)
        for offset, width in reversed(list(zip(offsets, window, strict=True))):
            counter = ast.Name(offset, ast.Store())
            body = ast.For(counter, nd.call("range", width), [body], [])
        return [body]

    return Changed(None, _of(shape), change, True, g)


def _index(items: list[ast.expr]) -> ast.expr:
    return items[0] if len(items) == 1 else ast.Tuple(items, ast.Load())


def _of(shape: tuple[int, ...]) -> Tensor | tuple[int, ...]:
    """The recorded tensor whose shape this is, or the shape."""
    for length in shape:
        if isinstance(length, SymInt) and isinstance(length.node, Dim):
            tensor = length.node.tensor
            if tensor.value.shape == tuple(shape):
                return tensor
    return shape


CHANGES: Mapping[str, Callable[..., ast.expr]] = named(
    scatter, put, scatter_along_axis, overlap_add
)
