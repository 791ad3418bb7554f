"""Several terms that together are one thing: a value of forward, what a fraction has below."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from fractions import Fraction

from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.arithmetic import Arithmetic, divides
from byhand.deriving.closed.bases import Grouped
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.terms import Terms


def folded(ring: Arithmetic, terms: Terms) -> Terms:
    """Several terms that together are one known value become that."""
    sums = [(form, ring.normal(ring.atom(base))) for base, form in ring.facts.defined.items()]
    for definition, whole in [*ring.facts.folds, *sums]:
        if len(definition) > len(terms) or len(definition) < 2:
            continue
        if len(whole.terms) >= len(definition):
            continue
        terms = _fold(terms, definition, whole)
    return terms


def cancelled(ring: Arithmetic, p: Poly) -> Poly:
    """Where a sum stands below, and above with another factor, both go."""
    below = dict.fromkeys(f for m in p.terms for f, e in m if e < 0 and isinstance(f.base, Grouped))
    terms = p.terms
    for f in below:
        if not isinstance(f.base, Grouped) or f.base.form is None:
            continue
        inside = {m: c for m, c in terms.items() if any(g is f and e < 0 for g, e in m)}
        outside = {m: c for m, c in terms.items() if m not in inside}
        whole = Poly(ring, {((f, 1),): 1}, p.shape)
        terms = tm.added(outside, _fold(inside, f.base.form.terms, whole))
    for base, (x, _) in ring.facts.powers.items():
        inside = {m: c for m, c in terms.items() if any(f.base is base for f, _ in m)}
        if inside and len(x.terms) > 1:
            outside = {m: c for m, c in terms.items() if m not in inside}
            folded = _fold(inside, x.terms, ring.grouped(x))
            terms = tm.added(outside, ring.tidied(folded))
    return p if terms is p.terms else Poly(ring, terms, p.shape)


def _fold(terms: Terms, definition: Terms, whole: Poly) -> Terms:
    (first, unit), *others = definition.items()
    for monomial, coefficient in list(terms.items()):
        if monomial not in terms or not divides(first, monomial):
            continue
        rest = tm.times(monomial, tm.raised(first, -1))
        scale = Fraction(coefficient) / unit
        parts = {tm.times(rest, m): tm.exact(c * scale) for m, c in others}
        if all(terms.get(m) == c for m, c in parts.items()):
            terms = {m: c for m, c in terms.items() if m != monomial and m not in parts}
            terms = tm.added(terms, tm.multiplied({rest: tm.exact(scale)}, whole.terms))
    return terms
