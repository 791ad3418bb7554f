"""Comparisons, known by the signs of x - y for which they hold."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from byhand.deriving.closed.bases import OpResult
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.terms import Base
from byhand.ops import REGISTRY
from byhand.ops.choices import LOGICAL_NOT

SIGNS = {op.name: frozenset(op.compares) for op in REGISTRY.values() if op.compares}
COMPARISONS = {signs: REGISTRY[name] for name, signs in SIGNS.items()}


def comparison(signs: frozenset[str]) -> Callable[..., Poly | None]:
    return lambda ring, x, y: compared(ring, ring.raw(x), ring.raw(y), signs)


def compared(ring: Ring, x: Poly, y: Poly, signs: frozenset[str]) -> Poly:
    """The mask of where x - y has one of these signs."""
    return ring.made(COMPARISONS[signs], (x, y), {})


def negated(ring: Ring, mask: Poly) -> Poly:
    """The opposite mask."""
    base = _only(mask)
    if isinstance(base, OpResult) and base.comparison is not None:
        (x, y), (_, signs) = base.args, base.comparison
        found = compared(ring, x, y, frozenset("<=>") - signs)
        return ring.moved(found, _places(base, mask), mask.shape)
    if base is not None and isinstance(base, OpResult) and base.op is LOGICAL_NOT:
        return ring.moved(base.args[0], _places(base, mask), mask.shape)
    return ring.made(LOGICAL_NOT, (mask,), {})


def _only(p: Poly) -> Base | None:
    monomial = p.single
    if monomial is None or len(monomial) != 1 or monomial[0][1] != 1:
        return None
    return monomial[0][0].base


def _places(base: Base, mask: Poly) -> dict[int, int]:
    """Where the axes of a base stand in a mask that is it alone."""
    ((monomial, _),) = mask.terms.items()
    own = {axis: place for place, axis in base.view}
    return {own[axis]: place for place, axis in monomial[0][0].view}


def logical_not(ring: Ring, mask: Any) -> Poly | None:
    mask = ring.poly(mask)
    return negated(ring, mask) if is_mask(mask) else None


def logical_and(ring: Ring, x: Any, y: Any) -> Poly | None:
    x, y = ring.poly(x), ring.poly(y)
    return ring.product(x, y) if is_mask(x) and is_mask(y) else None


def where_(ring: Ring, condition: Any, x: Any, y: Any) -> Poly | None:
    """One side where the other is 0: a mask times a value."""
    x, y = ring.poly(x), ring.poly(y)
    mask = ring.poly(condition)
    if mask.value.dtype != bool and not is_mask(mask):
        return None
    if y.zero:
        return ring.product(mask, x)
    if x.zero:
        return ring.product(negated(ring, mask), y)
    return None


def is_mask(mask: Poly) -> bool:
    monomial = mask.single
    return monomial is not None and all(f.base.idempotent for f, _ in monomial)
