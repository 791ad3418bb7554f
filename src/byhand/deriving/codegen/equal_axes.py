"""Which lengths an op makes equal: those of a matrix product's inner axes, of a sum's kept ones.

Only what holds at every size is told. What isn't told here is no mistake: it costs a shorter name.
"""

# Recorded values and parameters can be anything.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from byhand.deriving.codegen.nodes import binary
from byhand.deriving.codegen.sizes import Dim, SymInt, number_node
from byhand.engine.tensor import Tensor
from byhand.ops.linear import labels

Axis = tuple[Any, int]
Length = Axis | ast.expr
"""An axis of a tensor or of a plain array, or a length in forward's words."""
Pairs = Iterable[tuple[Length, Length]]
ONE = ast.Constant(1)
Params = Mapping[str, Any]


def equal_axes(tensor: Tensor) -> Pairs:
    """Pairs of lengths that the op of `tensor` makes equal."""
    op, params = tensor.op, tensor.params
    if op is None:
        return ()
    arrays = [arg for arg in tensor.args if getattr(arg, "ndim", None) is not None]
    if op.family == "elementwise":
        return _broadcast(tensor, arrays)
    if not arrays:
        return ()
    if op.structure == "reduction":
        return _kept(tensor, arrays[0], params)
    rule = RULES.get(op.name)
    return () if rule is None else rule(tensor, arrays, params)


def _axes(of: Any) -> list[Axis]:
    return [(of, axis) for axis in range(of.ndim)]


def _shape(of: Any) -> tuple[int, ...]:
    return of.value.shape if isinstance(of, Tensor) else of.shape


def _but(axes: Sequence[Axis], gone: Iterable[int]) -> list[Axis]:
    """The axes but those with these numbers, which may count from the end."""
    left_out = {a % len(axes) for a in gone}
    return [each for k, each in enumerate(axes) if k not in left_out]


def _broadcast(out: Tensor, arrays: Sequence[Any]) -> Pairs:
    """From the last axis on; an axis of length 1 stretches where another is longer."""
    for x in arrays:
        for back in range(1, x.ndim + 1):
            if _shape(x)[-back] == out.value.shape[-back]:
                yield (out, out.ndim - back), (x, x.ndim - back)


