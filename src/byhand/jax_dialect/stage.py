# pyright: basic
"""A function recorded by JAX, and run again on tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from byhand.engine.tensor import Tensor
from byhand.errors import UnsupportedError
from byhand.jax_dialect.arrays import float64
from byhand.jax_dialect.replay import replay
from byhand.ops.elementwise import POSITIVE_OF
from byhand.values import tree

_LOOKED_AT = (
    "it looks at the value of an array, in an `if` or a `float()`, which JAX doesn't know while it "
    "records: write it with jnp.where or jax.lax.cond"
)


def explained(error: BaseException | None) -> Any:
    """The same in one line, where JAX was asked for a value while it records."""
    asked = isinstance(error, jax.errors.ConcretizationTypeError)
    return UnsupportedError(_LOOKED_AT) if asked else error


def is_traced(value: Any) -> bool:
    """Whether a value is one that JAX is recording."""
    return isinstance(value, Tracer)


def marked(value: Any) -> Any:
    """The same value, under a mark of its own in the record."""
    return jnp.copy(value)


class _Watch:
    """Gives every mark a tensor of its own, and notes the casts before each."""

    def __init__(self, inputs: Sequence[Tensor]) -> None:
        self.named = {*inputs}
        self.marks = 0
        self.casts: list[tuple[int, str]] = []

    def cast(self, old: str, new: str) -> None:
        if "float" in old and "float" in new and old != new:
            self.casts.append((self.marks, new))

    def copied(self, value: Any) -> Any:
        self.marks += 1
        if not isinstance(value, Tensor):
            value = Tensor(value, constant=True)
        if value in self.named:
            value = POSITIVE_OF(value)
        self.named.add(value)
        return value


def staged(
    function: Callable[[Mapping[str, Any]], Sequence[Any]],
    arguments: Mapping[str, Any],
) -> tuple[list[Any], list[tuple[int, str]]]:
    """The results of a function of trees that have tensors in them; and the float types that it
    casts to, each with the number of the mark that comes next. It is recorded in float64, whatever
    the tensors are in, so that its constants are what they are.
    """
    tensors = [leaf for _, leaf in tree.leaves(dict(arguments)) if isinstance(leaf, Tensor)]

    def of_floats(*floats: Any) -> Sequence[Any]:
        given = iter(floats)
        return function(
            tree.map(lambda leaf: next(given) if isinstance(leaf, Tensor) else leaf, arguments)
        )

    watch = _Watch(tensors)
    with float64():
        try:
            jaxpr = jax.make_jaxpr(of_floats)(*(np.float64(tensor.value) for tensor in tensors))
        except jax.errors.ConcretizationTypeError as error:
            raise explained(error) from None
        return replay(jaxpr.jaxpr, jaxpr.consts, tensors, watch), watch.casts
