# pyright: basic
"""What says a primitive: a function of what an equation is given, its parameters and itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from byhand.engine.tensor import Tensor

Rule = Callable[[list[Any], Any, Any], Any]


def number(value: Any) -> Any:
    """A tensor's value, where only that matters."""
    return value.value if isinstance(value, Tensor) else value


def shape_of(equation: Any) -> tuple[int, ...]:
    return tuple(equation.outvars[0].aval.shape)
