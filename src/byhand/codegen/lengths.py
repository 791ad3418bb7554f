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

from byhand.codegen.equal_axes import Length, equal_axes
from byhand.codegen.nodes import ShapeLike, UnnamedValue, leaves, shown, text
from byhand.codegen.notes import Notes, where
from byhand.codegen.sizes import Dim
from byhand.engine.tensor import Tensor


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
            for one, other in equal_axes(tensor):
                self.join(self.length(one), self.length(other))

    def length(self, length: Length) -> Hashable:
        """What a length is known by that an op has, or that it makes equal to another."""
        if isinstance(length, ast.expr):
            return self.key(length)
        of, axis = length
        if isinstance(of, Tensor):
            return id(of), axis
        words = self.notes.words.get(where(of))
        return (where(of), axis) if words is None else self.axis(words, axis)

    def key(self, node: ast.expr) -> Hashable:
        """What a length is known by. `len(x)` is `x.shape[0]`, and both are x's first axis."""
        match node:
            case Dim():
                return id(node.tensor), node.axis
            case ast.Call(func=ast.Name(id="len"), args=[of]):
                return self.axis(of, 0)
            case ast.Subscript(
                value=ast.Attribute(value=of, attr="shape"), slice=ast.Constant(value=int() as axis)
            ):
                return self.axis(of, axis)
            case _:
                said = shown(node)
                self.words.setdefault(said, [node])
                return said

    def axis(self, of: ast.expr, axis: int) -> Hashable:
        """An axis of an array in forward's words: `np.arange(n)` has the length n."""
        match of:
            case UnnamedValue() | ShapeLike():
                return id(of.tensor), axis % of.tensor.value.ndim
            case ast.Call(func=ast.Attribute(attr="arange"), args=[count]):
                return self.key(count)
            case ast.Call(func=ast.Attribute(attr="zeros_like" | "ones_like"), args=[like, *_]):
                return self.axis(like, axis)
            case ast.Call(
                func=ast.Attribute(attr="zeros" | "ones"), args=[ast.Tuple(elts=lengths), *_]
            ):
                return self.key(lengths[axis])
            case _:
                pass
        if leaves(of, (UnnamedValue, ShapeLike)):  # what has no name has no words either
            return shown(of), axis
        tensor = self.named.get(text(of))
        if tensor is not None:
            return id(tensor), axis % tensor.value.ndim
        node = ast.Subscript(ast.Attribute(of, "shape", ast.Load()), ast.Constant(axis), ast.Load())
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
        axes = range(one.value.ndim)
        return all(self.find((id(one), k)) == self.find((id(other), k)) for k in axes)
