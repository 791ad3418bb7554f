"""Expressions: what a polynomial becomes before it is printed, with what computing it takes."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from byhand.deriving.closed.terms import (
    Coefficient,
    Exponent,
    Factor,
    Made,
    Monomial,
)

Lengths = Mapping[int, int]


@dataclass(frozen=True, eq=False)
class Form:
    """An expression. `lengths`: how long it is at each place that it has. `cost`: what computing
    it from its parts takes, in scalar operations. `number` counts expressions as they are made.
    """

    lengths: Lengths
    cost: int
    number: int = 0
    parts: tuple[Form, ...] = ()

    @property
    def size(self) -> int:
        return math.prod(self.lengths.values())


@dataclass(frozen=True, eq=False)
class Leaf(Form):
    """An array that is there, in a view."""

    factor: Factor | None = None


@dataclass(frozen=True, eq=False)
class Constant(Form):
    value: Coefficient = 1


@dataclass(frozen=True, eq=False)
class Product(Form):
    """The product of the first `above` parts over the product of the others."""

    above: int = 0


@dataclass(frozen=True, eq=False)
class Sum(Form):
    """A sum; `signs` has 1 or -1 for each part."""

    signs: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Power(Form):
    exponent: Exponent = 1


@dataclass(frozen=True, eq=False)
class Summed(Form):
    """The sum of its part over some places. `counts` says how many elements these have."""

    over: tuple[int, ...] = ()
    counts: Monomial = ()


@dataclass(frozen=True, eq=False)
class Choice(Form):
    """Its second part where the first, a mask, is true, and its third elsewhere."""


@dataclass(frozen=True, eq=False)
class Applied(Form):
    """An op applied to its parts; `base` says which."""

    base: Made | None = None


@dataclass(frozen=True, eq=False)
class Placed(Form):
    """Its part in another view: places put elsewhere."""

    moves: tuple[tuple[int, int], ...] = ()


def reached(forms: list[Form]) -> Iterator[Form]:
    """Every form that these are made of, each once, parts first."""
    seen: set[int] = set()

    def visit(form: Form) -> Iterator[Form]:
        if id(form) in seen:
            return
        seen.add(id(form))
        for part in form.parts:
            yield from visit(part)
        yield form

    for form in forms:
        yield from visit(form)
