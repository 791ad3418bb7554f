"""Where a gradient is put together in several statements: which of them is wrong.

    dh = dout * (1 - z)
    dh += dc @ W.T
    dh += dgates @ U.T

Each adds what comes back on some uses of the value. Where all but one do, that one is wrong,
whatever the mistake in it is.
"""

from __future__ import annotations

from itertools import chain, combinations, pairwise

import numpy as np

from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.running.backward_run import Write
from byhand.values.arrays import Array
from byhand.values.held import array

CLOSE = 1e-9
MOST = 6
"""Above this many uses of a value some of them add up to anything."""


def odd_write(suspect: Suspect) -> Write | None:
    """The one statement that adds what comes back on no uses of the value; None if there is none,
    or more than one."""
    trial, answer = suspect.first.trial, suspect.first.answer
    held = [array(value) for value in trial.versions.get(answer.key, ())]
    shares = [use.share for use in suspect.on_truth.paths.uses]
    shape = suspect.first.expected.value.shape
    whole = [each for each in held if each is not None and each.shape == shape]
    if not len(whole) == len(held) == len(answer.writes) > 1 or not 1 < len(shares) <= MOST:
        return None
    subsets = chain.from_iterable(combinations(shares, n) for n in range(len(shares) + 1))
    sums = [sum(each, np.zeros(shape)) for each in subsets]
    size = max(float(np.max(np.abs(each), initial=0.0)) for each in shares)
    added = [whole[0], *(new - old for old, new in pairwise(whole))]
    odd = [
        write
        for write, each in zip(answer.writes, added, strict=True)
        if not any(_close(each, known, size) for known in sums)
    ]
    return odd[0] if len(odd) == 1 else None


def _close(one: Array, other: Array, size: float) -> bool:
    return bool(np.all(np.abs(one - other) <= CLOSE * size))
