"""Only the diagonal of softmax's derivative: p (1 - p).

Every output of a softmax depends on every input of its row, because they all share one sum. The
derivative of p[i] with respect to x[i] is p[i] (1 - p[i]); with respect to another x[j] it is
-p[i] p[j]. Those terms belong in the gradient as well: `p * (dp - (dp * p).sum(...))`.

Bad:
    dx = dp * p * (1 - p)
Good:
    dx = p * (dp - (dp * p).sum(axis=1, keepdims=True))
"""

from collections.abc import Iterator

import numpy as np

from byhand.checking.judging.evidence import Evidence
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.referees.referee import Key
from byhand.values.arrays import Array


def find(suspect: Suspect) -> Diagnosis | None:
    for key in _softmaxes(suspect):
        if _diagonal(suspect.first, key).any() and suspect.follows(
            lambda e, k=key: _diagonal(e, k)
        ):
            return Diagnosis(
                f"this is p (1 - p) for p = {key[0]}, the diagonal alone: an element of "
                f"{suspect.name} changes all elements of its row of {key[0]}, through their sum"
            )
    return None


def _softmaxes(suspect: Suspect) -> Iterator[Key]:
    """The steps of the value's shape whose elements add up to 1 along an axis, and may be 0 where a
    mask lets nothing through."""
    for key, step in suspect.program.by_key.items():
        value = step.value
        if step.shape == suspect.step.shape and value.size and np.all(value >= 0):
            sums = (value.sum(axis=axis) for axis in range(value.ndim) if value.shape[axis] > 1)
            if any(np.allclose(total, 1.0, rtol=1e-9, atol=0) for total in sums):
                yield key


def _diagonal(found: Evidence, key: Key) -> Array:
    """What comes back on the diagonal; zeros would prove nothing."""
    step = found.trial.drawn.truth.by_key[key]
    p = step.value
    g = found.feeds[key] if key in found.cut else found.grads[step.tensor].value
    return g * p * (1 - p)
