"""Which lengths an op makes equal: those of a matrix product's inner axes, of a sum's kept ones.

A relation is `(out, arrays, params) -> pairs of lengths` that are equal at every size. A length is
an axis of one of the arrays, as `(array, axis)`; a number; or a list of axes, whose lengths add up.
What isn't told here is no mistake. Arrays are whatever has a `shape` and an `ndim`.
"""

# The arrays can be of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from string import ascii_letters
from typing import Any, TypeAlias

from byhand.errors import UnsupportedError

Axis: TypeAlias = tuple[Any, int]
Length: TypeAlias = Axis | int | list[Axis]
Pairs: TypeAlias = Iterable[tuple[Length, Length]]
Params: TypeAlias = Mapping[str, Any]
Relation: TypeAlias = Callable[[Any, Sequence[Any], Params], Pairs]


def nothing(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """Nothing is told."""
    return ()


def axes(of: Any) -> list[Axis]:
    return [(of, axis) for axis in range(of.ndim)]


def _but(axes: Sequence[Axis], gone: Iterable[int]) -> list[Axis]:
    """The axes but those with these numbers, which may count from the end."""
    left_out = {a % len(axes) for a in gone}
    return [each for k, each in enumerate(axes) if k not in left_out]


def broadcast(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """From the last axis on; an axis of length 1 stretches where another is longer."""
    for x in arrays:
        for back in range(1, x.ndim + 1):
            if x.shape[-back] == out.shape[-back]:
                yield (out, out.ndim - back), (x, x.ndim - back)


def same(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """Every axis as in the first argument."""
    return zip(axes(out), axes(arrays[0]), strict=True)


def kept(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """The axes that a reduction leaves."""
    x, axis = arrays[0], params.get("axis")
    gone = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if params.get("keepdims"):
        yield from (((out, a % out.ndim), 1) for a in gone)
    mine = axes(out) if not params.get("keepdims") else _but(axes(out), gone)
    yield from zip(mine, _but(axes(x), gone), strict=True)


def but_axis(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """Every axis but `axis`, or those of `axis`, as in the first argument."""
    axis = params["axis"]
    gone = axis if isinstance(axis, tuple) else (axis,)
    x = arrays[0]
    return zip(_but(axes(out)[: x.ndim], gone), _but(axes(x), gone), strict=True)


def transposed(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    order = params.get("axes") or range(out.ndim)[::-1]
    return zip(axes(out), [axes(arrays[0])[a] for a in order], strict=True)


def concatenated(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """All but `axis` are equal; along it the lengths add up."""
    axis = params.get("axis", 0) % out.ndim
    for x in arrays:
        yield from zip(_but(axes(out), (axis,)), _but(axes(x), (axis,)), strict=True)
    yield (out, axis), [(x, axis) for x in arrays]


def stacked(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    for x in arrays:
        yield from zip(_but(axes(out), (params.get("axis", 0),)), axes(x), strict=True)


def padded(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    pairs = zip(axes(out), axes(arrays[0]), params["pad_width"], strict=True)
    return ((mine, theirs) for mine, theirs, (before, after) in pairs if before == after == 0)


def tiled(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    reps, x = params["reps"], arrays[0]
    last = min(len(reps), x.ndim)
    for back in range(1, x.ndim + 1):
        if back > last or reps[-back] == 1:
            yield (out, out.ndim - back), (x, x.ndim - back)


def multiplied(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
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
            if factor.shape[-back] != 1:
                yield (out, at), (factor, factor.ndim - back)


def contracted(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """tensordot: pairs of axes are summed over; what is left stands in order."""
    over, (x, y) = params["axes"], arrays
    if isinstance(over, int):
        pair = (range(x.ndim - over, x.ndim), range(over))
    else:
        pair = tuple((a,) if isinstance(a, int) else a for a in over)
    yield from zip([axes(x)[a] for a in pair[0]], [axes(y)[a] for a in pair[1]], strict=True)
    yield from zip(axes(out), _but(axes(x), pair[0]) + _but(axes(y), pair[1]), strict=True)


def last_axes(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """inner: the last axes are summed over."""
    x, y = map(axes, arrays)
    if x and y:
        yield x[-1], y[-1]
        yield from zip(axes(out), x[:-1] + y[:-1], strict=True)


def vectors(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """outer, of vectors; others are taken in one row."""
    return ((mine, (x, 0)) for mine, x in zip(axes(out), arrays, strict=True) if x.ndim == 1)


def lettered(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """einsum: axes of one letter; in those of an ellipsis, 1 stretches."""
    terms, result = labels(params["subscripts"], tuple(x.ndim for x in arrays))
    known: dict[str, Axis] = {}
    for x, term in zip((out, *arrays), (result, *terms), strict=True):
        for axis, letter in enumerate(term):
            if x.shape[axis] != 1:
                yield known.setdefault(letter, (x, axis)), (x, axis)


def but_matrices(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """Every axis but the last two."""
    return zip(axes(out), axes(arrays[0])[:-2], strict=True)


def solved(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    return zip(axes(out), axes(arrays[1]), strict=True) if out.ndim == arrays[1].ndim else ()


def shaped(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """As the new shape says."""
    shape = params["shape"]
    for axis, length in enumerate(shape if isinstance(shape, tuple) else (shape,)):
        if length != -1:
            yield (out, axis), length


def spread(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    yield from shaped(out, arrays, params)
    yield from broadcast(out, arrays, params)


def expanded(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    axis = params["axis"]
    new = axis if isinstance(axis, tuple) else (axis,)
    yield from zip(_but(axes(out), new), axes(arrays[0]), strict=True)
    yield from (((out, a % out.ndim), 1) for a in new)


def squeezed(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    axis, x = params.get("axis"), arrays[0]
    ones = [k for k, n in enumerate(x.shape) if n == 1]
    gone = ones if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return zip(axes(out), _but(axes(x), gone), strict=True)


def taken(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """The axis that was read gives way to those of the places."""
    x, axis = arrays[0], params["axis"] % arrays[0].ndim
    after = x.ndim - axis - 1
    yield from zip(axes(out)[:axis], axes(x)[:axis], strict=True)
    yield from zip(axes(out)[out.ndim - after :], axes(x)[axis + 1 :], strict=True)


def along(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    return zip(axes(out), axes(params["indices"]), strict=True)


def windows(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    yield from but_axis(out, arrays, params)
    yield from zip(axes(out)[arrays[0].ndim :], params["window_shape"], strict=True)


def diagonal(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
    """As long as both axes of a square. What is square only at some sizes is found out later, when
    the backward is run at others."""
    x = arrays[0]
    pair = (params.get("axis1", 0), params.get("axis2", 1))
    yield from zip(axes(out)[:-1], _but(axes(x), pair), strict=True)
    rows, cols = (axes(x)[axis] for axis in pair)
    if not params.get("offset", 0) and x.shape[rows[1]] == x.shape[cols[1]]:
        yield rows, cols
        yield (out, out.ndim - 1), rows


def indexed(out: Any, arrays: Sequence[Any], params: Params) -> Pairs:
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
    given = sum(item is not None and item is not ... for item in items)
    rest: list[Any] = [slice(None)] * (x.ndim - given)
    at = next((i for i, item in enumerate(items) if item is ...), None)
    items = [*items, *rest] if at is None else [*items[:at], *rest, *items[at + 1 :]]
    yield from _item_by_item(out, x, items)


def _item_by_item(out: Any, x: Any, items: Sequence[Any]) -> Iterator[tuple[Length, Length]]:
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
            yield (out, here), 1
            here += 1
        elif isinstance(item, slice):
            if item == slice(None):
                yield (out, here), (x, source)
            here, source = here + 1, source + 1
        else:
            source += 1


@lru_cache(maxsize=256)
def labels(subscripts: str, ndims: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
    """One letter for each axis of each argument, and of the output: einsum's short forms undone.

    An ellipsis stands for the axes without a letter, aligned at the right; without an arrow the
    output has those axes, then the letters that occur once, in alphabetical order.
    """
    inputs, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ndims):
        raise UnsupportedError(
            f"einsum {subscripts!r} names {len(terms)} arguments, but {len(ndims)} are given"
        )
    hidden = [
        ndim - len(term.replace("...", "")) if "..." in term else 0
        for term, ndim in zip(terms, ndims, strict=True)
    ]
    most = max(hidden)
    spare = "".join([c for c in ascii_letters if c not in subscripts][:most])
    terms = [t.replace("...", spare[most - n :]) for t, n in zip(terms, hidden, strict=True)]
    for term in terms:
        if len(set(term)) < len(term):
            raise UnsupportedError(
                f"einsum {subscripts!r} takes a diagonal (an index twice in one argument), which "
                "has no rule: take it with np.diagonal first"
            )
    if not arrow:
        letters = "".join(terms)
        once = sorted(c for c in set(letters) - set(spare) if letters.count(c) == 1)
        return tuple(terms), spare + "".join(once)
    return tuple(terms), result.replace("...", spare)
