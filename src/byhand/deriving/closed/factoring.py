"""A polynomial as an expression that takes few operations.

Common factors are taken out, first those of all terms, then those of most. Products take small
arrays together before large ones. Two sums over the same places become one. Equal expressions are
one object, so that what comes twice can be computed once.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any

from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.bases import Grouped, OpResult, SumOver, VjpResult, comparison_of
from byhand.deriving.closed.common import (
    common_factor,
    content,
    has,
    merged_totals,
    most_shared,
    separated,
    taken,
)
from byhand.deriving.closed.expressions import (
    Add,
    Apply,
    Constant,
    Expr,
    Leaf,
    Lengths,
    Mul,
    Permute,
    Pow,
    Reduce,
    Where,
)
from byhand.deriving.closed.folding import folded
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.terms import Base, Coefficient, Exponent, Factor, Monomial, Terms

EXPENSIVE = {"sigmoid": 4}  # operations
OWN = ("lengths", "cost", "number", "parts")


@dataclass
class Factoring:
    """Makes forms; equal ones are one object."""

    ring: Ring
    table: dict[Hashable, Expr] = field(default_factory=dict[Hashable, Expr])
    of_base: dict[Base, Expr] = field(default_factory=dict[Base, Expr])

    def one(self, kind: type[Any], key: Hashable, lengths: Lengths, cost: int, **rest: Any) -> Any:
        parts: tuple[Expr, ...] = rest.get("parts", ())
        whole = (kind, key, tuple(map(id, parts)))
        found = self.table.get(whole)
        if found is None:
            number = len(self.table)
            found = self.table[whole] = kind(lengths=lengths, cost=cost, number=number, **rest)
        return found

    # From polynomials.

    def of(self, p: Poly) -> Expr:
        return self.terms(p.terms)

    def terms(self, terms: Terms) -> Expr:
        terms = merged_totals(terms, self.ring)
        if not terms:
            return self.constant(0)
        if len(terms) == 1:
            ((monomial, coefficient),) = terms.items()
            return self.product(self.factors(monomial), coefficient)
        common = common_factor(terms)
        number = content(terms)
        if common or number != 1:
            inverse = tm.raised(common, -1)
            rest = {
                tm.times(m, inverse) if common else m: tm.exact(Fraction(c) / number)
                for m, c in terms.items()
            }
            inner = self.sum(rest)
            return self.product([*self.factors(common), (inner, 1)], number)
        return self.sum(terms)

    def sum(self, terms: Terms) -> Expr:
        """Terms without a common factor: those that share one are put together first."""
        chosen = self.choice(terms)
        if chosen is not None:
            return chosen
        split = separated(terms)
        if split is not None:
            return self.product([(self.sum(part), 1) for part in split])
        best = most_shared(terms)
        if best is None:
            return self.joined([self.terms({m: c}) for m, c in terms.items()])
        factor, power = best
        inside = {m: c for m, c in terms.items() if has(m, factor, power)}
        outside = {m: c for m, c in terms.items() if m not in inside}
        first = self.terms(inside)
        if not outside:
            return first
        others = self.sum(outside) if len(outside) > 1 else self.terms(outside)
        return self.joined([first, others])

    def choice(self, terms: Terms) -> Expr | None:
        """a * mask + b * not mask, as one choice."""
        ring = self.ring
        spelled = ring.arrays.spelled
        factors = dict.fromkeys(f for m in terms for f, e in m if e == 1)
        masks = [(f, known) for f in factors if (known := comparison_of(f.base))]
        for mask, (pair, signs) in masks:
            for other, (same, rest) in masks:
                if pair != same or mask.view != other.view or signs | rest != frozenset("<=>"):
                    continue
                if signs & rest or (other.base in spelled and mask.base not in spelled):
                    continue
                sides = [taken(terms, each) for each in (mask, other)]
                others = {
                    m: c for m, c in terms.items() if not has(m, mask, 1) and not has(m, other, 1)
                }
                parts = (self.factor(mask), *(self.terms(side) for side in sides))
                lengths = {k: n for part in parts for k, n in part.lengths.items()}
                form = self.one(Where, (), lengths, math.prod(lengths.values()), parts=parts)
                return self.joined([form, self.terms(others)]) if others else form
        return None

    def joined(self, parts: list[Expr]) -> Expr:
        """The sum of forms: sums within it are opened, small parts are added up first."""
        flat: list[tuple[int, Expr]] = []
        for part in parts:
            sign, bare = self.unsigned(part)
            if isinstance(bare, Add):
                flat += [(sign * s, p) for s, p in zip(bare.signs, bare.parts, strict=True)]
            else:
                flat.append((sign, bare))
        flat.sort(key=lambda item: item[0] < 0)
        lengths: dict[int, int] = {}
        for _, part in flat:
            lengths |= part.lengths
        cost = 0
        sizes: dict[int, int] = {}
        for _, part in flat:
            joint = {**sizes, **part.lengths}
            cost += math.prod(joint.values()) if sizes or part is not flat[0][1] else 0
            sizes = joint
        signs = tuple(s for s, _ in flat)
        return self.one(Add, signs, lengths, cost, parts=tuple(p for _, p in flat), signs=signs)

    def unsigned(self, form: Expr) -> tuple[int, Expr]:
        """The sign that a form begins with, and the rest."""
        match form:
            case Constant(value=value) if value < 0:
                return -1, self.constant(-value)
            case Mul(parts=(Constant(value=value), *_)) if value < 0 and form.above:
                rest = list(form.parts[1:])
                above = [(p, 1) for p in rest[: form.above - 1]]
                below = [(p, -1) for p in rest[form.above - 1 :]]
                return -1, self.product([*above, *below], -value)
            case _:
                return 1, form

    def constant(self, value: Coefficient) -> Expr:
        return self.one(Constant, value, {}, 0, value=value)

    def product(self, factors: list[tuple[Expr, Exponent]], coefficient: Coefficient = 1) -> Expr:
        """Numbers first, then small arrays, then large ones; divided by what is below."""
        above: list[Expr] = []
        below: list[Expr] = []
        for form, exponent in factors:
            if isinstance(form, Mul) and exponent in (1, -1):
                n = form.above
                ups, downs = list(form.parts[:n]), list(form.parts[n:])
                if ups and isinstance(ups[0], Constant):
                    number = Fraction(ups[0].value)
                    coefficient = tm.exact(coefficient * (number if exponent == 1 else 1 / number))
                    ups = ups[1:]
                if downs and isinstance(downs[0], Constant):
                    number = Fraction(downs[0].value)
                    coefficient = tm.exact(coefficient * (1 / number if exponent == 1 else number))
                    downs = downs[1:]
                (above if exponent == 1 else below).extend(ups)
                (below if exponent == 1 else above).extend(downs)
            elif isinstance(form, Constant) and isinstance(exponent, int):
                coefficient = tm.exact(Fraction(coefficient) * Fraction(form.value) ** exponent)
            else:
                power = self.power(form, abs(exponent))
                (above if exponent > 0 else below).append(power)
        above.sort(key=lambda f: f.size)
        below.sort(key=lambda f: f.size)
        fraction = Fraction(coefficient)
        simple = fraction.denominator <= 64 or fraction.denominator in (100, 1000)
        if simple:
            numerator, denominator = fraction.numerator, fraction.denominator
        else:
            numerator, denominator = coefficient, 1
        if numerator != 1 or not above:
            above.insert(0, self.constant(numerator))
        if denominator != 1:
            below.insert(0, self.constant(denominator))
        if len(above) == 1 and not below:
            return above[0]
        return self.kept_product(above, below)

    def kept_product(self, above: list[Expr], below: list[Expr]) -> Expr:
        """A product of these parts as they are."""
        above, below = sorted(above, key=lambda f: f.size), sorted(below, key=lambda f: f.size)
        lengths: dict[int, int] = {}
        cost = 0
        for i, part in enumerate(sorted([*above, *below], key=lambda f: f.size)):
            lengths |= part.lengths
            if i and not (isinstance(part, Constant) and part.value == -1):
                cost += math.prod(lengths.values())
        parts = (*above, *below)
        return self.one(Mul, len(above), lengths, cost, parts=parts, above=len(above))

    def again(self, form: Expr, parts: tuple[Expr, ...]) -> Expr:
        """The same form of other parts, which are worth the same."""
        match form:
            case Mul():
                return self.kept_product(list(parts[: form.above]), list(parts[form.above :]))
            case Add():
                key: Hashable = form.signs
            case Pow():
                key = form.exponent
            case Reduce(over=over):
                key = over
            case Where():
                key = ()
            case Apply():
                key = id(form.base)
            case Permute():
                key = form.moves
            case _:
                return form
        rest = {f.name: getattr(form, f.name) for f in fields(form) if f.name not in OWN}
        return self.one(type(form), key, form.lengths, form.cost, parts=parts, **rest)

    def power(self, form: Expr, exponent: Exponent) -> Expr:
        if exponent == 1:
            return form
        if isinstance(form, Pow):
            return self.power(form.parts[0], tm.exact(form.exponent * exponent))
        return self.one(Pow, exponent, form.lengths, form.size, parts=(form,), exponent=exponent)

    def factors(self, monomial: Monomial) -> list[tuple[Expr, Exponent]]:
        return [(self.factor(f), e) for f, e in monomial]

    def factor(self, factor: Factor) -> Expr:
        base = factor.base
        if isinstance(base, (SumOver, Grouped, OpResult)):
            if base not in self.of_base:
                self.of_base[base] = self.computed(base)
            return self.placed(self.of_base[base], factor)
        lengths = {place: base.shape[axis] for place, axis in factor.view}
        cost = base.value.size if isinstance(base, VjpResult) else 0
        return self.one(Leaf, id(factor), lengths, cost, factor=factor)

    def computed(self, base: SumOver | Grouped | OpResult) -> Expr:
        """What isn't there, but is computed of what is."""
        match base:
            case SumOver(terms=inner):
                return self.summed(inner, base)
            case Grouped(form=p) if p is not None:
                return self.of(p)
            case OpResult(args=args, op=op) if op is not None:
                spelled = base in self.ring.arrays.spelled
                cost = 0 if spelled else EXPENSIVE.get(op.name, 1) * base.value.size
                parts = () if spelled else tuple(self.of(arg) for arg in args)
                lengths = {place: base.shape[axis] for place, axis in base.view}
                return self.one(Apply, id(base), lengths, cost, parts=parts, base=base)
            case _:
                raise AssertionError(base)

    def summed(self, inner: Mapping[Monomial, Coefficient], base: SumOver) -> Expr:
        part = self.terms(folded(self.ring, dict(inner)))
        return self.sum_over(part, base.over, base.counts)

    def sum_over(self, part: Expr, over: tuple[int, ...], counts: Monomial) -> Expr:
        lengths = {place: n for place, n in part.lengths.items() if place not in over}
        return self.one(Reduce, over, lengths, part.size, parts=(part,), over=over, counts=counts)

    def placed(self, form: Expr, factor: Factor) -> Expr:
        own = {axis: place for place, axis in factor.base.view}
        moves = tuple((own[axis], place) for place, axis in factor.view)
        if all(a == b for a, b in moves):
            return form
        lengths = {place: factor.base.shape[axis] for place, axis in factor.view}
        return self.one(Permute, moves, lengths, 0, parts=(form,), moves=moves)
