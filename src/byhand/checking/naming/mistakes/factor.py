"""Right up to a constant factor.

A square brings a 2, a mean a 1/n, a root a 1/2.

Bad:
    dbndiff += bndiff * dbndiff2
Good:
    dbndiff += 2 * bndiff * dbndiff2
"""

import numpy as np

from byhand.checking.judging.evidence import Evidence, as_array
from byhand.checking.judging.uneven import Uneven
from byhand.checking.naming.proving.at_ties import at_ties
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.sizes import sizes
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import text
from byhand.values.arrays import Array

ROUNDED = 1e-9
"""So close to 1 a factor says nothing: any number has one that explains what little it is off."""


def find(suspect: Suspect) -> Diagnosis | None:
    whole = _ratio(suspect.first, suspect.first.expected.value)
    if whole is not None and suspect.follows(lambda e: whole * e.expected.value):
        return Diagnosis(f"{suspect.d} is {_shown(whole)}")
    for way, share in suspect.ways.items():
        part = _ratio(suspect.first, share(suspect.first))
        if part is not None and suspect.follows(
            lambda e, s=share, p=part: e.expected.value + (p - 1) * s(e)
        ):
            return Diagnosis(f"the path through {way} is {_shown(part)}")
    for scale in suspect.scales:
        if scale.constant and abs(scale.constant - 1) > ROUNDED:
            return Diagnosis(
                f"`{text(scale.part)}` is {_shown(1 / scale.constant)}",
                scale.statement.lineno,
            )
    for name, size in sizes(suspect.telling).items():
        for scale in suspect.scales:
            if scale.constant is None and scale.by(size):
                return Diagnosis(
                    f"`{text(scale.part)}` should be taken times {name}", scale.statement.lineno
                )
    return None


def find_at_ties(uneven: Uneven) -> Diagnosis | None:
    return None if uneven.constant is None else Diagnosis(at_ties(uneven))


def _shown(times: float) -> str:
    if f"{times:.6g}" == "1":
        return (
            f"{times:.12g} times what it should be: is part of it computed in float32, or with a "
            "constant of too few digits?"
        )
    return f"{times:.6g} times what it should be"


def _ratio(found: Evidence, part: Array) -> float | None:
    """The factor on `part` of the gradient that explains the value best."""
    value = as_array(found.value)
    if value is None or value.shape != part.shape:
        return None
    rest = found.expected.value - part
    size = float(np.sum(part * part))
    return float(np.sum((value - rest) * part)) / size if size else None
