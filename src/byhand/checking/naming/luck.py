"""Why a definition that is right on the true gradients, but not on random ones, holds."""

from __future__ import annotations

import numpy as np

from byhand.checking.judging.evidence import Evidence
from byhand.checking.naming.proving.suspect import Suspect

TINY = 1e-9
"""What a gradient may be by rounding that is zero."""


def why_it_holds(evidence: tuple[Evidence, ...]) -> str:
    """A note that says it."""
    found = next(each for each in evidence if not each.right)
    odd = Suspect((found,))
    real = np.abs(found.on_truth().expected.value)
    if odd.follows(lambda e: np.zeros_like(e.expected.value)) and np.all(real < TINY):
        reason = _reason(found, odd.name)
        if reason:
            return f"holds only because {odd.d} is zero: {reason}"
        return f"holds only because {odd.d} is zero, or its terms add up to zero, in a real run"
    for way, share in odd.ways.items():
        nothing = np.all(np.abs(share(found.on_truth())) < TINY)
        if nothing and odd.follows(lambda e, s=share: e.expected.value - s(e)):
            reason = _reason(found, way)
            if reason:
                return f"holds only because d{way}, which it leaves out, is zero: {reason}"
            return (
                f"holds only because what comes back through {way}, which it leaves out, is zero "
                "or adds up to zero in a real run"
            )
    return "right in a real run, but not where it is tried alone, on random gradients"


def _reason(evidence: Evidence, name: str) -> str:
    """Why this gradient is zero, if the deriver finds it."""
    from byhand.deriving.zero import why_zero  # only here: most checks need no derivation

    trial = evidence.trial
    return why_zero(trial.problem, trial.drawn.inputs, name)
