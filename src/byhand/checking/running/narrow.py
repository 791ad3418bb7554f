"""Which statements of a backward compute in float32, and whether any does in a half.

PyTorch makes float32 of `torch.zeros(shape)`, and kernels cast to it on purpose. What goes through
such a statement is no more exact than float32 is, whatever type it has afterwards. Whole numbers
are: masks, counts and zeros to add to.
"""

from __future__ import annotations

import ast
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from byhand.checking.running.names import touched_names
from byhand.program.statements import Namespace, Statement
from byhand.values import tree
from byhand.values.held import array
from byhand.values.precision import HALVES, float_type

SINGLES = frozenset(("float32", "single", "f4", "<f4", "=f4"))


@dataclass(frozen=True)
class Narrow:
    """The statements that computed in float32 in one run: their lines, by their numbers.

    The number of a statement counts those that ran before it. `halves` are the numbers of those
    that computed in a type which is narrower still.
    """

    in_torch: bool
    lines: dict[int, int] = field(default_factory=dict[int, int])
    halves: set[int] = field(default_factory=set[int])

    def execute(self, number: int, statement: Statement, namespace: Namespace) -> None:
        """Executes a statement, and notes whether it computed in float32."""
        seen: list[Any] = []
        with _in_torch(seen) if self.in_torch else nullcontext():
            statement.execute(namespace)
        touched = (namespace.get(name) for name in touched_names(statement.node))
        seen += (leaf for value in touched for _, leaf in tree.leaves(value))
        if mentions(statement.node, SINGLES) or any(map(is_narrow, seen)):
            self.lines[number] = statement.line
        if any(float_type(value) in HALVES for value in seen):
            self.halves.add(number)


def is_narrow(value: Any) -> bool:
    """Whether a value is float32, and not all whole numbers."""
    if float_type(value) != "float32":
        return False
    held = array(value)
    return held is not None and not np.array_equal(held, np.round(held))


@lru_cache(maxsize=1 << 12)
def mentions(node: ast.stmt, words: frozenset[str]) -> bool:
    """Whether a statement speaks of a type that is called by one of these words."""
    for part in ast.walk(node):
        match part:
            case ast.Attribute(attr=word) | ast.Name(id=word) | ast.Constant(value=str(word)):
                if word in words:
                    return True
            case _:
                pass
    return False


def _in_torch(seen: list[Any]) -> AbstractContextManager[object]:
    from byhand.checking.running.narrow_torch import Watching

    return Watching(seen.append)
