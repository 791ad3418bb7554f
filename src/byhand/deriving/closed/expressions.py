"""Expressions: what a polynomial becomes before it is printed, with what computing it takes."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from byhand.deriving.closed.bases import OpResult
from byhand.deriving.closed.terms import Coefficient, Exponent, Factor, Monomial

Lengths = Mapping[int, int]


@dataclass(frozen=True, eq=False)
class Expr:
    """An expression. `lengths`: how long it is at each place that it has. `cost`: what computing
    it from its parts takes, in scalar operations. `number` counts expressions as they are made.
    """

    lengths: Lengths
    cost: int
    number: int = 0
    parts: tuple[Expr, ...] = ()

    @property
    def size(self) -> int:
        return math.prod(self.lengths.values())


@dataclass(frozen=True, eq=False)
class Leaf(Expr):
    """An array that is there, in a view."""

    factor: Factor | None = None


@dataclass(frozen=True, eq=False)
class Constant(Expr):
    value: Coefficient = 1


@dataclass(frozen=True, eq=False)
class Mul(Expr):
    """The product of the first `above` parts over the product of the others."""

    above: int = 0


@dataclass(frozen=True, eq=False)
class Add(Expr):
    """A sum; `signs` has 1 or -1 for each part."""

    signs: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Pow(Expr):
    exponent: Exponent = 1


@dataclass(frozen=True, eq=False)
class Reduce(Expr):
    """The sum of its part over some places. `counts` says how many elements these have."""

    over: tuple[int, ...] = ()
    counts: Monomial = ()


@dataclass(frozen=True, eq=False)
class Where(Expr):
    """Its second part where the first, a mask, is true, and its third elsewhere."""


@dataclass(frozen=True, eq=False)
class Apply(Expr):
    """An op applied to its parts; `base` says which."""

    base: OpResult | None = None


@dataclass(frozen=True, eq=False)
class Permute(Expr):
    """Its part in another view: places put elsewhere."""

    moves: tuple[tuple[int, int], ...] = ()


def reached(forms: list[Expr]) -> Iterator[Expr]:
    """Every form that these are made of, each once, parts first."""
    seen: set[int] = set()

    def visit(form: Expr) -> Iterator[Expr]:
        if id(form) in seen:
            return
        seen.add(id(form))
        for part in form.parts:
            yield from visit(part)
        yield form

    for form in forms:
        yield from visit(form)
