"""In which order closed forms are written."""

from __future__ import annotations

from byhand.deriving.closed.backward import Definition
from byhand.deriving.closed.bases import bases
from byhand.deriving.closed.expressions import Leaf, reached
from byhand.deriving.closed.search import Closed


def in_order(closed: Closed) -> list[Definition]:
    """The definitions, each after those that it is in terms of.

    They are found in the order in which gradients become complete. But a sum may turn out to be one
    over a gradient that got its name later: that of a bias is complete before that of what it was
    added to, if this has no name in forward.
    """
    ring = closed.factoring.ring
    placed: dict[int, Definition] = {}
    visited = set[int]()

    def place(d: Definition) -> None:
        if id(d) in visited:
            return
        visited.add(id(d))
        needed = bases(d.form)
        for leaf in reached([closed.roots[id(d)]]):
            if isinstance(leaf, Leaf) and leaf.factor is not None:
                needed |= bases(ring.atom(leaf.factor.base))
        for other in closed.definitions:  # not in the set's order, which is another each time
            if other.base in needed:
                place(other)
        placed[id(d)] = d

    for d in closed.definitions:
        place(d)
    return list(placed.values())
