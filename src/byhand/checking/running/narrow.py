"""Which statements of a backward compute in float32.

PyTorch makes float32 of `torch.zeros(shape)`, and kernels cast to it on purpose. What goes through
such a statement is no more exact than float32 is, whatever type it has afterwards. Whole numbers
are: masks, counts and zeros to add to.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from byhand.checking.running.names import touched_names
from byhand.program.statements import Function, Namespace, Statement
from byhand.values import tree
from byhand.values.held import array
from byhand.values.precision import float_type

SINGLES = frozenset(("float32", "single", "f4", "<f4", "=f4"))
HALVES = frozenset(("float16", "bfloat16", "half", "f2", "<f2", "=f2"))


@dataclass(frozen=True)
class Narrow:
    """The statements that computed in float32 in one run: their lines, by their numbers.

    The number of a statement counts those that ran before it.
    """

    in_torch: bool
    lines: dict[int, int] = field(default_factory=dict[int, int])

    def watched(
        self, number: int, statement: Statement, namespace: Namespace, execute: Callable[[], None]
    ) -> None:
        """Executes a statement, and notes whether it computed in float32."""
        seen: list[bool] = []
        with _in_torch(seen) if self.in_torch else nullcontext():
            execute()
        if seen or mentions(statement.node, SINGLES) or self._holds(statement.node, namespace):
            self.lines[number] = statement.line

    def _holds(self, node: ast.stmt, namespace: Namespace) -> bool:
        touched = (namespace.get(name) for name in touched_names(node))
        return any(is_narrow(leaf) for value in touched for _, leaf in tree.leaves(value))


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


def speaks_of_halves(function: Function) -> bool:
    """Whether a function names a type narrower than float32."""
    return any(mentions(node, HALVES) for node in function.body)


def _in_torch(seen: list[bool]) -> AbstractContextManager[object]:
    from byhand.checking.running.narrow_torch import Watching

    return Watching(lambda value: seen.append(True) if is_narrow(value) else None)
