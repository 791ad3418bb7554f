"""Only the diagonal of softmax's derivative: p (1 - p).

Every output of a softmax depends on every input of its row, because they all share one sum. The
derivative of p[i] with respect to x[i] is p[i] (1 - p[i]); with respect to another x[j] it is
-p[i] p[j]. Those terms belong in the gradient as well: `p * (dp - (dp * p).sum(...))`.

Bad:
    dx = dp * p * (1 - p)
Good:
    dx = p * (dp - (dp * p).sum(axis=1, keepdims=True))
"""

import ast
from collections.abc import Iterator, Mapping

import numpy as np

from byhand.checking.judging.evidence import Evidence
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import parsed, product, text
from byhand.referees.referee import Key
from byhand.values.arrays import Array


def find(suspect: Suspect) -> Diagnosis | None:
    axes = dict(_softmaxes(suspect))
    for key in axes:
        alike = suspect.program.by_key[key].shape == suspect.step.shape
        if (
            alike
            and _diagonal(suspect.first, key).any()
            and suspect.follows(lambda e, k=key: _diagonal(e, k))
        ):
            return Diagnosis(
                f"this is p (1 - p) for p = {key[0]}, the diagonal alone: an element of "
                f"{suspect.name} changes all elements of its row of {key[0]}, through their sum"
            )
    named = {name: axis for (name, _), axis in axes.items()}
    mend = suspect.mend_parts(product, lambda part, _: _whole(part, named)) if named else None
    if mend is None:
        return None
    return mend.finding(
        f"`{text(mend.part)}` is p (1 - p), the diagonal alone: what goes into a softmax changes "
        "all elements of its row, through their sum"
    )


def _softmaxes(suspect: Suspect) -> Iterator[tuple[Key, int]]:
    """The steps whose elements add up to 1 along an axis, and may be 0 where a mask lets nothing
    through; and that axis."""
    for key, step in suspect.program.by_key.items():
        value = step.value
        for axis in range(value.ndim) if value.size and np.all(value >= 0) else ():
            total = value.sum(axis=axis)
            if value.shape[axis] > 1 and np.allclose(total, 1.0, rtol=1e-9, atol=0):
                yield key, axis
                break


def _whole(part: ast.AST, axes: Mapping[str, int]) -> Iterator[ast.AST]:
    """`p * (g - (p * g).sum(axis=..., keepdims=True))` for the product of p, 1 - p and g."""
    factors = [*_factors(part)]
    for i, less in enumerate(factors):
        match less:
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=ast.Name(id=p)):
                rest = [text(each) for j, each in enumerate(factors) if j != i]
                if p in axes and p in rest and len(rest) > 1:
                    rest.remove(p)
                    g = " * ".join(f"({each})" for each in rest)
                    kept = f"axis={axes[p]}, keepdims=True"
                    yield parsed(f"{p} * ({g} - ({p} * {g}).sum({kept}))")
            case _:
                pass


def _factors(part: ast.AST) -> Iterator[ast.expr]:
    match part:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield from _factors(left)
            yield from _factors(right)
        case ast.expr():
            yield part
        case _:
            pass


def _diagonal(found: Evidence, key: Key) -> Array:
    """What comes back on the diagonal; zeros would prove nothing."""
    step = found.trial.drawn.truth.by_key[key]
    p = step.value
    g = found.feeds[key] if key in found.cut else found.grads[step.tensor].value
    return g * p * (1 - p)
