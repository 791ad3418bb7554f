"""What the terms of a sum have in common."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from typing import Any

from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.bases import SumOver
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.sums import sum_base
from byhand.deriving.closed.terms import Coefficient, Exponent, Factor, Monomial, Terms


def common_factor(terms: Terms) -> Monomial:
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


def content(terms: Terms) -> Coefficient:
    """The number that all coefficients share, if it is worth taking out; the first is positive."""
    values = [Fraction(c) for c in terms.values()]
    sign = -1 if all(v < 0 for v in values) else 1
    sizes = {abs(v) for v in values}
    if len(sizes) == 1:
        (size,) = sizes
        return tm.exact(sign * size)
    return sign


def taken(terms: Terms, factor: Factor) -> Terms:
    """The terms that have a factor, without it."""
    return {
        tuple((f, e) for f, e in m if f is not factor): c
        for m, c in terms.items()
        if has(m, factor, 1)
    }


def separated(terms: Terms) -> tuple[Terms, Terms] | None:
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


def has(monomial: Monomial, factor: Factor, power: int) -> bool:
    return any(f is factor and (e > 0) == (power > 0) for f, e in monomial)


def most_shared(terms: Terms) -> tuple[Factor, int] | None:
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


def _lengths(total: SumOver) -> frozenset[tuple[int, int]]:
    """How long a sum is at each of the places that it is over."""
    return frozenset(
        (place, factor.length(place))
        for monomial in total.terms
        for factor, _ in monomial
        for place in factor.places & frozenset(total.over)
    )


def merged_totals(terms: Terms, ring: Ring) -> Terms:
    """c * M * sum(A) + d * M * sum(B) -> M * sum(c * A + d * B)."""
    alike: dict[Any, list[tuple[Monomial, Factor]]] = {}
    for monomial in terms:
        sums = [f for f, e in monomial if isinstance(f.base, SumOver) and e == 1]
        if len(sums) == 1 and isinstance(total := sums[0].base, SumOver):
            rest = tuple((f, e) for f, e in monomial if f is not sums[0])
            key = (rest, total.over, sums[0].view, total.shape, _lengths(total))
            alike.setdefault(key, []).append((monomial, sums[0]))
    merged = dict(terms)
    for (rest, *_), found in alike.items():
        if len(found) < 2:
            continue
        leading = terms[found[0][0]]
        inner: Terms = {}
        for monomial, factor in found:
            assert isinstance(factor.base, SumOver)
            ratio = Fraction(merged.pop(monomial)) / leading
            inner = tm.added(inner, {m: tm.exact(c * ratio) for m, c in factor.base.terms.items()})
        first = found[0][1]
        assert isinstance(first.base, SumOver)
        base = sum_base(ring, inner, first.base.over, first.base.counts)
        merged = tm.added(
            merged, {tm.times(rest, ((ring.arrays.factor(base, first.view), 1),)): leading}
        )
    return merged
