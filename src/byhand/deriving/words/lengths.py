"""Which axes have one length by construction, and which words forward has for it.

`emb = C[X]` has as many rows as X; if forward says `n = X.shape[0]`, then `n` is the word for both.
Only what holds at every size counts, never that two lengths happen to be equal in one run.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from byhand.deriving.recording import Notes, where
from byhand.deriving.words.nodes import text
from byhand.deriving.words.sizes import Dim, Size
from byhand.engine.tensor import Tensor

Key = tuple[Any, ...]


class Lengths:
    """Classes of equal lengths, over the axes of tensors and the size expressions of forward."""

    def __init__(
        self, tensors: Iterable[Tensor], notes: Notes, names: Mapping[Tensor, ast.expr]
    ) -> None:
        self.notes = notes
        self.parents: dict[Hashable, Hashable] = {}
        self.words: dict[Hashable, list[ast.expr]] = {}
        self.axes: dict[Hashable, list[tuple[Tensor, int]]] = {}
        self.named = {text(node): tensor for tensor, node in names.items()}
        self.tensors = list(tensors)
        for one, other in notes.same:
            self.join(self.key(one), self.key(other))
        for tensor in self.tensors:
            for axis in range(tensor.value.ndim):
                self.axes.setdefault((id(tensor), axis), []).append((tensor, axis))
            for mine, theirs in _equal_axes(tensor, self):
                self.join(mine, theirs)

    def key(self, node: ast.expr) -> Hashable:
        """What a length is known by. `len(x)` is `x.shape[0]`, and both are x's first axis."""
        if isinstance(node, Dim):
            return id(node.tensor), node.axis
        said = text(node)
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[of]):
                axis = 0
            case ast.Subscript(
                value=ast.Attribute(value=of, attr="shape"), slice=ast.Constant(value=int() as axis)
            ):
                pass
            case _:
                self.words.setdefault(said, [node])
                return said
        tensor = self.named.get(text(of))
        if tensor is not None:
            return id(tensor), axis % tensor.value.ndim
        said = f"{text(of)}.shape[{axis}]"
        self.words.setdefault(said, [node])
        return said

    def find(self, key: Hashable) -> Hashable:
        while (parent := self.parents.get(key, key)) != key:
            key = parent
        return key

    def join(self, one: Hashable, other: Hashable) -> None:
        one, other = self.find(one), self.find(other)
        if one == other:
            return
        self.parents[other] = one
        for table in (self.words, self.axes):
            if other in table:
                table.setdefault(one, []).extend(table.pop(other))  # pyright: ignore

    def of(self, dim: Dim) -> tuple[list[ast.expr], list[tuple[Tensor, int]]]:
        """The words for a length, and the axes that have it."""
        root = self.find((id(dim.tensor), dim.axis))
        return self.words.get(root, []), self.axes.get(root, [])

    def same_shape(self, one: Tensor, other: Tensor) -> bool:
        if one.value.shape != other.value.shape:
            return False
        return all(
            n == 1 or self.find((id(one), k)) == self.find((id(other), k))
            for k, n in enumerate(one.value.shape)
        )


