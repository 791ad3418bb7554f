"""The values of a program in the order in which forward computed them, and what they end up as."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from byhand.codegen import nodes as nd
from byhand.engine.tensor import Tensor
from byhand.program.program import Program, Step


def in_order(named: list[Tensor]) -> list[Tensor]:
    """The named values and all they were computed from, as forward computed them."""
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    for tensor in named:
        stack: list[tuple[Tensor, bool]] = [(tensor, False)]
        while stack:
            each, done = stack.pop()
            if done:
                order.append(each)
            elif each not in seen:
                seen.add(each)
                stack.append((each, True))
                stack += [(a, False) for a in reversed(each.parents)]
    return order


def depending(order: list[Tensor], wanted: set[Tensor]) -> set[Tensor]:
    """The values that depend on a wanted one."""
    live = set(wanted)
    for tensor in order:
        if not live.isdisjoint(tensor.parents):
            live.add(tensor)
    return live


def uses(
    order: Sequence[Tensor], live: Collection[Tensor], outputs: Iterable[Tensor]
) -> dict[Tensor, int]:
    """How many contributions each value will get."""
    counts: dict[Tensor, int] = dict.fromkeys(order, 0)
    reached = set(outputs)
    for tensor in reversed(order):
        if tensor in reached and tensor in live:
            for position, arg in enumerate(tensor.args):
                if isinstance(arg, Tensor) and tensor.op and tensor.op.vjp(position):
                    reached.add(arg)
                    counts[arg] += 1
    return counts


@dataclass
class Endings:
    """What the names of forward stand for at its end, where backward begins.

    `last` has the name of a tensor, `items` its places in lists: hs[2] is `("hs", 2)`.
    """

    last: dict[Tensor, ast.expr] = field(default_factory=dict[Tensor, ast.expr])
    items: dict[Tensor, list[tuple[str, int]]] = field(
        default_factory=dict[Tensor, list[tuple[str, int]]]
    )

    def call(self, tensor: Tensor, name: str) -> None:
        """Remembers that at the end of forward `name` stands for `tensor`."""
        node = nd.parsed(name)
        match node:
            case ast.Subscript(value=ast.Name(id=root), slice=ast.Constant(value=int() as index)):
                self.items.setdefault(tensor, []).append((root, index))
            case _:
                pass
        if node is not None:
            self.last.setdefault(tensor, node)


def endings(program: Program, steps: dict[Tensor, Step]) -> Endings:
    """The last binding of every name; a copy has the value of what was copied."""
    found = Endings()
    for name, bound in program.bindings.items():
        found.call(bound[-1].tensor, name)
    for tensor, step in steps.items():
        if tensor.op is not None and tensor.op.name == "positive" and tensor in found.last:
            found.call(tensor.args[0], step.name)
    return found


def list_of(step: Step) -> str:
    """The list that a step is an item of, or nothing."""
    return step.name.partition("[")[0] if "[" in step.name else ""
