"""A gradient that is half finished in a live notebook: which of its paths it holds so far.

Where forward uses a value twice, its gradient is the sum of what comes back on two paths. Whoever
has written the first has no mistake yet. That it is exactly the sum of some paths is proved by
their numbers, at the values that the session has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np

from byhand.checking.judging.paths import Paths
from byhand.checking.sampling.sample_inputs import Draw, draw
from byhand.errors import ByhandError
from byhand.sources.session import cells_run, problems_in_session
from byhand.values.arrays import Array

MOST = 6
"""With more paths than these, sums of some of them may be equal by chance."""


def paths_so_far(name: str, mine: Array, truth: Array, rounding: float) -> str | None:
    """What is there of the gradient of `name`, and what isn't: "1 of 2 paths so far: the other is
    by way of counts_sum". None where `mine` isn't the sum of some of the paths, to `rounding`, or
    where that isn't known: outside of a notebook, or where forward isn't that of the session.
    """
    for drawn in _forwards():
        shares = _shares(drawn, name)
        if not 1 < len(shares) <= MOST:
            continue
        if not _near(sum(shares.values()), truth, rounding):
            continue  # forward has changed since
        found = [
            there
            for number in range(1, len(shares))
            for there in combinations(shares, number)
            if _near(sum(shares[each] for each in there), mine, rounding)
        ]
        if len(found) == 1:
            left = [each for each in shares if each not in found[0]]
            which = "the other is" if len(left) == 1 else "the others are"
            return (
                f"{len(found[0])} of {len(shares)} paths so far: {which} by way of "
                f"{' and '.join(left)}"
            )
    return None


def _near(value: Any, other: Array, rounding: float) -> bool:
    return np.shape(value) == other.shape and bool(np.all(np.abs(value - other) <= rounding))


def _shares(drawn: Draw, name: str) -> dict[str, Array]:
    """What comes back on each path to `name`, by the step that uses it."""
    if name not in drawn.truth:
        return {}
    step = drawn.truth[name]
    found: dict[str, Array] = {}
    for use in Paths(drawn, step.tensor, {}, drawn.true_gradients).uses:
        by = use.through[0] if use.through else ""
        found[by] = found[by] + use.share if by in found else use.share
    return {} if "" in found else found


def _forwards() -> Iterator[Draw]:
    """The forwards of the notebook that this runs in, up to a loss, the last first."""
    ipython: Any = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None:
        values: Mapping[str, Any] = shell.user_ns
        yield from _drawn(tuple(cells_run(values)), _Values(values))


class _Values:
    """The values of a session, which are the same as long as no other cell is run."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Values) and other.values is self.values

    def __hash__(self) -> int:
        return id(self.values)


@lru_cache(maxsize=1)
def _drawn(cells: tuple[str, ...], session: _Values) -> list[Draw]:
    try:
        problems = problems_in_session(cells, session.values)
        drawn = [draw(problem, {}, "float64", 0) for problem in problems]
    except ByhandError:
        return []
    return [each for each in drawn[::-1] if all(not g.shape for g in each.upstream)]
