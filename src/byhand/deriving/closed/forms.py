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
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any

from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.terms import (
    Coefficient,
    Exponent,
    Factor,
    Group,
    Made,
    Monomial,
    Passed,
    Terms,
    Total,
)

Lengths = Mapping[int, int]


@dataclass(frozen=True, eq=False)
class Form:
    """An expression. `lengths`: how long it is at each place that it has. `cost`: what computing
    it from its parts takes, in scalar operations.
    """

    lengths: Lengths
    cost: int
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


EXPENSIVE = {"sigmoid": 4}  # operations
OWN = ("lengths", "cost", "parts")


@dataclass
class Forms:
    """Makes forms; equal ones are one object."""

    ring: Ring
    table: dict[Hashable, Form] = field(default_factory=dict[Hashable, Form])

    def one(self, kind: type[Any], key: Hashable, lengths: Lengths, cost: int, **rest: Any) -> Any:
        parts: tuple[Form, ...] = rest.get("parts", ())
        whole = (kind, key, tuple(map(id, parts)))
        found = self.table.get(whole)
        if found is None:
            found = self.table[whole] = kind(lengths=lengths, cost=cost, **rest)
        return found

    # From polynomials.

    def of(self, p: Poly) -> Form:
        return self.terms(p.terms)

    def terms(self, terms: Terms) -> Form:
        terms = _merged_totals(terms, self.ring)
        if not terms:
            return self.constant(0)
        if len(terms) == 1:
            ((monomial, coefficient),) = terms.items()
            return self.product(self.factors(monomial), coefficient)
        common = _common(terms)
        content = _content(terms)
        if common or content != 1:
            inverse = tm.raised(common, -1)
            rest = {
                tm.times(m, inverse) if common else m: tm.exact(Fraction(c) / content)
                for m, c in terms.items()
            }
            inner = self.sum(rest)
            return self.product([*self.factors(common), (inner, 1)], content)
        return self.sum(terms)

    def sum(self, terms: Terms) -> Form:
        """Terms without a common factor: those that share one are put together first."""
        chosen = self.choice(terms)
        if chosen is not None:
            return chosen
        split = _separated(terms)
        if split is not None:
            return self.product([(self.sum(part), 1) for part in split])
        best = _most_shared(terms)
        if best is None:
            return self.joined([self.terms({m: c}) for m, c in terms.items()])
        factor, power = best
        inside = {m: c for m, c in terms.items() if _has(m, factor, power)}
        outside = {m: c for m, c in terms.items() if m not in inside}
        first = self.terms(inside)
        if not outside:
            return first
        others = self.sum(outside) if len(outside) > 1 else self.terms(outside)
        return self.joined([first, others])

    def choice(self, terms: Terms) -> Form | None:
        """a * mask + b * not mask, as one choice."""
        ring = self.ring
        masks = {f: None for m in terms for f, e in m if e == 1 and f.base in ring.compared}
        for mask in masks:
            pair, signs = ring.compared[mask.base]
            for other in masks:
                same, rest = ring.compared[other.base]
                if pair != same or mask.view != other.view or signs | rest != frozenset("<=>"):
                    continue
                if signs & rest or (other.base in ring.spelled and mask.base not in ring.spelled):
                    continue
                sides = [_taken(terms, each) for each in (mask, other)]
                others = {
                    m: c for m, c in terms.items() if not _has(m, mask, 1) and not _has(m, other, 1)
                }
                parts = (self.factor(mask), *(self.terms(side) for side in sides))
                lengths = {k: n for part in parts for k, n in part.lengths.items()}
                form = self.one(Choice, (), lengths, math.prod(lengths.values()), parts=parts)
                return self.joined([form, self.terms(others)]) if others else form
        return None

    def joined(self, parts: list[Form]) -> Form:
        """The sum of forms: sums within it are opened, small parts are added up first."""
        flat: list[tuple[int, Form]] = []
        for part in parts:
            sign, bare = self.unsigned(part)
            if isinstance(bare, Sum):
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
        return self.one(Sum, signs, lengths, cost, parts=tuple(p for _, p in flat), signs=signs)

    def unsigned(self, form: Form) -> tuple[int, Form]:
        """The sign that a form begins with, and the rest."""
        match form:
            case Constant(value=value) if value < 0:
                return -1, self.constant(-value)
            case Product(parts=(Constant(value=value), *_)) if value < 0 and form.above:
                rest = list(form.parts[1:])
                above = [(p, 1) for p in rest[: form.above - 1]]
                below = [(p, -1) for p in rest[form.above - 1 :]]
                return -1, self.product([*above, *below], -value)
            case _:
                return 1, form

    def constant(self, value: Coefficient) -> Form:
        return self.one(Constant, value, {}, 0, value=value)

    def product(self, factors: list[tuple[Form, Exponent]], coefficient: Coefficient = 1) -> Form:
        """Numbers first, then small arrays, then large ones; divided by what is below."""
        above: list[Form] = []
        below: list[Form] = []
        for form, exponent in factors:
            if isinstance(form, Product) and exponent in (1, -1):
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

    def kept_product(self, above: list[Form], below: list[Form]) -> Form:
        """A product of these parts as they are."""
        above, below = sorted(above, key=lambda f: f.size), sorted(below, key=lambda f: f.size)
        lengths: dict[int, int] = {}
        cost = 0
        for i, part in enumerate(sorted([*above, *below], key=lambda f: f.size)):
            lengths |= part.lengths
            if i and not (isinstance(part, Constant) and part.value == -1):
                cost += math.prod(lengths.values())
        parts = (*above, *below)
        return self.one(Product, len(above), lengths, cost, parts=parts, above=len(above))

    def again(self, form: Form, parts: tuple[Form, ...]) -> Form:
        """The same form of other parts, which are worth the same."""
        match form:
            case Product():
                return self.kept_product(list(parts[: form.above]), list(parts[form.above :]))
            case Sum():
                key: Hashable = form.signs
            case Power():
                key = form.exponent
            case Summed(over=over):
                key = over
            case Choice():
                key = ()
            case Applied():
                key = id(form.base)
            case Placed():
                key = form.moves
            case _:
                return form
        rest = {f.name: getattr(form, f.name) for f in fields(form) if f.name not in OWN}
        return self.one(type(form), key, form.lengths, form.cost, parts=parts, **rest)

    def power(self, form: Form, exponent: Exponent) -> Form:
        if exponent == 1:
            return form
        if isinstance(form, Power):
            return self.power(form.parts[0], tm.exact(form.exponent * exponent))
        return self.one(Power, exponent, form.lengths, form.size, parts=(form,), exponent=exponent)

    def factors(self, monomial: Monomial) -> list[tuple[Form, Exponent]]:
        return [(self.factor(f), e) for f, e in monomial]

    def factor(self, factor: Factor) -> Form:
        base = factor.base
        match base:
            case Total(terms=inner):
                return self.placed(self.summed(inner, base), factor)
            case Group(form=p) if p is not None:
                return self.placed(self.of(p), factor)
            case Made(args=args, op=op) if op is not None:
                parts = tuple(self.of(arg) for arg in args)
                lengths = {place: base.shape[axis] for place, axis in base.view}
                spelled = base in self.ring.spelled
                cost = 0 if spelled else EXPENSIVE.get(op.name, 1) * base.value.size
                parts = () if spelled else parts
                made = self.one(Applied, id(base), lengths, cost, parts=parts, base=base)
                return self.placed(made, factor)
            case _:
                lengths = {place: base.shape[axis] for place, axis in factor.view}
                cost = base.value.size if isinstance(base, Passed) else 0
                return self.one(Leaf, id(factor), lengths, cost, factor=factor)

    def summed(self, inner: Mapping[Monomial, Coefficient], base: Total) -> Form:
        part = self.terms(self.ring.folded(dict(inner)))
        return self.sum_over(part, base.over, base.counts)

    def sum_over(self, part: Form, over: tuple[int, ...], counts: Monomial) -> Form:
        lengths = {place: n for place, n in part.lengths.items() if place not in over}
        return self.one(Summed, over, lengths, part.size, parts=(part,), over=over, counts=counts)

    def placed(self, form: Form, factor: Factor) -> Form:
        own = {axis: place for place, axis in factor.base.view}
        moves = tuple((own[axis], place) for place, axis in factor.view)
        if all(a == b for a, b in moves):
            return form
        lengths = {place: factor.base.shape[axis] for place, axis in factor.view}
        return self.one(Placed, moves, lengths, 0, parts=(form,), moves=moves)


