"""What holds of masks and one-hot arrays, and of a few functions in the forms that forwards use.

Signs of a comparison: x > y, x = y and x < y exclude each other, so products of comparisons of the
same two arrays are comparisons again. Logistic function: Abramowitz and Stegun 4.5, with e^-|x|.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from byhand.deriving.closed.bases import ForwardValue, OpResult
from byhand.deriving.closed.comparing import compared, negated
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.terms import Base, Terms
from byhand.engine.tensor import Tensor
from byhand.ops.choices import CLIP
from byhand.ops.elementwise import SIGN
from byhand.ops.functions import EXP, SIGMOID

# Functions that forwards write in a form that doesn't overflow.


Fold = tuple[Terms, Poly]
"""A sum, and what it is equal to in fewer terms."""


def recognised(ring: Ring, order: Sequence[Tensor]) -> Iterator[Fold]:
    """The sums that are known functions of a value of forward."""
    for tensor in order:
        x = _of_minus_absolute(tensor)
        if x is not None:
            yield from _logistic(ring, x, tensor)


def exponentials(
    ring: Ring, order: Sequence[Tensor], named: Collection[Tensor]
) -> Iterator[tuple[Base, Poly, Tensor]]:
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
            base = ring.arrays.given(e)
            if same and e not in named and base not in ring.facts.rules:
                power = ring.made(EXP, (ring.tensor(t),), {})
                yield base, ring.product(power, ring.poly(log.args[0])), t


def _of_minus_absolute(tensor: Tensor) -> Tensor | None:
    """The x of exp(-abs(x))."""
    inner = tensor
    for name in ("exp", "negative", "absolute"):
        if inner.op is None or inner.op.name != name or not isinstance(inner.args[0], Tensor):
            return None
        inner = inner.args[0]
    return inner


def _logistic(ring: Ring, x: Tensor, e: Tensor) -> Iterator[Fold]:
    """(x > 0) - sign(x) e / (1 + e) = 1 / (1 + exp(-x)), with e = exp(-abs(x))."""
    tail = ring.poly(e)
    fraction = ring.product(tail, ring.power(ring.sum(ring.number(1), tail), -1))
    signed = ring.product(ring.made(SIGN, (ring.poly(x),), {}), fraction)
    for signs in ({">"}, {">", "="}):
        mask = compared(ring, ring.raw(x), ring.number(0), frozenset(signs))
        whole = ring.sum(mask, ring.scaled(signed, -1))
        yield whole.terms, logistic(ring, ring.poly(x))


def logistic(ring: Ring, x: Poly) -> Poly:
    """PyTorch has a name for it; in NumPy it is written out."""
    if ring.arrays.in_torch:
        return ring.made(SIGMOID, (x,), {})
    power = ring.made(EXP, (ring.scaled(x, -1),), {})
    return ring.power(ring.sum(ring.number(1), power), -1)


def clipped(ring: Ring, bases: Sequence[Base]) -> Iterator[Fold]:
    """r where |r| <= d, and d sign(r) elsewhere, is r clipped to [-d, d]."""
    for base in bases:
        if not isinstance(base, OpResult) or base.comparison is None:
            continue
        size, most = base.args
        r = _inside_absolute(ring, size)
        _, signs = base.comparison
        if r is None or most.places or signs not in (frozenset("<"), frozenset("<=")):
            continue
        inside = Poly(ring, {((ring.arrays.factor(base, base.view), 1),): 1}, base.shape)
        outside = negated(ring, inside)
        sign = ring.made(SIGN, (r,), {})
        whole = ring.sum(ring.product(r, inside), ring.product(ring.product(most, sign), outside))
        clip = ring.made(CLIP, (r, ring.scaled(most, -1), most), {})
        yield whole.terms, clip


def _inside_absolute(ring: Ring, p: Poly) -> Poly | None:
    monomial = p.single
    if monomial is None or len(monomial) != 1 or monomial[0][1] != 1:
        return None
    base = monomial[0][0].base
    if isinstance(base, ForwardValue) and base.tensor is not None:
        op = base.tensor.op
        if op is not None and op.name == "absolute":
            return ring.poly(base.tensor.args[0])
    if isinstance(base, OpResult) and base.op is not None and base.op.name == "absolute":
        return base.args[0]
    return None
