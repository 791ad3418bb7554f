"""Sums over places: what doesn't have a place goes out of the sum, and known sums are put in."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast

import numpy as np

from byhand.codegen.notes import where
from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.bases import ForwardValue, PlainArray, SumOver, WrittenGradient
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.terms import Base, Factor, Monomial, Terms


def sum_over(ring: Ring, p: Poly, over: frozenset[int]) -> Poly:
    """The sum over these places, which then have length 1."""
    ndim = len(p.shape)
    shape = tuple(1 if ndim - 1 - a in over else n for a, n in enumerate(p.shape))
    result: Terms = {}
    for monomial, coefficient in p.terms.items():
        part = _of_monomial(ring, monomial, over, p.shape)
        result = tm.added(result, {m: c * coefficient for m, c in part.items()})
    return Poly(ring, result, shape)


def _of_monomial(
    ring: Ring, monomial: Monomial, over: frozenset[int], shape: tuple[int, ...]
) -> Terms:
    inside = tuple((f, e) for f, e in monomial if f.places & over)
    outside: Terms = {tuple((f, e) for f, e in monomial if not f.places & over): 1}
    for place in over - tm.places(inside):
        if shape[len(shape) - 1 - place] != 1:
            count = ring.number(shape[len(shape) - 1 - place])
            outside = tm.multiplied(outside, count.terms)
    over = over & tm.places(inside)
    if not inside:
        return outside
    holders = {a: frozenset(f for f, _ in inside if a in f.places) for a in over}
    fewest = min(holders, key=lambda a: (len(holders[a]), a))
    together = frozenset(a for a in over if holders[a] == holders[fewest])
    core = tuple((f, e) for f, e in inside if f in holders[fewest])
    rest: Monomial = tuple((f, e) for f, e in inside if f not in holders[fewest])
    counts: Monomial = ()
    for place in together:
        ((count, _),) = ring.number(shape[len(shape) - 1 - place]).terms.items() or (((), 1),)
        counts = tm.times(counts, count)
    inner = _of_core(ring, core, together, counts)
    if not rest:
        if together != over:
            inner = sum_over(ring, Poly(ring, inner, shape), over - together).terms
        return tm.multiplied(outside, inner)
    outer = Poly(ring, tm.multiplied({rest: 1}, inner), shape)
    return tm.multiplied(outside, sum_over(ring, outer, over - together).terms)


def _of_core(ring: Ring, core: Monomial, over: frozenset[int], counts: Monomial) -> Terms:
    if len(core) == 1 and core[0][1] == 1:
        factor = core[0][0]
        base = factor.base
        if isinstance(base, SumOver) and factor.view == base.view and len(base.terms) == 1:
            ((inner, _),) = base.terms.items()  # a sum of a sum
            both = tm.times(base.counts, counts)
            return _of_core(ring, inner, frozenset(base.over) | over, both)
        row = ring.arrays.one_rows.get(base)
        if row is not None and factor.view == base.view and over == frozenset({0}):
            ring.log.rules[row] = None
            return {(): 1}
        if isinstance(base, WrittenGradient) and base.form is not None:
            known = _is_zero(ring, factor, base.form, over)
            if known is not None:
                return known
        if isinstance(base, (PlainArray, ForwardValue)) and _is_one(ring, base, factor, over):
            return {(): 1}
    base = sum_base(ring, {core: 1}, tuple(sorted(over)), counts)
    return ring.normal(ring.atom(base)).terms


def _is_one(
    ring: Ring, base: PlainArray | ForwardValue, factor: Factor, over: frozenset[int]
) -> bool:
    """Whether an array that forward makes of labels adds up to 1 along these places."""
    if base.value.dtype.kind != "f" or not base.value.size:
        return False
    if isinstance(base, ForwardValue):
        if base.tensor is None or base.tensor in ring.arrays.inputs or base.tensor.op is not None:
            return False
        array = base.tensor.value
    else:
        array = base.array
    axes = tuple(axis for place, axis in factor.view if place in over)
    if not np.allclose(base.value.sum(axis=axes), 1, rtol=1e-12, atol=0):
        return False
    words = ring.arrays.notes.words.get(where(array))
    if words is None:
        return False
    said = ring.arrays.words.name_of(array) or ast.unparse(words)
    along = axes[0] if len(axes) == 1 else axes
    ring.log.conditions[f"{said} adds up to 1 along axis {along}"] = None
    return True


def sum_base(ring: Ring, terms: Terms, over: tuple[int, ...], counts: Monomial) -> Base:
    def make() -> Base:
        ndim = max(place for m in terms for place in tm.places(m)) + 1
        value = tm.evaluated(terms, ndim)
        axes = tuple(ndim - 1 - p for p in over)
        value = value.sum(axis=axes, keepdims=True)
        return SumOver(value.shape, value, terms=terms, over=over, counts=counts)

    return ring.arrays.base(("total", frozenset(terms.items()), over), make)


def _is_zero(ring: Ring, factor: Factor, form: Poly, over: frozenset[int]) -> Terms | None:
    """The sum of a written gradient, where it comes out as 0."""
    places = {axis: place for place, axis in factor.view}
    ndim = len(form.shape)
    own = frozenset(ndim - 1 - a for a, place in places.items() if place in over)
    summed = sum_over(ring, form, own)
    return {} if summed.zero else None
