"""One use of the value is not added.

A value that is used twice has two paths on which its gradient comes back, and they add up. Look for
every place where forward reads the name.

Bad:
    dcounts = counts_sum_inv * dprobs
Good:
    dcounts = counts_sum_inv * dprobs
    dcounts += dcounts_sum
"""

from itertools import combinations

import numpy as np

from byhand.checking.evidence import Evidence
from byhand.checking.mistakes.suspect import Finding, Suspect, paths, share, sum_of
from byhand.ops.op import Array

MOST = 6
"""Above this many paths only single ones, and all but one, are tried."""


def find(suspect: Suspect) -> Finding | None:
    ways = list(paths(suspect.uses))
    if len(ways) >= 2:
        for missing in _subsets(ways):
            if suspect.follows(lambda e, m=missing: e.expected.value - _shares(e, m)):
                names = ", ".join(name for through in missing for name in through)
                return Finding(
                    f"{suspect.name} is used {_times(len(ways))}: the path through {names} is missing"
                )
    if len(suspect.uses) >= 2 and len(ways) == 1:
        for i in range(len(suspect.uses)):
            if suspect.follows(lambda e, i=i: e.expected.value - e.uses[i].share):
                name = ", ".join(ways[0])
                return Finding(
                    f"{name} uses {suspect.name} {_times(len(suspect.uses))}: one use is missing"
                )
    if suspect.uses and suspect.follows(lambda e: np.zeros_like(e.expected.value)):
        return Finding(f"{suspect.d} is zero, but {suspect.name} is used: no path is there")
    return None


def _subsets(ways: list[tuple[str, ...]]) -> list[tuple[tuple[str, ...], ...]]:
    sizes = range(1, len(ways)) if len(ways) <= MOST else (1, len(ways) - 1)
    return [subset for size in sizes for subset in combinations(ways, size)]


def _shares(found: Evidence, missing: tuple[tuple[str, ...], ...]) -> Array:
    return sum_of(share(found, through) for through in missing)


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"