def _same(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    """Every axis as in the first argument."""
    return zip(_axes(out), _axes(arrays[0]), strict=True)


def _kept(out: Tensor, x: Any, params: Params) -> Pairs:
    """The axes that a reduction leaves."""
    axis = params.get("axis")
    gone = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    mine = _axes(out) if not params.get("keepdims") else _but(_axes(out), gone)
    yield from zip(mine, _but(_axes(x), gone), strict=True)
    yield from _ones(set(_axes(out)) - set(mine))


def _ones(axes: Iterable[Axis]) -> Pairs:
    return ((axis, ONE) for axis in axes)


def _but_axis(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    """Every axis but `axis`, or those of `axis`, as in the first argument."""
    axis = params["axis"]
    gone = axis if isinstance(axis, tuple) else (axis,)
    x = arrays[0]
    return zip(_but(_axes(out)[: x.ndim], gone), _but(_axes(x), gone), strict=True)


def _transposed(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    order = params.get("axes") or range(out.ndim)[::-1]
    return zip(_axes(out), [_axes(arrays[0])[a] for a in order], strict=True)


def _concatenated(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    """All but `axis` are equal; along it the lengths add up."""
    axis = params.get("axis", 0) % out.ndim
    for x in arrays:
        yield from zip(_but(_axes(out), (axis,)), _but(_axes(x), (axis,)), strict=True)
    if all(isinstance(x, Tensor) for x in arrays):
        total: ast.expr = ast.Constant(0)
        for x in arrays:
            total = binary(total, ast.Add(), Dim(x, axis))
        yield (out, axis), total


def _stacked(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    for x in arrays:
        yield from zip(_but(_axes(out), (params.get("axis", 0),)), _axes(x), strict=True)


def _padded(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    pairs = zip(_axes(out), _axes(arrays[0]), params["pad_width"], strict=True)
    return ((mine, theirs) for mine, theirs, (before, after) in pairs if before == after == 0)


def _tiled(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    reps, x = params["reps"], arrays[0]
    last = min(len(reps), x.ndim)
    for back in range(1, x.ndim + 1):
        if back > last or reps[-back] == 1:
            yield (out, out.ndim - back), (x, x.ndim - back)


def _multiplied(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    """Matrices in the last two axes; those before them are broadcast."""
    x, y = arrays
    yield (x, x.ndim - 1), (y, max(y.ndim - 2, 0))
    rows, cols = x.ndim > 1, y.ndim > 1
    if rows:
        yield (out, out.ndim - 1 - cols), (x, x.ndim - 2)
    if cols:
        yield (out, out.ndim - 1), (y, y.ndim - 1)
    for factor in arrays:
        for back in range(3, factor.ndim + 1):
            at = out.ndim - back + (not rows) + (not cols)
            if _shape(factor)[-back] != 1:
                yield (out, at), (factor, factor.ndim - back)


def _contracted(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    """tensordot: pairs of axes are summed over; what is left stands in order."""
    axes, (x, y) = params["axes"], arrays
    if isinstance(axes, int):
        pair = (range(x.ndim - axes, x.ndim), range(axes))
    else:
        pair = tuple((a,) if isinstance(a, int) else a for a in axes)
    yield from zip([_axes(x)[a] for a in pair[0]], [_axes(y)[a] for a in pair[1]], strict=True)
    yield from zip(_axes(out), _but(_axes(x), pair[0]) + _but(_axes(y), pair[1]), strict=True)


def _inner(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    x, y = map(_axes, arrays)
    if x and y:
        yield x[-1], y[-1]
        yield from zip(_axes(out), x[:-1] + y[:-1], strict=True)


def _outer(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    """Of vectors; others are taken in one row."""
    return ((mine, (x, 0)) for mine, x in zip(_axes(out), arrays, strict=True) if x.ndim == 1)


def _summed_up(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    """einsum: axes of one letter; in those of an ellipsis, 1 stretches."""
    terms, result = labels(params["subscripts"], tuple(x.ndim for x in arrays))
    known: dict[str, Axis] = {}
    for x, term in zip((out, *arrays), (result, *terms), strict=True):
        for axis, letter in enumerate(term):
            if _shape(x)[axis] != 1:
                yield known.setdefault(letter, (x, axis)), (x, axis)


def _solved(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    return zip(_axes(out), _axes(arrays[1]), strict=True) if out.ndim == arrays[1].ndim else ()


def _shaped(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    """As the new shape says."""
    shape = params["shape"]
    for axis, length in enumerate(shape if isinstance(shape, tuple) else (shape,)):
        if isinstance(length, SymInt) or length == 1:
            yield (out, axis), number_node(length)


def _spread(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    yield from _shaped(out, arrays, params)
    yield from _broadcast(out, arrays)


def _expanded(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    axis = params["axis"]
    new = axis if isinstance(axis, tuple) else (axis,)
    kept = _but(_axes(out), new)
    yield from zip(kept, _axes(arrays[0]), strict=True)
    yield from _ones(set(_axes(out)) - set(kept))


def _squeezed(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    axis, x = params.get("axis"), arrays[0]
    ones = [k for k, n in enumerate(_shape(x)) if n == 1]
    gone = ones if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return zip(_axes(out), _but(_axes(x), gone), strict=True)


def _taken(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    """The axis that was read gives way to those of the places."""
    x, axis = arrays[0], params["axis"] % arrays[0].ndim
    after = x.ndim - axis - 1
    yield from zip(_axes(out)[:axis], _axes(x)[:axis], strict=True)
    yield from zip(_axes(out)[out.ndim - after :], _axes(x)[axis + 1 :], strict=True)


def _along(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    return zip(_axes(out), _axes(params["indices"]), strict=True)


def _windows(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    yield from _but_axis(out, arrays, params)
    sizes = zip(_axes(out)[arrays[0].ndim :], params["window_shape"], strict=True)
    yield from ((mine, size.node) for mine, size in sizes if isinstance(size, SymInt))


def _indexed(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    """Whole axes stay; arrays of places that stand together bring their own axes."""
    x, index = arrays[0], params["index"]
    items: list[Any] = list(index) if isinstance(index, tuple) else [index]
    if any(isinstance(item, (list, bool)) for item in items):
        return
    places = [i for i, item in enumerate(items) if getattr(item, "ndim", 0)]
    if places and places[-1] - places[0] >= len(places):
        return  # not side by side: NumPy moves their axes to the front
    if any(str(items[i].dtype).endswith("bool") for i in places):
        return
    taken = sum(item is not None and item is not ... for item in items)
    rest: list[Any] = [slice(None)] * (x.ndim - taken)
    at = next((i for i, item in enumerate(items) if item is ...), None)
    items = [*items, *rest] if at is None else [*items[:at], *rest, *items[at + 1 :]]
    yield from _item_by_item(out, x, items)


def _item_by_item(out: Tensor, x: Any, items: Sequence[Any]) -> Iterator[tuple[Length, Length]]:
    together = max((getattr(item, "ndim", 0) for item in items), default=0)
    here = source = 0
    begins = -1
    for item in items:
        if getattr(item, "ndim", 0):
            if begins < 0:
                begins, here = here, here + together
            for axis in range(item.ndim):
                if item.shape[axis] != 1:
                    yield (out, begins + together - item.ndim + axis), (item, axis)
            source += 1
        elif item is None:
            yield (out, here), ONE
            here += 1
        elif isinstance(item, slice):
            if item == slice(None):
                yield (out, here), (x, source)
            here, source = here + 1, source + 1
        else:
            source += 1


def _diagonal(out: Tensor, arrays: Sequence[Any], params: Params) -> Pairs:
    """As long as both axes of a square. What is square only at some sizes is found out later, when
    the backward is run at others."""
    x = arrays[0]
    pair = (params.get("axis1", 0), params.get("axis2", 1))
    yield from zip(_axes(out)[:-1], _but(_axes(x), pair), strict=True)
    rows, cols = (_axes(x)[axis] for axis in pair)
    if not params.get("offset", 0) and _shape(x)[rows[1]] == _shape(x)[cols[1]]:
        yield rows, cols
        yield (out, out.ndim - 1), rows


RULES: dict[str, Callable[[Tensor, Sequence[Any], Params], Pairs]] = {
    **dict.fromkeys(("put", "flip", "roll", "tril", "triu", "inv", "sort", "argsort"), _same),
    **dict.fromkeys(("cumsum", "cumprod"), _same),
    **dict.fromkeys(("split", "repeat"), _but_axis),
    "transpose": _transposed,
    "diagonal": _diagonal,
    "concatenate": _concatenated,
    "stack": _stacked,
    "pad": _padded,
    "tile": _tiled,
    "matmul": _multiplied,
    "tensordot": _contracted,
    "inner": _inner,
    "outer": _outer,
    "einsum": _summed_up,
    "solve": _solved,
    "reshape": _shaped,
    "broadcast_to": _spread,
    "expand_dims": _expanded,
    "squeeze": _squeezed,
    "take": _taken,
    "take_along_axis": _along,
    "sliding_window_view": _windows,
    "getitem": _indexed,
}
