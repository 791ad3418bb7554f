"""Right, but not broadcast along the axis that forward summed over.

A sum gives every element of its argument the same gradient. So the gradient of the argument has
the argument's shape: each element of the upstream gradient is repeated once for every element in
the sum. If it is multiplied by an array of the full shape later, that happens by accident, and
everything after it looks right.

Bad:
    dbndiff2 = dbnvar / (n - 1)
Good:
    dbndiff2 = np.ones_like(bndiff) * dbnvar / (n - 1)
"""

import numpy as np

from byhand.checking.judging.evidence import Evidence, as_array
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect


def find(suspect: Suspect) -> Diagnosis | None:
    got, wanted = suspect.first.comparison.shape, suspect.step.shape
    if got is None or got == wanted or not all(_spread_out_is_right(e) for e in suspect.evidence):
        return None
    return Diagnosis(
        f"{suspect.d} has shape {got}, {suspect.name} has {wanted}: the values are right, but a "
        f"gradient has an element for each of {suspect.name}'s; spread it out over the axis that "
        f"{suspect.used_in or 'forward'} adds up"
    )


def _spread_out_is_right(found: Evidence) -> bool:
    value, shape = as_array(found.value), found.expected.value.shape
    if value is None:
        return True
    if value.shape == shape:
        return found.right
    try:
        together = np.broadcast_shapes(value.shape, shape)
    except ValueError:
        return False
    return together == shape and found.judge(np.broadcast_to(value, shape)).right
