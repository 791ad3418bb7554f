"""One use of the value is not added.

A value that is used twice has two paths on which its gradient comes back, and they add up. Look
for every place where forward reads the name.

Bad:
    dcounts = counts_sum_inv * dprobs
Good:
    dcounts = counts_sum_inv * dprobs
    dcounts += dcounts_sum
"""

from itertools import combinations

import numpy as np

from byhand.checking.mistakes.suspect import Finding, Suspect

MOST = 4
"""Above this many paths only single ones, and all but one, are tried."""


def find(suspect: Suspect) -> Finding | None:
    ways = suspect.ways
    if len(ways) >= 2:
        several = _subsets(list(suspect.direct)) if len(suspect.direct) >= 2 else []
        for missing in dict.fromkeys([*((way,) for way in ways), *several]):
            if suspect.follows(lambda e, m=missing: e.expected.value - sum(ways[w](e) for w in m)):
                used = f"{suspect.name} is used {_times(len(suspect.direct))}: "
                path = f"the path through {', '.join(missing)} is missing"
                return Finding(used + path if len(suspect.direct) > 1 else path)
    if suspect.uses and suspect.follows(lambda e: np.zeros_like(e.expected.value)):
        return Finding(f"{suspect.d} is zero, but {suspect.name} is used in {suspect.used_in}")
    return None


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def _subsets(ways: list[str]) -> list[tuple[str, ...]]:
    sizes = range(2, len(ways)) if len(ways) <= MOST else (len(ways) - 1,)
    return [subset for size in sizes for subset in combinations(ways, size)]
