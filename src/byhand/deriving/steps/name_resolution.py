"""Words for the leaves of a tree, now that it is known which names are used anyway."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
import re
from typing import Any

from byhand.deriving.codegen import nodes as nd
from byhand.deriving.codegen.lengths import Lengths
from byhand.deriving.codegen.nodes import Changed, ShapeLike, UnnamedValue
from byhand.deriving.codegen.sizes import Dim
from byhand.deriving.recording import Iteration, LoopCounter
from byhand.deriving.steps.recomputed import Recomputed
from byhand.deriving.steps.sweep import Sweep
from byhand.engine.tensor import Tensor


class NameResolver:
    """Settles leaves. `used` are the names that the backward has anyway.

    In a loop, `round` is the round that is written, `counters` has the loops' counters.
    """

    def __init__(self, sweep: Sweep, values: Recomputed) -> None:
        self.sweep = sweep
        self.dialect = sweep.dialect
        self.values = values
        self.used: set[str] = set()
        self.round: Iteration | None = None
        self.counters: dict[int, str] = {}
        # At the end of forward each of these has the shape of its tensor, whatever its value.
        last = {t: sweep.last[t] for t in sweep.emitter.items if t in sweep.last}
        self.shapes = {**last, **sweep.emitter.names}
        self.lengths = Lengths(sweep.order, sweep.recording.notes, sweep.emitter.names)
        self.inputs = {step.tensor for step in sweep.recording.program.inputs}

    def settled(self, leaf: ast.expr) -> ast.expr:
        """Words for a leaf, now that it is known which names are used anyway."""
        match leaf:
            case ShapeLike():
                found = self.alike(leaf.tensor)
                return self.inline(leaf.tensor) if found is None else found
            case nd.Item():
                return nd.rebuilt(self.item(leaf), self.settled)
            case LoopCounter():
                return self.counter(leaf.round, leaf.round.place)
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
        return nd.rebuilt(self.values.node(tensor), self.settled)

    def inline(self, tensor: Tensor) -> ast.expr:
        """A value written out, without the helps that may be defined only later."""

        def leaf(node: ast.expr) -> ast.expr:
            return (
                self.inline(node.tensor) if isinstance(node, UnnamedValue) else self.settled(node)
            )

        node = self.shapes.get(tensor) or self.values.made(tensor)
        if isinstance(node, Changed) and node.base is not None:
            node = node.base  # what is changed keeps its shape
        return nd.rebuilt(node, leaf)

    # Lists and loops.

    def counter(self, round: Iteration, value: int) -> ast.expr:
        """`value` in the words of a loop: `t + 1`."""
        if self.round is None or self.round.loop != round.loop:
            return ast.Constant(value)
        now = self.round.place
        node = ast.Name(self.counters[round.loop], ast.Load())
        return nd.binary(node, ast.Add(), ast.Constant(value - now))

    def item(self, leaf: nd.Item) -> ast.expr:
        """An item of a list, or its gradient: by its place in the round, or as forward said."""
        tensor = leaf.tensor
        prefix = "d" if leaf.gradient else ""
        items = self.sweep.items.get(tensor, [])
        step = self.sweep.steps.get(tensor)
        if leaf.gradient and step is not None:
            items = [(root, i) for root, i in items if f"{root}[{i}]" == step.name]
        if self.round is not None:
            if not items:
                return self.value(tensor)
            now = self.round.place
            root, place = min(items, key=lambda item: abs(item[1] - now))
            return nd.subscript(nd.name(prefix + root), self.counter(self.round, place))
        words = self.sweep.recording.notes.tensors.get(tensor)
        if words is not None and (not items or root_of(nd.text(words)) == items[0][0]):
            return ast.parse(prefix + nd.text(words), mode="eval").body
        last = self.sweep.last.get(tensor)
        if last is not None and not (leaf.gradient and items):
            return ast.parse(prefix + nd.text(last), mode="eval").body
        if items:
            root, place = items[0]
            return nd.subscript(nd.name(prefix + root), ast.Constant(place))
        return self.value(tensor)

    # Shapes.

    def alike(self, tensor: Tensor) -> ast.expr | None:
        """A name of something with the shape of `tensor`, best one that is used anyway."""
        at = self.sweep.places.get(tensor, 0)

        def rank(other: Tensor) -> tuple[Any, ...]:
            said = nd.text(self.shapes[other])
            used = root_of(said) in self.used
            mine = other is tensor
            return (
                not (used and mine),
                not (mine and other in self.inputs),
                not used,
                not mine,
                other not in self.inputs,
                abs(self.sweep.places.get(other, 0) - at),
            )

        same = [t for t in self.shapes if self.lengths.same_shape(t, tensor)]
        return self.shapes[min(same, key=rank)] if same else None

    def length(self, dim: Dim) -> ast.expr:
        """The shortest words for a length: a name of forward, or an axis of something used."""
        words, axes = self.lengths.of(dim)
        names = [w for w in words if isinstance(w, (ast.Name, ast.Constant))]
        if names:
            return self.dialect.translated(names[0])
        tensors = [(t, k) for t, k in axes if t in self.shapes]

        def said(tensor: Tensor, axis: int) -> ast.expr:
            shape = ast.Attribute(self.shapes[tensor], "shape", ast.Load())
            return nd.subscript(shape, ast.Constant(axis))

        used = [said(t, k) for t, k in tensors if root_of(nd.text(self.shapes[t])) in self.used]
        plain = [self.dialect.translated(w) for w in words if not nd.leaves(w, Dim)]
        candidates = used or [*plain, *(said(t, k) for t, k in tensors)]
        if candidates:
            return min(candidates, key=lambda node: len(nd.text(node)))
        sums = [w for w in words if all(map(self.has_length, nd.leaves(w, Dim)))]
        if sums:
            return nd.rebuilt(self.dialect.translated(sums[0]), self.settled)
        shape = ast.Attribute(self.inline(dim.tensor), "shape", ast.Load())
        return nd.subscript(shape, ast.Constant(dim.axis))

    def has_length(self, dim: Dim) -> bool:
        """Whether something with a name has this length."""
        words, axes = self.lengths.of(dim)
        return any(not nd.leaves(w, Dim) for w in words) or any(t in self.shapes for t, _ in axes)


def root_of(said: str) -> str:
    """The name that an expression begins with."""
    return re.split(r"[\[.]", said, maxsplit=1)[0]
