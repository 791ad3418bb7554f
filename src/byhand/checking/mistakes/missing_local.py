"""The upstream gradient is passed on without the step's own derivative.

By the chain rule each step multiplies the gradient it gets by its local derivative. Only where that is
1 (an addition, a copy) does the gradient pass unchanged.

Bad:
    dhpreact = dh
Good:
    dhpreact = (1 - h**2) * dh
"""

import numpy as np

from byhand.checking.evidence import Evidence, Use
from byhand.checking.mistakes.suspect import Finding, Suspect
from byhand.engine.backward import fit
from byhand.ops.op import Array


def find(suspect: Suspect) -> Finding | None:
    for i, use in enumerate(suspect.uses):
        if suspect.follows(lambda e, i=i: _passed_on(e, i)):
            names = ", ".join(use.through)
            return Finding(f"the gradient of {names} is passed on without the step's own derivative")
    if len(suspect.uses) > 1 and suspect.follows(_all_passed_on):
        return Finding("the gradients are passed on without the derivatives of their steps")
    return None


def _passed_on(found: Evidence, i: int) -> Array | None:
    if i >= len(found.uses):
        return None
    use = found.uses[i]
    upstream = _fitted(use, found.expected.value.shape)
    return None if upstream is None else found.expected.value - use.share + upstream


def _all_passed_on(found: Evidence) -> Array | None:
    total: Array = np.zeros(found.expected.value.shape)
    for use in found.uses:
        upstream = _fitted(use, total.shape)
        if upstream is None:
            return None
        total = total + upstream
    return total


def _fitted(use: Use, shape: tuple[int, ...]) -> Array | None:
    try:
        return np.asarray(fit(use.upstream, shape))
    except ValueError:
        return None
