"""What a closed form is made of: factors, monomials, and how they look in a common frame.

Elementwise products and sums of broadcast arrays form a commutative ring. A monomial is a product
of factors with rational exponents. A factor is an array (its `Base`) in a *view*: at which place
of the frame each of its axes stands. Places are counted from the last axis, as broadcasting does:
place 0 is the last axis of whatever the factor is multiplied with. A transpose, a new axis and a
dropped axis of length 1 are only other places, so they need no rules of their own.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from byhand.values.arrays import Array

Exponent: TypeAlias = int | Fraction
Coefficient: TypeAlias = int | Fraction
View: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs of a place and the axis that stands there, by place."""


@dataclass(frozen=True, eq=False)
class Base:
    """An array that a closed form may mention. `idempotent`: x * x = x, as for a mask."""

    shape: tuple[int, ...]
    value: Array
    idempotent: bool = False

    @property
    def view(self) -> View:
        """Every axis where it stands in the array itself; axes of length 1 need no place."""
        ndim = len(self.shape)
        return tuple((ndim - 1 - a, a) for a in reversed(range(ndim)) if self.shape[a] != 1)


@dataclass(frozen=True, eq=False)
class Factor:
    """An array in a view. Equal factors are one object; `order` puts them in order."""

    base: Base
    view: View
    order: int

    @property
    def places(self) -> frozenset[int]:
        return frozenset(place for place, _ in self.view)

    def length(self, place: int) -> int:
        return next((self.base.shape[axis] for p, axis in self.view if p == place), 1)

    @property
    def size(self) -> int:
        size = 1
        for _, axis in self.view:
            size *= self.base.shape[axis]
        return size


Monomial: TypeAlias = tuple[tuple[Factor, Exponent], ...]
Terms: TypeAlias = dict[Monomial, Coefficient]


def exact(x: Exponent) -> Exponent:
    """A fraction that is whole as an int."""
    return x.numerator if isinstance(x, Fraction) and x.denominator == 1 else x


def times(a: Monomial, b: Monomial) -> Monomial:
    """The product of two monomials."""
    if not a or not b:
        return a or b
    powers = dict(a)
    for factor, exponent in b:
        power = exact(powers.get(factor, 0) + exponent)
        if factor.base.idempotent and power > 0:
            power = 1
        if power:
            powers[factor] = power
        else:
            powers.pop(factor, None)
    return tuple(sorted(powers.items(), key=_by_order))


def _by_order(item: tuple[Factor, Exponent]) -> int:
    return item[0].order


def raised(a: Monomial, exponent: Exponent) -> Monomial:
    return tuple(
        (f, 1 if f.base.idempotent and exponent > 0 else exact(e * exponent)) for f, e in a
    )


def added(*parts: Mapping[Monomial, Coefficient]) -> Terms:
    total: Terms = {}
    for part in parts:
        for monomial, coefficient in part.items():
            value = exact(total.get(monomial, 0) + coefficient)
            if value:
                total[monomial] = value
            else:
                total.pop(monomial, None)
    return total


def multiplied(a: Mapping[Monomial, Coefficient], b: Mapping[Monomial, Coefficient]) -> Terms:
    total: Terms = {}
    for one, c in a.items():
        for other, d in b.items():
            monomial = times(one, other)
            value = exact(total.get(monomial, 0) + c * d)
            if value:
                total[monomial] = value
            else:
                total.pop(monomial, None)
    return total


def places(monomial: Iterable[tuple[Factor, Exponent]]) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    for factor, _ in monomial:
        found |= factor.places
    return found


def laid_out(value: Array, view: View, ndim: int) -> Array:
    """The value of a factor in a frame of `ndim` axes, to be broadcast."""
    order = [axis for _, axis in reversed(view)]
    rest = [a for a in range(value.ndim) if a not in order]  # all of length 1
    moved = value.transpose(rest + order)
    lengths = [1] * ndim
    for place, axis in view:
        lengths[ndim - 1 - place] = value.shape[axis]
    return np.reshape(moved, lengths)


def evaluated(terms: Mapping[Monomial, Coefficient], ndim: int) -> Array:
    """The value of a sum of monomials in a frame of `ndim` axes, to be broadcast."""
    total: Array = np.zeros((1,) * ndim)
    for monomial, coefficient in terms.items():
        product: Any = np.full((1,) * ndim, float(coefficient))
        for factor, exponent in monomial:
            part = laid_out(np.asarray(factor.base.value, dtype=float), factor.view, ndim)
            product = product * (part if exponent == 1 else part ** float(exponent))
        total = total + product
    return total
