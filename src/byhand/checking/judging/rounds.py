"""Values that forward makes again and again, in the rounds of a loop or under numbered names, as a
loop of backward goes through their gradients:

    z1 = x @ W1 + b1                    for W in reversed(Ws):
    a1 = np.tanh(z1)                        delta = delta * (1 - a ** 2)
    z2 = a1 @ W2 + b2                       ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from byhand.engine.tensor import Tensor
from byhand.program.program import Program, Step

ROUNDS = "__rounds_"
"""Before the name of a row of gradients, in an exchanged statement that takes one a round."""
SKIPPED = 1
"""How many of the last a loop may leave out: those of the last layer are often made before it."""


@dataclass(frozen=True, eq=False)
class Row:
    """Values that forward makes one after the other, and what they are called."""

    name: str
    values: tuple[Tensor, ...]


@lru_cache(maxsize=1 << 6)
def rows_of(program: Program) -> Mapping[str, Row]:
    """The rows, by names to use in an exchanged statement: each in the order in which backward's
    rounds take its gradients from the end. The values without a name that are made on the same
    lines are rows, too."""
    families: dict[str, list[Step]] = {}
    for step in program:
        if step.line is not None and not step.is_another:
            families.setdefault(re.sub(r"\d+", "", step.name), []).append(step)
    found: dict[str, Row] = {}
    for steps in families.values():
        for row in _rows(steps, [_unnamed(step, program) for step in steps]):
            values = [*{id(tensor): tensor for tensor in row.values}.values()]
            ways = [values[::-1], *(values[: len(values) - i] for i in range(SKIPPED + 1))]
            for way in ways if len(values) > 1 else ():
                found[f"{ROUNDS}{len(found)}"] = Row(row.name, tuple(way))
    return found


def _rows(steps: Sequence[Step], unnamed: Sequence[Sequence[Tensor]]) -> Iterator[Row]:
    """What is made in the steps of one family: the named values, and those without a name, step by
    step; or those of one op within a step, as where a loop fills a dict."""
    name = _called(steps)
    yield Row(name, tuple(step.tensor for step in steps))
    for number in range(min(map(len, unnamed))):
        yield Row(f"what has no name in {name}", tuple(each[number] for each in unnamed))
    for step, inner in zip(steps, unnamed, strict=True):
        made_by = [(tensor, tensor.op.name) for tensor in reversed(inner) if tensor.op is not None]
        for op in dict.fromkeys(name for _, name in made_by):
            alike = tuple(tensor for tensor, name in made_by if name == op)
            yield Row(f"what {op} gives on the way to {step.name}", alike)


def _called(steps: Sequence[Step]) -> str:
    """What the values of several steps are called together: `z`, or `zs[0], zs[1], ...`."""
    names = [*dict.fromkeys(step.name for step in steps)]
    return ", ".join(names if len(names) < 4 else [*names[:2], "..."])


def _unnamed(step: Step, program: Program) -> list[Tensor]:
    """The values without a name that a step is made of, from near to far."""
    found: dict[int, Tensor] = {}
    open_ends = [step.tensor]
    while open_ends:
        for arg in open_ends.pop(0).args:
            if not isinstance(arg, Tensor) or arg.op is None or arg in program.named:
                continue
            if id(arg) not in found:
                found[id(arg)] = arg
                open_ends.append(arg)
    return [*found.values()]
