"""What a sweep hands on, contributions to gradients; and what comes of them, assignments."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from byhand.codegen import nodes as nd
from byhand.codegen.nodes import Changed
from byhand.codegen.notes import Iteration
from byhand.codegen.symbol import Symbol
from byhand.engine.tensor import Tensor
from byhand.ops.shape import CONCATENATE
from byhand.program.program import Step

Leaf = Callable[[ast.expr], ast.expr]


@dataclass(frozen=True)
class Section:
    """The gradient of a part of an array, from `start` to `stop` along an axis."""

    symbol: Symbol
    axis: int
    start: int
    stop: int


@dataclass(frozen=True)
class Contribution:
    """What one use of a value gives back to it. `why` is a remark, or nothing."""

    symbol: Symbol
    user: str = ""
    why: str = ""
    iteration: Iteration | None = None
    part: Section | None = None

    def rebuilt(self, leaf: Leaf) -> Contribution:
        part = self.part
        return replace(
            self,
            symbol=_rebuilt(self.symbol, leaf),
            part=part and replace(part, symbol=_rebuilt(part.symbol, leaf)),
        )


@dataclass(frozen=True)
class Assignment:
    """A gradient to be written down: the sum of `terms`, then `changes`.

    `begun` says that an earlier statement has begun the sum, `whole` that the first term has the
    full shape, so that the others can be added in place, `own` that it must share no memory with
    what it is made from. `tensor` is whose gradient it is, None for a helper; `step` is its name in
    forward. What is smaller than its array is `spread`, a "constant" or an "array".
    """

    target: ast.expr
    terms: tuple[ast.expr, ...]
    changes: tuple[Changed, ...] = ()
    tensor: Tensor | None = None
    step: Step | None = None
    begun: bool = False
    whole: bool = True
    own: bool = False
    spread: str = ""
    remark: str = ""
    iteration: Iteration | None = None

    @classmethod
    def of(cls, target: ast.expr, node: ast.expr, iteration: Iteration | None = None) -> Assignment:
        """A helper: a name for `node`, which may take statements to make."""
        if isinstance(node, Changed):
            return cls(target, (), (node,), iteration=iteration)
        return cls(target, (node,), iteration=iteration)

    def apart(self, said: str) -> Assignment:
        """With memory of its own, if it reads the array called `said`."""
        reads = any(nd.mentions(term, said) for term in self.terms)
        return replace(self, own=True) if reads else self

    def rebuilt(self, leaf: Leaf) -> Assignment:
        """With every leaf of its terms and changes put through `leaf`."""
        return replace(
            self,
            terms=tuple(nd.rebuilt(term, leaf) for term in self.terms),
            changes=tuple(nd.rebuilt(change, leaf) for change in self.changes),
        )


def _rebuilt(symbol: Symbol, leaf: Leaf) -> Symbol:
    return symbol.with_node(nd.rebuilt(symbol.node, leaf))


def joined(tensor: Tensor, found: list[Contribution]) -> list[Contribution]:
    """The parts that an array was split into are put side by side again, if all are there."""
    parts = sorted((each.part for each in found if each.part), key=lambda part: part.start)
    if len(parts) < 2 or len({part.axis for part in parts}) > 1:
        return found
    axis = parts[0].axis
    starts = [*(part.start for part in parts), tensor.value.shape[axis]]
    if starts != [0, *(part.stop for part in parts)]:
        return found
    whole = CONCATENATE(*(part.symbol for part in parts), axis=axis)
    symbol = Symbol(whole.node, whole.value, whole.emitter, tensor)
    users = dict.fromkeys(each.user for each in found if each.part)
    rest = [each for each in found if each.part is None]
    return [Contribution(symbol, listed([*users]), iteration=found[0].iteration), *rest]


def goes_on(only: Contribution, said: str, tensor: Tensor) -> bool:
    """Whether the array called `said` is all that `tensor` gets, as it is or changed in place."""
    node = only.symbol.node
    base = node.base if isinstance(node, Changed) else node
    called = isinstance(base, ast.Name) and base.id == said
    return called and only.symbol.value.shape == tensor.value.shape


def in_place(only: Contribution) -> list[Contribution]:
    """What is left to be done to that array."""
    symbol = only.symbol
    if not isinstance(symbol.node, Changed):
        return []
    return [replace(only, symbol=symbol.with_node(Changed(None, None, symbol.node.change, True)))]


def statement(
    target: ast.expr,
    tensor: Tensor,
    step: Step,
    found: list[Contribution],
    begun: bool,
    hoist: Callable[[ast.expr, str], ast.expr],
) -> Assignment:
    """Full terms first, then smaller ones, then what is written by changing in place."""
    terms = [s.symbol for s in found if not isinstance(s.symbol.node, Changed)]
    changed = [s.symbol for s in found if isinstance(s.symbol.node, Changed)]
    changes: list[Changed] = []
    for i, symbol in enumerate(changed):
        node = symbol.node
        assert isinstance(node, Changed)
        if node.adds or (i == 0 and len(found) == 1 and not begun):
            changes.append(node)
        else:  # it begins with something of its own
            terms.append(Symbol(hoist(node, "grad"), tensor.value, symbol.emitter))
    terms.sort(key=lambda term: term.value.shape != tensor.value.shape)
    shape = np.broadcast_shapes(*(t.value.shape for t in terms)) if terms else ()
    spread = ""
    if terms and shape != tensor.value.shape:
        spread = "array" if any(t.value.ndim for t in terms) else "constant"
    users = list(dict.fromkeys(s.user for s in found if s.user))
    remark = found[0].why if len(found) == 1 else ""
    if len(found) > 1 and len(users) > 1:
        remark = f"used in {listed(users)}"
    return Assignment(
        target,
        tuple(t.node for t in terms),
        tuple(changes),
        tensor,
        step,
        begun,
        whole=bool(terms) and terms[0].value.shape == tensor.value.shape,
        spread=spread,
        remark=remark,
    )


def listed(names: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
