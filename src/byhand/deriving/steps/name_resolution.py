"""Words for the leaves of a tree, now that it is known which names are used anyway."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from byhand.codegen import nodes as nd
from byhand.codegen.nodes import Changed, ShapeLike, UnnamedValue
from byhand.codegen.notes import Iteration, LoopCounter
from byhand.codegen.sizes import Dim
from byhand.deriving.steps.context import Context
from byhand.deriving.steps.recomputation import Recomputation
from byhand.engine.tensor import Tensor


@dataclass(frozen=True)
class NameResolver:
    """Finds words. `used` are the names that the backward has anyway.

    In a loop, `iteration` is the one that is written, and `loop_counter` the name that counts.
    """

    context: Context
    values: Recomputation
    used: frozenset[str]
    iteration: Iteration | None = None
    loop_counter: str = ""

    def using(self, nodes: Iterable[ast.AST]) -> NameResolver:
        """Once these trees are in the backward, too."""
        names = {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}
        return replace(self, used=self.used | names)

    @cached_property
    def shapes(self) -> Mapping[Tensor, ast.expr]:
        """At the end of forward each of these has the shape of its tensor, whatever its value."""
        last, looped = self.context.endings.last, self.context.looped
        return {**{t: node for t, node in last.items() if t in looped}, **self.context.names}

    def settled(self, leaf: ast.expr) -> ast.expr:
        """Words for a leaf, now that it is known which names are used anyway."""
        match leaf:
            case ShapeLike():
                found = self.alike(leaf.tensor)
                return self.inline(leaf.tensor) if found is None else found
            case nd.ListItem():
                return nd.rebuilt(self.item(leaf), self.settled)
            case LoopCounter():
                return self.counter(leaf.iteration, leaf.iteration.place)
            case Dim():
                return self.length(leaf)
            case UnnamedValue():
                return self.value(leaf.tensor)
            case ast.Attribute(value=ShapeLike() as like, attr="shape") if (
                self.alike(like.tensor) is None
            ):
                lengths = [self.length(Dim(like.tensor, k)) for k in range(like.tensor.value.ndim)]
                return ast.Tuple(lengths, ast.Load())
            case _:
                return leaf

    def value(self, tensor: Tensor) -> ast.expr:
        return nd.rebuilt(self.values.node(tensor, self.iteration), self.settled)

    def inline(self, tensor: Tensor) -> ast.expr:
        """A value written out, without the helps that may be defined only later."""

        def leaf(node: ast.expr) -> ast.expr:
            return (
                self.inline(node.tensor) if isinstance(node, UnnamedValue) else self.settled(node)
            )

        node = self.shapes.get(tensor) or self.values.made(tensor, self.iteration)
        if isinstance(node, Changed) and node.base is not None:
            node = node.base  # what is changed keeps its shape
        return nd.rebuilt(node, leaf)

    # Lists and loops.

    def counter(self, iteration: Iteration, value: int) -> ast.expr:
        """`value` in the words of a loop: `t + 1`."""
        if self.iteration is None or self.iteration.loop != iteration.loop:
            return ast.Constant(value)
        now = self.iteration.place
        node = ast.Name(self.loop_counter, ast.Load())
        return nd.binary(node, ast.Add(), ast.Constant(value - now))

    def item(self, leaf: nd.ListItem) -> ast.expr:
        """An item of a list, or its gradient: by its place in the iteration, or as forward said."""
        tensor = leaf.tensor
        prefix = "d" if leaf.gradient else ""
        items = self.context.endings.items.get(tensor, [])
        step = self.context.steps.get(tensor)
        if leaf.gradient and step is not None:
            items = [(root, i) for root, i in items if f"{root}[{i}]" == step.name]
        if self.iteration is not None:
            if not items:
                return self.value(tensor)
            now = self.iteration.place
            root, place = min(items, key=lambda item: abs(item[1] - now))
            return nd.subscript(nd.name(prefix + root), self.counter(self.iteration, place))
        words = self.context.notes.tensors.get(tensor)
        if words is not None and (not items or root_of(nd.text(words)) == items[0][0]):
            return ast.parse(prefix + nd.text(words), mode="eval").body
        last = self.context.endings.last.get(tensor)
        if last is not None and not (leaf.gradient and items):
            return ast.parse(prefix + nd.text(last), mode="eval").body
        if items:
            root, place = items[0]
            return nd.subscript(nd.name(prefix + root), ast.Constant(place))
        return self.value(tensor)

    # Shapes.

    def alike(self, tensor: Tensor) -> ast.expr | None:
        """A name of something with the shape of `tensor`, best one that is used anyway."""
        at = self.context.places.get(tensor, 0)

        def rank(other: Tensor) -> tuple[Any, ...]:
            said = nd.text(self.shapes[other])
            used = root_of(said) in self.used
            mine = other is tensor
            return (
                not (used and mine),
                not (mine and other in self.context.inputs),
                not used,
                not mine,
                other not in self.context.inputs,
                abs(self.context.places.get(other, 0) - at),
            )

        same = [t for t in self.shapes if self.context.lengths.same_shape(t, tensor)]
        return self.shapes[min(same, key=rank)] if same else None

    def length(self, dim: Dim) -> ast.expr:
        """The shortest words for a length: a name of forward, or an axis of something used."""
        words, axes = self.context.lengths.of(dim)
        names = [w for w in words if isinstance(w, (ast.Name, ast.Constant))]
        if names:
            return self.context.dialect.translated(names[0])
        tensors = [(t, k) for t, k in axes if t in self.shapes]

        def said(tensor: Tensor, axis: int) -> ast.expr:
            shape = ast.Attribute(self.shapes[tensor], "shape", ast.Load())
            return nd.subscript(shape, ast.Constant(axis))

        used = [said(t, k) for t, k in tensors if root_of(nd.text(self.shapes[t])) in self.used]
        plain = [self.context.dialect.translated(w) for w in words if not nd.leaves(w, Dim)]
        candidates = used or [*plain, *(said(t, k) for t, k in tensors)]
        if candidates:
            return min(candidates, key=lambda node: len(nd.text(node)))
        sums = [w for w in words if all(map(self.has_length, nd.leaves(w, Dim)))]
        if sums:
            return nd.rebuilt(self.context.dialect.translated(sums[0]), self.settled)
        shape = ast.Attribute(self.inline(dim.tensor), "shape", ast.Load())
        return nd.subscript(shape, ast.Constant(dim.axis))

    def has_length(self, dim: Dim) -> bool:
        """Whether something with a name has this length."""
        words, axes = self.context.lengths.of(dim)
        return any(not nd.leaves(w, Dim) for w in words) or any(t in self.shapes for t, _ in axes)


def root_of(said: str) -> str:
    """The name that an expression begins with."""
    return re.split(r"[\[.]", said, maxsplit=1)[0]