@dataclass
class Sharing:
    """Products that have two factors in common with others get these as one factor."""

    forms: Forms

    def shared(self, roots: list[Form]) -> list[Form]:
        cost = total_cost(roots)
        for _ in range(MOST_SHARED):
            for pair in self.pairs(roots)[:MOST_TRIED]:
                done: dict[int, Form] = {}
                tried = [self.rebuilt(root, pair, done) for root in roots]
                less = total_cost(tried)
                if less < cost:
                    roots, cost = tried, less
                    break
            else:
                break
        return self.nested(roots)

    def nested(self, roots: list[Form]) -> list[Form]:
        """A sum over more axes of what is summed over fewer anyway goes on from there."""
        sums: dict[int, list[Summed]] = {}
        for form in reached(roots):
            if isinstance(form, Summed):
                sums.setdefault(id(form.parts[0]), []).append(form)
        done: dict[int, Form] = {}
        for found in sums.values():
            found.sort(key=lambda f: len(f.over))
            for i, less in enumerate(found):
                for more in found[i + 1 :]:
                    if set(less.over) < set(more.over) and id(more) not in done:
                        counts = {f: e for f, e in more.counts if (f, e) not in less.counts}
                        over = tuple(p for p in more.over if p not in less.over)
                        done[id(more)] = self.forms.sum_over(less, over, tuple(counts.items()))
        return [self.replaced(root, done) for root in roots] if done else roots

    def replaced(self, form: Form, done: dict[int, Form]) -> Form:
        if id(form) not in done:
            parts = tuple(self.replaced(part, done) for part in form.parts)
            done[id(form)] = form if parts == form.parts else self.forms.again(form, parts)
        return done[id(form)]

    def pairs(self, roots: list[Form]) -> list[tuple[Form, Form]]:
        """Two large factors that stand together in several products, the most first."""
        counts: Counter[tuple[int, int]] = Counter()
        forms: dict[int, Form] = {}
        for form in reached(roots):
            if not isinstance(form, Product):
                continue
            parts = [p for p in form.parts[: form.above] if p.lengths]
            forms |= {id(p): p for p in parts}
            ids = sorted(id(p) for p in parts)
            for i, one in enumerate(ids):
                for other in ids[i + 1 :]:
                    joint = {**forms[one].lengths, **forms[other].lengths}
                    if math.prod(joint.values()) == form.size:
                        counts[one, other] += form.size
        seen = [(n, pair) for pair, n in counts.items() if n > self.once(pair, forms)]
        if not seen:
            return []
        parents = Counter(id(part) for form in reached(roots) for part in form.parts)

        def uses(pair: tuple[int, int]) -> int:
            whole = self.forms.product([(forms[i], 1) for i in pair])
            return parents[id(whole)]

        seen.sort(key=lambda item: (item[0], uses(item[1])), reverse=True)
        return [(forms[first], forms[second]) for _, (first, second) in seen]

    def once(self, pair: tuple[int, int], forms: dict[int, Form]) -> int:
        joint = {**forms[pair[0]].lengths, **forms[pair[1]].lengths}
        return math.prod(joint.values())

    def rebuilt(self, form: Form, pair: tuple[Form, Form], done: dict[int, Form]) -> Form:
        found = done.get(id(form))
        if found is not None:
            return found
        parts = tuple(self.rebuilt(part, pair, done) for part in form.parts)
        new = form if parts == form.parts else self.forms.again(form, parts)
        if isinstance(new, Product):
            above = list(new.parts[: new.above])
            whole = len(above) == 2 and new.above == len(new.parts)
            if not whole and all(any(p is f for f in above) for p in pair):
                joint = self.forms.product([(p, 1) for p in pair])
                rest = [f for f in above if f not in pair]
                new = self.forms.kept_product([*rest, joint], list(new.parts[new.above :]))
        done[id(form)] = new
        return new


