"""The arrays that a closed form may mention, by where they come from."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.terms import Base, Coefficient, Monomial
from byhand.engine.tensor import Tensor
from byhand.ops.op import Op


@dataclass(frozen=True, eq=False)
class ForwardValue(Base):
    """A value of forward, with a name or without one."""

    tensor: Tensor | None = None


@dataclass(frozen=True, eq=False)
class PlainArray(Base):
    """An array of forward that has no gradient: labels, a mask."""

    array: Any = None


@dataclass(frozen=True, eq=False)
class NamedNumber(Base):
    """A number that forward has words for, such as `n - 1`."""

    node: ast.expr | None = None


@dataclass(frozen=True, eq=False)
class WrittenGradient(Base):
    """The gradient of a value of forward, once it is written down or given."""

    tensor: Tensor | None = None
    form: Poly | None = None


@dataclass(frozen=True, eq=False)
class UpstreamGradient(Base):
    """A gradient that backward is given."""

    name: str = ""


@dataclass(frozen=True, eq=False)
class VjpResult(Base):
    """What the rule of `tensor`'s op hands to one of its arguments, for this gradient."""

    tensor: Tensor | None = None
    position: int = 0
    g: Poly | None = None


@dataclass(frozen=True, eq=False)
class OpResult(Base):
    """An op that is none of the ring's, applied to what is."""

    op: Op | None = None
    args: tuple[Any, ...] = ()
    params: Mapping[str, Any] | None = None

    @cached_property
    def comparison(self) -> tuple[Hashable, frozenset[str]] | None:
        """What is compared, and the signs of x - y for which it is true."""
        if self.op is None or not self.op.compares:
            return None
        x, y = self.args
        return (x.key, y.key, len(x.shape), len(y.shape)), frozenset(self.op.compares)


@dataclass(frozen=True, eq=False)
class OneHot(Base):
    """Ones where `index` reads one element of each row of a matrix, zeros elsewhere."""

    index: tuple[Any, ...] = ()
    worded: tuple[int, ...] = ()
    """The shape, with the words that forward has for it."""


@dataclass(frozen=True, eq=False)
class SumOver(Base):
    """The sum of `terms` over some places. `counts` says how many elements these have."""

    terms: Mapping[Monomial, Coefficient] = field(default_factory=dict[Any, Any])
    over: tuple[int, ...] = ()
    counts: Monomial = ()


@dataclass(frozen=True, eq=False)
class Grouped(Base):
    """A sum of several monomials that is kept together."""

    form: Poly | None = None


def comparison_of(base: Base) -> tuple[Hashable, frozenset[str]] | None:
    return base.comparison if isinstance(base, OpResult) else None


def bases(p: Poly) -> set[Base]:
    """Every base that a polynomial is made of, also inside others."""
    seen: set[Base] = set()
    stack: list[Any] = [p.terms]
    while stack:
        for monomial in stack.pop():
            for factor, _ in monomial:
                base = factor.base
                if base in seen:
                    continue
                seen.add(base)
                match base:
                    case SumOver(terms=terms):
                        stack.append(terms)
                    case Grouped(form=form) if form is not None:
                        stack.append(form.terms)
                    case OpResult(args=args):
                        stack += [arg.terms for arg in args]
                    case VjpResult(g=g) if g is not None:
                        stack.append(g.terms)
                    case _:
                        pass
    return seen
