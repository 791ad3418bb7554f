"""What holds of masks and one-hot arrays, and of a few functions in the forms that forwards use.

Signs of a comparison: x > y, x = y and x < y exclude each other, so products of comparisons of the
same two arrays are comparisons again. Logistic function: Abramowitz and Stegun 4.5, with e^-|x|.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.operations import compared, negated
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.terms import Base, Factor, Given, Made, Monomial, OneHot, Total
from byhand.engine.tensor import Tensor
from byhand.ops.elementwise import CLIP, EXP, SIGMOID, SIGN

VERY_NEGATIVE = -1e4  # what a masked score is set to, so that its exponential is 0


def tidy(ring: Ring, monomial: Monomial) -> Monomial | None:
    """A monomial in which masks and one-hot arrays say no more than they must; None for 0."""
    monomial = _picked(monomial)
    found = _intersected(ring, monomial)
    return None if found is None else _unhidden(ring, found)


def _picked(monomial: Monomial) -> Monomial:
    """Where a one-hot array is 1, the sum of it times x is x."""
    hot = {f for f, e in monomial if isinstance(f.base, OneHot) and e == 1}
    if not hot:
        return monomial
    for f, e in monomial:
        if not isinstance(f.base, Total) or f.base.over != (0,) or f.view != f.base.view:
            continue
        ((inner, _),) = list(f.base.terms.items())[:1]
        if len(f.base.terms) == 1 and any(g in hot and k == 1 for g, k in inner):
            rest: Monomial = tuple((g, k) for g, k in inner if g not in hot)
            without: Monomial = tuple((g, k) for g, k in monomial if g is not f)
            return _picked(tm.times(without, tm.raised(rest, e)))
    return monomial


def _intersected(ring: Ring, monomial: Monomial) -> Monomial | None:
    """Two comparisons of the same arrays are one."""
    masks = [f for f, e in monomial if f.base in ring.compared and e == 1]
    for i, one in enumerate(masks):
        for other in masks[i + 1 :]:
            (pair, signs), (same, more) = ring.compared[one.base], ring.compared[other.base]
            if pair != same or one.view != other.view:
                continue
            both = signs & more
            if not both:
                return None
            base = one.base if both == signs else other.base if both == more else None
            if base is None:
                continue
            gone = other if base is one.base else one
            return _intersected(ring, tuple((f, e) for f, e in monomial if f is not gone))
    return monomial


def _unhidden(ring: Ring, monomial: Monomial) -> Monomial:
    """A mask goes where a value is exactly 0 wherever the mask is."""
    for mask, e in monomial:
        if e != 1 or mask.base.value.dtype != bool:
            continue
        for f, k in monomial:
            if k > 0 and isinstance(f.base, Given) and _zero_outside(ring, f, mask):
                return _unhidden(ring, tuple((g, n) for g, n in monomial if g is not mask))
    return monomial


def _zero_outside(ring: Ring, f: Factor, mask: Factor) -> bool:
    key = (f, mask)
    if key not in ring.hidden:
        ring.hidden[key] = False
        assert isinstance(f.base, Given) and f.base.tensor is not None
        if mask.places <= f.places and _masked(f.base.tensor):
            ndim = max(f.places, default=-1) + 1
            values = tm.laid_out(f.base.value, f.view, ndim)
            on = tm.laid_out(mask.base.value, mask.view, ndim)
            off = np.broadcast_to(~on, values.shape)
            ring.hidden[key] = bool(off.any()) and bool(np.all(values[off] == 0))
    return ring.hidden[key]


def _masked(tensor: Tensor) -> bool:
    """Whether a value is an exponential, or its share of a sum, of what was masked."""
    stack, seen, exponential = [tensor], set[Tensor](), False
    while stack:
        each = stack.pop()
        if each in seen or each.op is None:
            continue
        seen.add(each)
        exponential |= each.op.name in ("exp", "exp2")
        if each.op.name in ("where", "put", "add") and exponential:
            numbers = [a for a in each.args if not isinstance(a, Tensor)]
            if any(
                np.size(n) and np.min(np.asarray(n, dtype=float)) < VERY_NEGATIVE for n in numbers
            ):
                return True
        if each.op.name in ("divide", "multiply", "exp", "exp2", "subtract", "where", "add"):
            stack += [a for a in each.args if isinstance(a, Tensor)]
    return False


# Functions that forwards write in a form that doesn't overflow.


def recognise(ring: Ring, order: Sequence[Tensor]) -> None:
    """Fills `ring.folds` with the sums that are known functions of a value of forward."""
    for tensor in order:
        x = _of_minus_absolute(tensor)
        if x is not None:
            _logistic(ring, x, tensor)


def exponentials(ring: Ring, order: Sequence[Tensor], named: Collection[Tensor]) -> None:
    """With t = x - log(z), a value exp(x) that has no name is exp(t) z."""
    for t in order:
        if t.op is None or t.op.name != "subtract" or t not in named:
            continue
        x, log = t.args
        if not isinstance(x, Tensor) or not isinstance(log, Tensor) or log.op is None:
            continue
        if log.op.name != "log" or x.value.shape != t.value.shape:
            continue
        for e in order:
            same = e.op is not None and e.op.name == "exp" and e.args[0] is x
            if same and e not in named and ring.given(e) not in ring.instead:
                power = ring.made(EXP, (ring.tensor(t),), {})
                ring.replace(ring.given(e), ring.product(power, ring.poly(log.args[0])), t)


def _of_minus_absolute(tensor: Tensor) -> Tensor | None:
    """The x of exp(-abs(x))."""
    inner = tensor
    for name in ("exp", "negative", "absolute"):
        if inner.op is None or inner.op.name != name or not isinstance(inner.args[0], Tensor):
            return None
        inner = inner.args[0]
    return inner


def _logistic(ring: Ring, x: Tensor, e: Tensor) -> None:
    """(x > 0) - sign(x) e / (1 + e) = 1 / (1 + exp(-x)), with e = exp(-abs(x))."""
    tail = ring.poly(e)
    fraction = ring.product(tail, ring.power(ring.sum(ring.number(1), tail), -1))
    signed = ring.product(ring.made(SIGN, (ring.poly(x),), {}), fraction)
    for signs in ({">"}, {">", "="}):
        mask = compared(ring, ring.raw(x), ring.number(0), frozenset(signs))
        whole = ring.sum(mask, ring.scaled(signed, -1))
        ring.folds.append((whole.terms, logistic(ring, ring.poly(x))))


def logistic(ring: Ring, x: Poly) -> Poly:
    """PyTorch has a name for it; in NumPy it is written out."""
    if ring.in_torch:
        return ring.made(SIGMOID, (x,), {})
    power = ring.made(EXP, (ring.scaled(x, -1),), {})
    return ring.power(ring.sum(ring.number(1), power), -1)


def clipped(ring: Ring, bases: Sequence[Base]) -> None:
    """r where |r| <= d, and d sign(r) elsewhere, is r clipped to [-d, d]."""
    for base in bases:
        if not isinstance(base, Made) or base not in ring.compared or len(base.args) != 2:
            continue
        size, most = base.args
        r = _inside_absolute(size)
        _, signs = ring.compared[base]
        if r is None or most.places or signs not in (frozenset("<"), frozenset("<=")):
            continue
        inside = Poly(ring, {((ring.factor(base, base.view), 1),): 1}, base.shape)
        outside = negated(ring, inside)
        sign = ring.made(SIGN, (r,), {})
        whole = ring.sum(ring.product(r, inside), ring.product(ring.product(most, sign), outside))
        clip = ring.made(CLIP, (r, ring.scaled(most, -1), most), {})
        ring.folds.append((whole.terms, clip))


def _inside_absolute(p: Poly) -> Poly | None:
    monomial = p.single
    if monomial is None or len(monomial) != 1 or monomial[0][1] != 1:
        return None
    base = monomial[0][0].base
    if isinstance(base, Given) and base.tensor is not None:
        op = base.tensor.op
        if op is not None and op.name == "absolute":
            return p.ring.poly(base.tensor.args[0])
    if isinstance(base, Made) and base.op is not None and base.op.name == "absolute":
        return base.args[0]
    return None
