"""What holds of masks and one-hot arrays, used to shorten monomials.

x > y, x = y and x < y exclude each other, so a product of comparisons of the same two arrays is a
comparison again. Where a one-hot array is 1, the sum of it times x is x.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import numpy as np

from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.arrays import Arrays
from byhand.deriving.closed.bases import ForwardValue, OneHot, SumOver, comparison_of
from byhand.deriving.closed.facts import Log
from byhand.deriving.closed.terms import Factor, Monomial
from byhand.engine.tensor import Tensor

VERY_NEGATIVE = -1e4  # what a masked score is set to, so that its exponential is 0


def tidy(monomial: Monomial, arrays: Arrays, log: Log) -> Monomial | None:
    """A monomial in which masks and one-hot arrays say no more than they must; None for 0."""
    monomial = _picked(monomial)
    found = _intersected(monomial)
    return None if found is None else _unhidden(found, arrays, log)


def _picked(monomial: Monomial) -> Monomial:
    """Where a one-hot array is 1, the sum of it times x is x."""
    hot = {f for f, e in monomial if isinstance(f.base, OneHot) and e == 1}
    if not hot:
        return monomial
    for f, e in monomial:
        if not isinstance(f.base, SumOver) or f.base.over != (0,) or f.view != f.base.view:
            continue
        ((inner, _),) = list(f.base.terms.items())[:1]
        if len(f.base.terms) == 1 and any(g in hot and k == 1 for g, k in inner):
            rest: Monomial = tuple((g, k) for g, k in inner if g not in hot)
            without: Monomial = tuple((g, k) for g, k in monomial if g is not f)
            return _picked(tm.times(without, tm.raised(rest, e)))
    return monomial


def _intersected(monomial: Monomial) -> Monomial | None:
    """Two comparisons of the same arrays are one."""
    masks = [(f, known) for f, e in monomial if e == 1 and (known := comparison_of(f.base))]
    for i, (one, (pair, signs)) in enumerate(masks):
        for other, (same, more) in masks[i + 1 :]:
            if pair != same or one.view != other.view:
                continue
            both = signs & more
            if not both:
                return None
            base = one.base if both == signs else other.base if both == more else None
            if base is None:
                continue
            gone = other if base is one.base else one
            return _intersected(tuple((f, e) for f, e in monomial if f is not gone))
    return monomial


def _unhidden(monomial: Monomial, arrays: Arrays, log: Log) -> Monomial:
    """A mask goes where a value is exactly 0 wherever the mask is."""
    for mask, e in monomial:
        if e != 1 or mask.base.value.dtype != bool:
            continue
        for f, k in monomial:
            if k > 0 and isinstance(f.base, ForwardValue) and _zero_outside(f, mask, arrays):
                assert isinstance(f.base, ForwardValue) and f.base.tensor is not None
                name = arrays.called.get(f.base.tensor, "the exponential")
                log.conditions[f"{name} is 0 wherever it is masked"] = None
                without = tuple((g, n) for g, n in monomial if g is not mask)
                return _unhidden(without, arrays, log)
    return monomial


def _zero_outside(f: Factor, mask: Factor, arrays: Arrays) -> bool:
    known = arrays.zero_outside
    key = (f, mask)
    if key not in known:
        known[key] = False
        assert isinstance(f.base, ForwardValue) and f.base.tensor is not None
        if mask.places <= f.places and _masked(f.base.tensor):
            ndim = max(f.places, default=-1) + 1
            values = tm.laid_out(f.base.value, f.view, ndim)
            on = tm.laid_out(mask.base.value, mask.view, ndim)
            off = np.broadcast_to(~on, values.shape)
            known[key] = bool(off.any()) and bool(np.all(values[off] == 0))
    return known[key]


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
            numbers = (np.asarray(a) for a in each.args if not isinstance(a, Tensor))
            if any(np.min(n, initial=0) < VERY_NEGATIVE for n in numbers):
                return True
        if each.op.name in ("divide", "multiply", "exp", "exp2", "subtract", "where", "add"):
            stack += each.parents
    return False
