"""Arithmetic on sums of monomials: with what stands for what, and the identities of masks."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from byhand.codegen.sizes import SymInt
from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.arrays import Arrays
from byhand.deriving.closed.bases import ForwardValue, Grouped, NamedNumber
from byhand.deriving.closed.facts import Facts, Log
from byhand.deriving.closed.masks import tidy
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.terms import Base, Coefficient, Exponent, Factor, Monomial, Terms
from byhand.ops.op import Op

MOST_TERMS = 12  # of a product that is multiplied out
LARGEST = 10**60  # numerator or denominator
HIGHEST = 64  # exponent


class Growing(Exception):
    """A polynomial has grown out of bounds: this reading of forward is no use."""


def bounded(terms: Terms) -> Terms:
    """Raises Growing where a number or an exponent has grown beyond all use."""
    for monomial, coefficient in terms.items():
        fraction = Fraction(coefficient)
        if max(abs(fraction.numerator), fraction.denominator) > LARGEST:
            raise Growing
        if any(abs(exponent) > HIGHEST for _, exponent in monomial):
            raise Growing
    return terms


@dataclass(frozen=True, eq=False)
class Arithmetic(ABC):
    """`expand`: products of sums are multiplied out; else a sum is kept together as one factor.

    What is made use of of the `facts` is put into the `log`.
    """

    arrays: Arrays
    facts: Facts
    log: Log
    expand: bool

    @abstractmethod
    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Poly:
        """An op on polynomials."""

    def atom(self, base: Base, shape: tuple[int, ...] | None = None) -> Poly:
        """The array itself."""
        return Poly(self, {((self.arrays.factor(base, base.view), 1),): 1}, shape or base.shape)

    def scaled(self, p: Poly, by: Exponent) -> Poly:
        return Poly(self, {m: tm.exact(c * by) for m, c in p.terms.items()} if by else {}, p.shape)

    def sum(self, p: Poly, q: Poly) -> Poly:
        return Poly(self, tm.added(p.terms, q.terms), joint(p.shape, q.shape))

    def product(self, p: Poly, q: Poly) -> Poly:
        shape = joint(p.shape, q.shape)
        if len(q.terms) > 1:
            q = self.cancelling(q, p)
        if len(p.terms) > 1:
            p = self.cancelling(p, q)
        if len(p.terms) > 1 and len(q.terms) > 1:
            count = len(p.terms) * len(q.terms)
            if not self.expand or count > MOST_TERMS:
                if len(p.terms) > len(q.terms):
                    p = self.grouped(p)
                else:
                    q = self.grouped(q)
        return Poly(self, bounded(self.tidied(tm.multiplied(p.terms, q.terms))), shape)

    def tidied(self, terms: Terms) -> Terms:
        """With the identities of masks and one-hot arrays used in every monomial."""
        if not any(f.base.idempotent or f.base in self.facts.powers for m in terms for f, _ in m):
            return terms
        result: Terms = {}
        for monomial, coefficient in terms.items():
            monomial = tidy(monomial, self.arrays, self.log)
            if monomial is not None:
                result = tm.added(result, self.powered({monomial: coefficient}))
        return result

    def power(self, p: Poly, exponent: Exponent) -> Poly:
        """p ** exponent; a sum, or what may be negative under a root, is kept as one factor."""
        exponent = tm.exact(exponent)
        if exponent == 1 or p.zero:
            return p
        if self.expand and exponent == 2 and 1 < len(p.terms) ** 2 <= MOST_TERMS:
            return self.product(p, p)
        whole = isinstance(exponent, int)
        p = self.grouped(p)
        ((monomial, coefficient),) = p.terms.items()
        if whole:
            scale = Fraction(coefficient) ** exponent
        elif coefficient == 1 and self.rootable(monomial):
            scale = 1
        else:
            monomial, scale = ((self.group(p), 1),), 1
        return Poly(self, {tm.raised(monomial, exponent): tm.exact(scale)}, p.shape)

    def rootable(self, monomial: Monomial) -> bool:
        """Whether roots of its factors may be taken one by one."""
        if len(monomial) == 1 and (monomial[0][1] == 1 or not isinstance(monomial[0][1], int)):
            return True
        return all(self.is_positive(f.base) for f, _ in monomial)

    def is_positive(self, base: Base) -> bool:
        """As forward's text says it; a length is positive anyway."""
        if isinstance(base, NamedNumber):
            return bool(base.value > 0)
        return isinstance(base, ForwardValue) and base.tensor in self.facts.positive

    def grouped(self, p: Poly) -> Poly:
        """A sum as one factor, up to its leading coefficient."""
        if len(p.terms) < 2:
            return p
        leading = self.leading(p.terms)
        if p.key in self.facts.names and self.facts.names[p.key] not in self.facts.rules:
            leading = 1
        factor = self.group(self.scaled(p, Fraction(1) / leading))
        return Poly(self, {((factor, 1),): leading}, p.shape)

    def leading(self, terms: Terms) -> Coefficient:
        """The coefficient of the term that comes first in an order of its own."""
        return terms[min(terms, key=lambda m: [(f.order, e) for f, e in m])]

    def group(self, p: Poly) -> Factor:
        name = self.facts.names.get(p.key)
        if name is not None and name not in self.facts.rules:
            return self.arrays.factor(name, name.view)
        value = tm.evaluated(p.terms, len(p.shape))
        base = self.arrays.base(("group", p.key), lambda: Grouped(value.shape, value, form=p))
        return self.arrays.factor(base, base.view)

    # Substitution.

    def normal(self, p: Poly) -> Poly:
        """With everything replaced that something else stands for."""
        if not any(f.base in self.facts.rules for m in p.terms for f, _ in m):
            return p
        result: Terms = {}
        for monomial, coefficient in p.terms.items():
            kept = tuple((f, e) for f, e in monomial if f.base not in self.facts.rules)
            product = Poly(self, {kept: coefficient}, p.shape)
            for f, e in monomial:
                rule = self.facts.rules.get(f.base)
                if rule is not None:
                    self.log.rules[rule] = None
                    form = self.normal(rule.form)
                    product = self.product(product, self.power(self.viewed(form, f), e))
            result = tm.added(result, product.terms)
        return Poly(self, result, p.shape)

    def viewed(self, form: Poly, factor: Factor) -> Poly:
        """A form of a base, in the view in which the base stands."""
        own = {axis: place for place, axis in factor.base.view}
        moves = {own[axis]: place for place, axis in factor.view}
        if all(a == b for a, b in moves.items()):
            return form
        return self.moved(form, moves, None)

    def moved(self, p: Poly, moves: Mapping[int, int], shape: tuple[int, ...] | None) -> Poly:
        """Every place put where `moves` says; places of length 1 may be missing there."""
        result: Terms = {}
        for monomial, coefficient in p.terms.items():
            new: Monomial = ()
            for f, e in monomial:
                view = tuple(sorted((moves[place], axis) for place, axis in f.view))
                new = tm.times(new, ((self.arrays.factor(f.base, view), e),))
            result = tm.added(result, {new: coefficient})
        return Poly(self, result, shape if shape is not None else p.shape)

    def powered(self, terms: Terms) -> Terms:
        """x**(y - 1) * x -> x**y."""
        ((monomial, coefficient),) = terms.items()
        for f, e in monomial:
            if f.base not in self.facts.powers or e != 1 or f.view != f.base.view:
                continue
            x, whole = self.facts.powers[f.base]
            one = self.grouped(x)
            ((core, scale),) = one.terms.items()
            if divides(core, monomial):
                rest = tuple((g, k) for g, k in monomial if g is not f)
                rest = tm.times(rest, tm.raised(core, -1))
                return tm.multiplied({rest: Fraction(coefficient) / scale}, whole.terms)
        return terms

    def cancelling(self, p: Poly, other: Poly) -> Poly:
        """A sum that the other divides by, as the one factor that it is there."""
        for base, (x, _) in self.facts.powers.items():
            if any(f.base is base for m in other.terms for f, _ in m):
                scale = Fraction(self.leading(p.terms)) / self.leading(x.terms)
                if p.key == self.scaled(x, scale).key:
                    return self.grouped(p)
        below = [f for m in other.terms for f, e in m if e < 0 and isinstance(f.base, Grouped)]
        leading = self.leading(p.terms)
        for f in below:
            assert isinstance(f.base, Grouped) and f.base.form is not None
            scale = Fraction(leading) / self.leading(f.base.form.terms)
            if p.key == self.scaled(f.base.form, scale).key:
                return Poly(self, {((f, 1),): tm.exact(scale)}, p.shape)
        return p


def divides(part: Monomial, whole: Monomial) -> bool:
    powers = dict(whole)
    return all((0 < e <= powers.get(f, 0)) or (powers.get(f, 0) <= e < 0) for f, e in part)


def joint(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The broadcast shape, with the words of whichever side has the length."""
    ndim = max(len(a), len(b))
    padded = [(1,) * (ndim - len(s)) + tuple(s) for s in (a, b)]
    return tuple(
        m if n == 1 or (isinstance(m, SymInt) and m != 1) else n
        for m, n in zip(*padded, strict=True)
    )
