"""From a recording to closed forms: every reading of forward's equations is tried, and the
cheapest result is kept.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction

from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.arithmetic import Growing
from byhand.deriving.closed.backward import Backward, Definition, Naming
from byhand.deriving.closed.bases import ForwardValue, SumOver, bases
from byhand.deriving.closed.cse import Sharing
from byhand.deriving.closed.equations import READINGS, ring_of
from byhand.deriving.closed.expressions import Expr, Leaf, reached
from byhand.deriving.closed.factoring import Factoring
from byhand.deriving.closed.facts import Facts, Log, Rule
from byhand.deriving.closed.folding import folded
from byhand.deriving.closed.identities import clipped
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.terms import Base, Terms
from byhand.deriving.steps.context import Context
from byhand.engine.tensor import Tensor


@dataclass
class Closed:
    """The closed forms that one reading gives, and what they cost in scalar operations."""

    backward: Backward
    definitions: list[Definition]
    factoring: Factoring
    roots: dict[int, Expr]
    cost: int


def closed_forms(context: Context, rank: int = 0) -> Closed | None:
    """The closed forms of the wanted gradients, under the reading that makes them cheapest.

    With a `rank`, under one that makes them dearer: the next is 1. None if there is none, as those
    that grow out of bounds don't count.
    """
    rings: dict[Hashable, Ring] = {}
    for reading in READINGS:
        with suppress(Growing):
            ring = ring_of(context, reading)
            rings.setdefault((reading.expand, _says(ring.facts)), ring)
    found: list[Closed] = []
    for naming in NAMINGS:
        for ring in rings.values():
            log = Log(conditions=dict(ring.log.conditions))
            backward = Backward(context, ring.noting(log), naming)
            if naming != "bent" or backward.bent:
                with suppress(Growing):
                    found.append(_closed(backward))
    by_cost = {closed.cost: closed for closed in reversed(found)}
    costs = sorted(by_cost)
    return by_cost[costs[rank]] if rank < len(costs) else None


NAMINGS: tuple[Naming, ...] = ("bent", "needed", "all")


def _closed(backward: Backward) -> Closed:
    backward.run()
    ring = backward.ring
    folds = clipped(ring, list(ring.arrays.bases.values()))
    ring = ring.knowing(ring.facts.folding(folds))
    definitions, ring = _named_sums(ring, [_folded(ring, d) for d in _needed(backward)])
    factoring = Factoring(ring)
    shared = Sharing(factoring).shared([factoring.of(d.form) for d in definitions])
    roots = {id(d): form for d, form in zip(definitions, shared, strict=True)}
    cost = sum(form.cost for form in reached(list(roots.values())))
    cost += _recomputed(backward.context, roots.values())
    return Closed(backward, definitions, factoring, roots, cost)


def _says(facts: Facts) -> Hashable:
    """Equal for rings that replace the same by the same."""
    return frozenset(
        (_tensor_of(base), frozenset((*_said(m), c) for m, c in rule.form.terms.items()))
        for base, rule in facts.rules.items()
    )


def _tensor_of(base: Base) -> Hashable:
    return id(base.tensor) if isinstance(base, ForwardValue) else (type(base), base.shape)


def _said(monomial: tm.Monomial) -> tuple[Hashable, ...]:
    return tuple((_tensor_of(f.base), f.view, e) for f, e in monomial)


def _folded(ring: Ring, d: Definition) -> Definition:
    return replace(d, form=Poly(ring, folded(ring, d.form.terms), d.form.shape))


def _needed(backward: Backward) -> list[Definition]:
    """The definitions that the wanted gradients lead to."""
    by_base = {d.base: d for d in backward.definitions if d.base is not None}
    wanted = backward.wanted
    found: dict[int, None] = {}
    stack = [d for d in backward.definitions if d.tensor in wanted]
    while stack:
        definition = stack.pop()
        if id(definition) in found:
            continue
        found[id(definition)] = None
        stack += [by_base[b] for b in bases(definition.form) if b in by_base]
    return [d for d in backward.definitions if id(d) in found]


def _named_sums(ring: Ring, definitions: list[Definition]) -> tuple[list[Definition], Ring]:
    """A sum that is itself a gradient goes by that name in what comes after."""
    written: dict[tm.Monomial, tuple[tm.Coefficient, Base]] = {}
    result: list[Definition] = []
    for d in definitions:
        form = ring.normal(d.form)
        terms = _with_gradients(ring, folded(ring, form.terms), written)
        form = Poly(ring, terms, form.shape)
        if d.base is not None and len(form.terms) > 1:
            ring = ring.knowing(ring.facts.folding([(form.terms, ring.atom(d.base))]))
        elif d.base is not None:
            written |= {m: (c, d.base) for m, c in form.terms.items() if len(m) > 1}
        result.append(Definition(d.tensor, form, d.base, d.used))
        if d.base is None or len(form.terms) != 1:
            continue
        ((monomial, coefficient),) = form.terms.items()
        if len(monomial) != 1 or monomial[0][1] != 1 or coefficient not in (1, -1):
            continue
        factor = monomial[0][0]
        places = {place for place, _ in factor.view}
        if isinstance(factor.base, SumOver) and places == {place for place, _ in d.base.view}:
            atom = ring.scaled(ring.atom(d.base), coefficient)
            back = {
                place: next(p for p, a in factor.base.view if a == axis)
                for place, axis in factor.view
            }
            moved = ring.moved(atom, back, factor.base.shape)
            if factor.base not in bases(moved):
                rule = Rule(factor.base, moved, None)
                ring = ring.knowing(ring.facts.ruled({factor.base: rule}))
    return result, ring


def _with_gradients(
    ring: Ring, terms: Terms, written: Mapping[tm.Monomial, tuple[tm.Coefficient, Base]]
) -> Terms:
    """Terms that are a gradient already written, up to a number, go by its name."""
    result: Terms = {}
    for monomial, coefficient in terms.items():
        if monomial in written:
            scale, base = written[monomial]
            monomial = ((ring.arrays.factor(base, base.view), 1),)
            coefficient = tm.exact(Fraction(coefficient) / scale)
        result = tm.added(result, {monomial: coefficient})
    return result


def _recomputed(context: Context, roots: Iterable[Expr]) -> int:
    """What values without a name cost, each once."""
    seen: set[Tensor] = set()

    def cost(tensor: Tensor) -> int:
        if tensor in seen or tensor in context.names or tensor.op is None:
            return 0
        seen.add(tensor)
        own = 0 if tensor.op.family == "shape" else tensor.value.size
        return own + sum(map(cost, tensor.parents))

    total = 0
    for form in reached(list(roots)):
        if isinstance(form, Leaf) and form.factor is not None:
            base = form.factor.base
            if isinstance(base, ForwardValue) and base.tensor is not None:
                total += cost(base.tensor)
    return total
