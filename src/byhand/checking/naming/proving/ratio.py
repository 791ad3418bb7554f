"""How many times what it should be a definition is, where that is one number."""

from __future__ import annotations

import numpy as np

from byhand.checking.judging.evidence import Evidence, as_array
from byhand.checking.naming.proving.suspect import Suspect
from byhand.values.arrays import Array


def ratio(suspect: Suspect) -> float | None:
    """How many times what it should be a definition is, if it is that everywhere, on every draw."""
    whole = ratio_of(suspect.first, suspect.first.expected.value)
    if whole is None or not suspect.follows(lambda e: whole * e.expected.value):
        return None
    return whole


def ratio_of(found: Evidence, part: Array) -> float | None:
    """The factor on `part` of the gradient that explains the value best."""
    value = as_array(found.value)
    if value is None or value.shape != part.shape:
        return None
    rest = found.expected.value - part
    size = float(np.sum(part * part))
    return float(np.sum((value - rest) * part)) / size if size else None
