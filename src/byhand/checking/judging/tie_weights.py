"""What a backward gives to elements that are equal: weights that add up to 1, or it is wrong.

At a tie (`sampling/ties.py`) the gradient may go to any of the elements that are equal, or to
all of them in parts. So a definition is right if there are weights that explain how it differs
from the engine's choice: of each tie, as much is added to one element as is taken from others.
That is a linear system in the weights, over all definitions that a tie reaches: of
`np.maximum(a, b)`, da may get what db doesn't.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from byhand.checking.sampling.ties import Member, Tie, ties
from byhand.engine.backward import gradients
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.program.program import Program
from byhand.referees.referee import Key
from byhand.values.arrays import Array

MOST = 200
"""With more tied elements than this, a draw isn't judged at its ties: each costs a sweep."""
CLOSE = 1e-9

Unknown = tuple[Tie, Member]


Weights = Mapping[Tie, float]
"""What the weights of each tie add up to."""


@dataclass(frozen=True, eq=False)
class Tried:
    """What a definition gave where it was `fed` gradients, and the `grads` that belong to these."""

    key: Key
    tensor: Tensor
    value: Array | None
    grads: Mapping[Tensor, Bounded]
    fed: Mapping[Key, Array]


@dataclass(frozen=True, eq=False)
class Tied:
    """A definition that ties reach: how far its value is from the engine's choice, and how the
    gradient moves with the weight of each member of each tie."""

    tried: Tried
    off: Array
    moves: Mapping[Unknown, Array]

    @property
    def scale(self) -> float:
        """The size of what was added up, to tell rounding from a number."""
        expected = self.tried.grads[self.tried.tensor].value
        arrays = [self.off, expected, *self.moves.values()]
        return max(float(np.max(np.abs(each), initial=0.0)) for each in arrays)

    @property
    def reached(self) -> list[Tie]:
        return list(dict.fromkeys(tie for tie, _ in self.moves))


def odd_weights(truth: Program, tried: Sequence[Tried]) -> dict[Key, tuple[Tied, Weights]]:
    """Of these definitions those that give weights which don't add up to 1, with what they add up
    to. What no weights at all explain isn't among them: it shows where nothing is equal."""
    found = judged_ties(truth)
    if not found:
        return {}
    unexplained = _unexplained(_reach(truth, found, tried))
    weighed = ((each, _totals(each, others)) for each, others in unexplained)
    return {each.tried.key: (each, totals) for each, totals in weighed if totals}


def judged_ties(truth: Program) -> list[Tie]:
    """The ties of a forward that its draw is judged at."""
    found = [tie for tie in ties(truth) if tie.members]
    return found if sum(len(tie.members) for tie in found) <= MOST else []


def _reach(truth: Program, found: Sequence[Tie], tried: Sequence[Tried]) -> list[Tied]:
    """The definitions among these that a tie reaches."""
    known: dict[frozenset[Key], dict[Unknown, dict[Tensor, Array]]] = {}
    reached: list[Tied] = []
    for each in tried:
        right, cut = each.grads[each.tensor].value, frozenset(each.fed)
        if cut not in known:
            known[cut] = _moves(truth, found, each)
        moves = {
            unknown: moved[each.tensor]
            for unknown, moved in known[cut].items()
            if each.tensor in moved and moved[each.tensor].any()
        }
        if not moves or each.value is None or each.value.shape != right.shape:
            continue
        if np.isfinite(each.value).all():
            reached.append(Tied(each, each.value - right, moves))
    return reached


def _moves(
    truth: Program, found: Sequence[Tie], tried: Tried
) -> dict[Unknown, dict[Tensor, Array]]:
    """What each member would pass on to all before it, were the gradient all its own."""
    fed = {truth.by_key[key].tensor: value for key, value in tried.fed.items()}
    stops = {tensor: np.zeros_like(value) for tensor, value in fed.items()}
    moves: dict[Unknown, dict[Tensor, Array]] = {}
    for tie in found:
        if tie.node not in fed and tie.node not in tried.grads:
            continue
        g = fed[tie.node] if tie.node in fed else tried.grads[tie.node].value
        for member in tie.members:
            source = tie.node.args[member.position]
            seed = np.zeros_like(source.value)
            seed.flat[member.index] = member.slope * g.flat[tie.place]
            moves[tie, member] = gradients([(source, seed)], feeds=stops)
    return moves


def _unexplained(reached: Sequence[Tied]) -> list[tuple[Tied, tuple[Tied, ...]]]:
    """The definitions that no weights explain together with those before, and these."""
    if not reached or _weights(reached) is not None:
        return []
    explained: list[Tied] = []
    found: list[tuple[Tied, tuple[Tied, ...]]] = []
    for each in reached:
        if _weights([*explained, each]) is None:
            found.append((each, tuple(explained)))
        else:
            explained.append(each)
    return found


def _weights(
    stack: Sequence[Tied], add_up: bool = True, near: float | None = None
) -> dict[Unknown, float] | None:
    """The weights that explain these definitions, if there are any.

    Of each tie they are to `add_up` to 1. Next to one that isn't among these, such as a constant,
    they are to lie between 0 and 1: the other gets what is left. Of several that explain the same,
    those next to the engine's are taken, or those that are all `near` a number.
    """
    unknowns = dict.fromkeys(unknown for each in stack for unknown in each.moves)
    columns = {u: np.concatenate([_column(each, u) for each in stack]) for u in unknowns}
    alone = set(columns)
    for tie in dict.fromkeys(tie for tie, _ in unknowns) if add_up else ():
        members = [(tie, member) for member in tie.members]
        if not tie.constant and all(each in columns for each in members):
            first = columns.pop(members[0])  # what is added to any other is taken from this one
            columns.update({each: columns[each] - first for each in members[1:]})
            alone.difference_update(members)
    off = np.concatenate([each.off.ravel() for each in stack])
    matrix = np.stack(list(columns.values()), axis=1) if columns else np.zeros((off.size, 0))
    start = np.array([u[1].weight if near is None else near for u in columns])
    off = off + matrix @ np.array([u[1].weight - w for u, w in zip(columns, start, strict=True)])
    more, _, rank, _ = np.linalg.lstsq(matrix, off)
    scale = np.concatenate([np.full(each.off.size, each.scale) for each in stack])
    if not np.all(np.abs(off - matrix @ more) <= CLOSE * scale):
        return None
    weights = dict(zip(columns, (start + more).tolist(), strict=True))
    if (
        add_up
        and rank == len(columns)
        and not all(-CLOSE <= weights[u] <= 1 + CLOSE for u in alone)
    ):
        return None
    return weights


def _column(tied: Tied, unknown: Unknown) -> Array:
    moved = tied.moves.get(unknown)
    return np.zeros(tied.off.size) if moved is None else moved.ravel()


def _totals(each: Tied, others: tuple[Tied, ...]) -> Weights:
    """What the weights of each tie add up to, where weights of any kind explain the value.

    Where they could be several, all or nothing is what a person writes.
    """
    tried = [_weights([*others, each], add_up=False, near=near) for near in (0.0, 1.0)]
    found = [weights for weights in tried if weights is not None]
    if not found:
        return {}
    whole = [w for w in found if all(min(abs(v), abs(v - 1)) <= CLOSE for v in w.values())]
    weights = (whole or found)[0]
    return {tie: sum(weights.get((tie, m), m.weight) for m in tie.members) for tie in each.reached}
