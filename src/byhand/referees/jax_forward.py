"""Forwards that are written in JAX, run as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from byhand.program.problem import Problem
from byhand.referees.bindings import Bindings, is_floats
from byhand.referees.referee import Key
from byhand.values.arrays import is_jax

NOTHING: Mapping[Key, Any] = {}


class JaxForward(Bindings):
    """A forward that is written in JAX, with a zero added to steps."""

    def __init__(self, problem: Problem, zeros: Mapping[Key, Any] = NOTHING) -> None:
        super().__init__(problem)
        self.zeros = zeros

    def is_step(self, value: Any) -> bool:
        return is_jax(value) and is_floats(value)

    def lend(self, value: Any) -> Any:
        return value

    def step(self, key: Key, array: Any) -> Any:
        zero = self.zeros.get(key)
        return array if zero is None else array + zero

    def put(self, held: Any, index: Any, value: Any) -> Any:
        held[index] = value  # JAX says what is to be written instead
        return held
