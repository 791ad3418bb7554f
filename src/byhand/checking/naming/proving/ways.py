"""The paths on which a gradient comes back, as a message calls them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from byhand.checking.judging.evidence import Evidence
from byhand.checking.judging.paths import Paths, Use
from byhand.values import tree
from byhand.values.arrays import Array

Share: TypeAlias = Callable[[Evidence], Array]
"""What comes back on one path."""


def ways(paths: Paths) -> Mapping[str, Share]:
    """The paths on which the gradient comes back, by the step each leads to.

    A step that uses the value twice is one path, and each use of its own another, but not those
    of a square: there a number is missing. A closed form jumps over steps: each of those is a
    path, too.
    """
    uses = paths.uses
    found = dict(direct(uses))
    for i, use in enumerate(uses):
        others = [each for each in uses if each.through == use.through and each is not use]
        if others and not any(_alike(use.share, each.share) for each in others):
            which = [each for each in uses if each.through == use.through].index(use)
            found[f"its {_ordinal(which)} use in {', '.join(use.through)}"] = lambda e, i=i: (
                e.paths.uses[i].share
            )
    for kind in _repeated(uses):
        roots, op = kind
        found[f"{op} in {', '.join(roots)}"] = lambda e, k=kind: _sum(
            use.share for use in e.paths.uses if _kind(use) == k
        )
    for key in paths.between:
        found.setdefault(key[0], lambda e, k=key: e.paths.through(k))
    return found


def direct(uses: Sequence[Use]) -> Mapping[str, Share]:
    """The paths to the steps that use the value themselves: they add up to the gradient."""
    return {
        ", ".join(use.through): lambda e, t=use.through: _sum(
            each.share for each in e.paths.uses if each.through == t
        )
        for use in uses
    }


def _repeated(uses: Sequence[Use]) -> list[tuple[tuple[str, ...], str]]:
    """The ops by which steps use the value over and over, as in a comprehension; of those that
    do so by several."""
    counted = Counter(map(_kind, uses))
    several = Counter(roots for roots, _ in counted)
    return [kind for kind, n in counted.items() if n > 1 and several[kind[0]] > 1]


def _kind(use: Use) -> tuple[tuple[str, ...], str]:
    """The steps that a use is part of, without their numbers, and its op."""
    assert use.node.op is not None
    return tuple(dict.fromkeys(map(tree.root, use.through))), use.node.op.name


def _alike(share: Array, other: Array) -> bool:
    return share.shape == other.shape and bool(np.allclose(share, other))


def _sum(shares: Iterable[Array]) -> Array:
    total: Any = 0.0
    for each in shares:
        total = total + each
    return np.asarray(total)


def _ordinal(place: int) -> str:
    """Counted from 0."""
    words = ("first", "second", "third", "fourth", "fifth")
    return words[place] if place < len(words) else f"{place + 1}th"
