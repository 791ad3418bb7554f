"""Who answers for which of NumPy's functions, and what they share."""

# NumPy does not say what its functions give for an operand.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from byhand.errors import UnsupportedError
from byhand.values.arrays import Array, numbered

F = TypeVar("F", bound=Callable[..., Any])

COMPOSITES: dict[Callable[..., Any], Callable[..., Any]] = {}


def answers(*functions: Callable[..., Any]) -> Callable[[F], F]:
    return answering(COMPOSITES, functions)


def answering(
    table: dict[Callable[..., Any], Callable[..., Any]], functions: Sequence[Callable[..., Any]]
) -> Callable[[F], F]:
    """A decorator that puts a function into a table as the answer for some of NumPy's."""

    def register(answer: F) -> F:
        table.update(dict.fromkeys(functions, answer))
        return answer

    return register


def ndim(x: Any) -> int:
    return len(np.shape(x))


def numbers(x: Any) -> Array:
    """The number of each element, in memory order."""
    return numbered(tuple(int(n) for n in np.shape(x)))


def at(axis: int, n: int, index: Any) -> tuple[Any, ...]:
    """`index` along one of `n` axes, everything along those before it."""
    return (*(slice(None),) * (axis % n), index)


def row(x: Any) -> Any:
    return x if ndim(x) == 1 else np.reshape(x, -1)


def not_empty(name: str, n: int) -> None:
    if n == 0:
        raise UnsupportedError(f"{name} of nothing has no rule")