def _equal_axes(tensor: Tensor, lengths: Lengths) -> Iterable[tuple[Hashable, Hashable]]:
    """Pairs of lengths that the op of `tensor` makes equal."""
    op, params = tensor.op, tensor.params
    if op is None:
        return
    ndim = tensor.value.ndim
    arrays = [arg for arg in tensor.args if isinstance(arg, Tensor)]
    mine = [(id(tensor), axis) for axis in range(ndim)]

    def of(arg: Tensor) -> list[Hashable]:
        return [(id(arg), axis) for axis in range(arg.value.ndim)]

    if op.family == "elementwise" or op.name in ("tril", "triu", "cumsum", "cumprod", "sort"):
        for arg in arrays:
            for back in range(1, arg.value.ndim + 1):
                if arg.value.shape[-back] == tensor.value.shape[-back] != 1:
                    yield mine[-back], of(arg)[-back]
        return
    if op.name in ("put", "flip", "roll") and arrays:
        yield from zip(mine, of(arrays[0]), strict=False)
    elif op.structure == "reduction" and arrays:
        axis = params.get("axis")
        of_x = of(arrays[0])
        axes = range(len(of_x)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        gone = {a % len(of_x) for a in axes} if of_x else set[int]()
        if params.get("keepdims"):
            yield from ((m, x) for k, (m, x) in enumerate(zip(mine, of_x)) if k not in gone)  # noqa: B905
        else:
            yield from zip(mine, [x for k, x in enumerate(of_x) if k not in gone], strict=True)
    elif op.name == "transpose":
        order = params.get("axes") or range(ndim)[::-1]
        yield from zip(mine, [of(arrays[0])[a] for a in order], strict=True)
    elif op.name == "matmul" and len(arrays) == 2:
        x, y = map(of, arrays)
        if x and y:
            yield x[-1], y[-2 if len(y) > 1 else 0]
        if len(x) > 1 and len(mine) >= len(x) - 1:
            rows = x[:-1] if len(y) <= 2 else x[-2:-1]
            at = mine[: len(rows)] if len(y) <= 2 else mine[-2:-1]
            yield from zip(at, rows, strict=False)
        if len(y) > 1 and mine:
            yield mine[-1], y[-1]
        if len(x) > 2 and len(x) == len(y):
            yield from zip(mine[:-2], x[:-2], strict=True)
    elif op.name == "getitem":
        yield from _indexed(tensor, arrays[0], lengths)
    elif op.name in ("reshape", "broadcast_to"):
        shape = params["shape"]
        for axis, length in enumerate(shape if isinstance(shape, tuple) else (shape,)):
            if isinstance(length, Size):
                yield mine[axis], lengths.key(length.node)


def _indexed(tensor: Tensor, x: Tensor, lengths: Lengths) -> Iterable[tuple[Hashable, Hashable]]:
    """Whole axes stay; arrays of places that stand together bring their own axes."""
    index = tensor.params["index"]
    items: list[Any] = list(index) if isinstance(index, tuple) else [index]
    arrays = [i for i, item in enumerate(items) if where(item) is not None]
    if arrays and arrays[-1] - arrays[0] >= len(arrays):
        return  # not side by side: NumPy moves their axes to the front
    if any(items[i].dtype == bool for i in arrays) or any(isinstance(i, list) for i in items):
        return
    taken = sum(item is not None and item is not ... for item in items)
    rest: list[Any] = [slice(None)] * (x.value.ndim - taken)
    at = next((i for i, item in enumerate(items) if item is ...), None)
    items = [*items, *rest] if at is None else [*items[:at], *rest, *items[at + 1 :]]
    here = source = 0
    together = max((item.ndim for item in items if where(item) is not None), default=0)
    first = True
    for item in items:
        if where(item) is not None:
            words = lengths.notes.words.get(where(item))
            for axis in range(item.ndim) if item.ndim == together else ():
                if words is not None and item.shape[axis] != 1:
                    said = lengths.key(_length(words, axis))
                    yield (id(tensor), here - (0 if first else together) + axis), said
            here, source, first = here + (together if first else 0), source + 1, False
        elif item is None:
            here += 1
        elif isinstance(item, slice):
            if item == slice(None):
                yield (id(tensor), here), (id(x), source)
            here, source = here + 1, source + 1
        else:
            source += 1


def _length(array: ast.expr, axis: int) -> ast.expr:
    """Words for the length of an array: `np.arange(n)` has n."""
    match array:
        case ast.Call(func=ast.Attribute(attr="arange"), args=[count]):
            return count
        case _:
            shape = ast.Attribute(array, "shape", ast.Load())
            return ast.Subscript(shape, ast.Constant(axis), ast.Load())