MOST_SHARED = 8
MOST_TRIED = 3


def total_cost(roots: list[Form]) -> int:
    return sum(form.cost for form in reached(roots))


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


# What terms have in common.


def _common(terms: Terms) -> Monomial:
    first, *others = (dict(m) for m in terms)
    shared = dict(first)
    for powers in others:
        for factor in list(shared):
            e, mine = powers.get(factor, 0), shared[factor]
            if e * mine <= 0:
                del shared[factor]
            else:
                shared[factor] = min(e, mine) if mine > 0 else max(e, mine)
    return tuple(sorted(shared.items(), key=lambda item: item[0].order))


def _content(terms: Terms) -> Coefficient:
    """The number that all coefficients share, if it is worth taking out; the first is positive."""
    values = [Fraction(c) for c in terms.values()]
    sign = -1 if all(v < 0 for v in values) else 1
    sizes = {abs(v) for v in values}
    if len(sizes) == 1:
        (size,) = sizes
        return tm.exact(sign * size)
    return sign


def _taken(terms: Terms, factor: Factor) -> Terms:
    """The terms that have a factor, without it."""
    return {
        tuple((f, e) for f, e in m if f is not factor): c
        for m, c in terms.items()
        if _has(m, factor, 1)
    }


def _separated(terms: Terms) -> tuple[Terms, Terms] | None:
    """(a + b)(c + d) from what it is multiplied out, where one side has a factor of its own."""
    if len(terms) < 4:
        return None
    factors = {f: None for m in terms for f, _ in m}
    for factor in factors:
        groups: dict[Exponent, Terms] = {}
        for monomial, coefficient in terms.items():
            power = next((e for f, e in monomial if f is factor), 0)
            rest = tuple((f, e) for f, e in monomial if f is not factor)
            groups.setdefault(power, {})[rest] = coefficient
        parts = list(groups.items())
        if len(parts) < 2 or len({len(g) for _, g in parts}) != 1 or len(parts[0][1]) < 2:
            continue
        base = parts[0][1]
        scales = [_proportion(base, group) for _, group in parts]
        if all(scale is not None for scale in scales):
            outer: Terms = {}
            for (power, _), scale in zip(parts, scales, strict=True):
                assert scale is not None
                outer = tm.added(
                    outer, {tm.times(scale[0], ((factor, power),) if power else ()): scale[1]}
                )
            return outer, base
    return None


