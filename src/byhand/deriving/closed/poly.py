"""Sums of monomials, as operands: an op applied to them simplifies where it can.

Feeding a rule of `byhand.ops` with polynomials gives the gradient as a polynomial. Sums, products,
powers, reductions, new axes and transposes are the ring's own; any other op makes an array that is
known only by how it was made.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from byhand.deriving.closed.terms import Monomial, Terms, evaluated, places
from byhand.ops.arraylike import ArrayLike
from byhand.ops.op import Op
from byhand.values.arrays import Array


class Algebra(Protocol):
    """What applies ops to polynomials: the ring."""

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Poly: ...


class Poly(ArrayLike):
    """A sum of monomials in the frame of an array of this shape; lengths may carry their words."""

    __slots__ = ("_value", "algebra", "shape_", "terms")

    def __init__(self, algebra: Algebra, terms: Terms, shape: tuple[int, ...]) -> None:
        self.algebra = algebra
        self.terms = terms
        self.shape_ = shape
        self._value: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.shape_

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float64)

    @property
    def value(self) -> Array:
        """Its value in this run of forward."""
        if self._value is None:
            shape = tuple(map(int, self.shape))
            self._value = np.broadcast_to(evaluated(self.terms, len(shape)), shape)
        return self._value

    @property
    def zero(self) -> bool:
        return not self.terms

    @property
    def key(self) -> frozenset[Any]:
        """Equal for equal sums."""
        return frozenset(self.terms.items())

    @property
    def single(self) -> Monomial | None:
        """The monomial, if it is one with coefficient 1."""
        if len(self.terms) == 1:
            ((monomial, coefficient),) = self.terms.items()
            return monomial if coefficient == 1 else None
        return None

    @property
    def places(self) -> frozenset[int]:
        found: frozenset[int] = frozenset()
        for monomial in self.terms:
            found |= places(monomial)
        return found

    def astype(self, dtype: Any, **_: Any) -> Any:
        return self

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Poly:
        return self.algebra.apply(op, args, params)