def _proportion(base: Terms, other: Terms) -> tuple[Monomial, Coefficient] | None:
    """The monomial and number that make one sum of the other."""
    first, leading = next(iter(base.items()))
    for monomial, coefficient in other.items():
        ratio = tm.times(monomial, tm.raised(first, -1))
        scale = tm.exact(Fraction(coefficient) / leading)
        if tm.multiplied({ratio: scale}, base) == other:
            return ratio, scale
    return None


def _has(monomial: Monomial, factor: Factor, power: int) -> bool:
    return any(f is factor and (e > 0) == (power > 0) for f, e in monomial)


def _most_shared(terms: Terms) -> tuple[Factor, int] | None:
    """The factor that saves most when it is taken out of the terms that have it."""
    counts: Counter[tuple[Factor, int]] = Counter()
    sizes: Counter[tuple[Factor, int]] = Counter()
    for monomial in terms:
        size = _size(monomial)
        for f, e in monomial:
            if not f.view:
                continue  # a number goes with whatever is smallest
            key = (f, 1 if e > 0 else -1)
            counts[key] += 1
            sizes[key] += size
    shared = [key for key, n in counts.items() if n > 1]
    if not shared:
        return None
    return max(shared, key=lambda key: (sizes[key] - sizes[key] // counts[key], -key[0].order))


def _size(monomial: Monomial) -> int:
    lengths: dict[int, int] = {}
    for f, _ in monomial:
        lengths |= {place: f.base.shape[axis] for place, axis in f.view}
    return math.prod(lengths.values())


def _merged_totals(terms: Terms, ring: Ring) -> Terms:
    """c * M * sum(A) + d * M * sum(B) -> M * sum(c * A + d * B)."""
    alike: dict[Any, list[tuple[Monomial, Factor]]] = {}
    for monomial in terms:
        sums = [f for f, e in monomial if isinstance(f.base, Total) and e == 1]
        if len(sums) == 1 and isinstance(total := sums[0].base, Total):
            rest = tuple((f, e) for f, e in monomial if f is not sums[0])
            key = (rest, total.over, sums[0].view, total.shape)
            alike.setdefault(key, []).append((monomial, sums[0]))
    merged = dict(terms)
    for (rest, *_), found in alike.items():
        if len(found) < 2:
            continue
        leading = terms[found[0][0]]
        inner: Terms = {}
        for monomial, factor in found:
            assert isinstance(factor.base, Total)
            ratio = Fraction(merged.pop(monomial)) / leading
            inner = tm.added(inner, {m: tm.exact(c * ratio) for m, c in factor.base.terms.items()})
        first = found[0][1]
        assert isinstance(first.base, Total)
        base = ring.total_base(inner, first.base.over, first.base.counts)
        merged = tm.added(merged, {tm.times(rest, ((ring.factor(base, first.view), 1),)): leading})
    return merged
