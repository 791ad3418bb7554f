"""What a backward gives to elements that are equal: weights that add up to 1, or it is wrong.

At a tie (`sampling/ties.py`) the gradient may go to any of the elements that are equal, or to
all of them in parts. So a definition is right if there are weights that explain how it differs
from the engine's choice: of each tie, as much is added to one element as is taken from others.
That is a linear system in the weights, over all definitions that a tie reaches: of
`np.maximum(a, b)`, da may get what db doesn't.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from byhand.checking.judging.evidence import Evidence, as_array, evidence_of
from byhand.checking.judging.trial import Trial
from byhand.checking.sampling.ties import Member, Tie, ties
from byhand.engine.backward import gradients
from byhand.engine.tensor import Tensor
from byhand.referees.referee import Key
from byhand.values.arrays import Array

MOST = 200
"""With more tied elements than this, a draw isn't judged at its ties: each costs a sweep."""
CLOSE = 1e-9

Unknown = tuple[Tie, Member]


@dataclass(frozen=True, eq=False)
class Tied:
    """A definition that ties reach: how far its value is from the engine's choice, and how the
    gradient moves with the weight of each member of each tie."""

    evidence: Evidence
    off: Array
    moves: Mapping[Unknown, Array]

    @property
    def key(self) -> Key:
        return self.evidence.answer.key

    @property
    def scale(self) -> float:
        """The size of what was added up, to tell rounding from a number."""
        arrays = [self.off, self.evidence.expected.value, *self.moves.values()]
        return max(float(np.max(np.abs(each), initial=0.0)) for each in arrays)


@dataclass(frozen=True, eq=False)
class Uneven:
    """A definition whose weights don't add up to 1 where the values that the steps `chosen_by`
    choose from are equal.

    `sums` are what they add up to instead, on two draws of upstream gradients; none where they
    can't be told. `each_gets_all`: as if every one of the equals had been alone.
    """

    evidence: Evidence
    chosen_by: tuple[str, ...]
    sums: tuple[float, ...]
    each_gets_all: bool

    @property
    def constant(self) -> float | None:
        """What they add up to, if it is the same wherever it isn't 1."""
        same = self.sums and max(self.sums) - min(self.sums) <= CLOSE
        return self.sums[0] if same else None


def uneven(trial: Trial, besides: frozenset[Key]) -> dict[Key, Uneven]:
    """The definitions that give other weights, on a draw with ties; but for those in `besides`.

    As with any definition, one that is right on the true gradients is no mistake.
    """
    found = [tie for tie in ties(trial.drawn.truth) if tie.members]
    if not found or sum(len(tie.members) for tie in found) > MOST:
        return {}
    answers = [a for a in trial.answers.found if a.writes and a.key not in besides]
    alone = _Ties(found).reach([evidence_of(trial, answer) for answer in answers])
    wrong = _unexplained(alone)
    if not wrong:
        return {}
    on_truth = _Ties(found).reach([evidence_of(trial, answer).on_truth() for answer in answers])
    wrong_on_truth = {each.key: (each, others) for each, others in _unexplained(on_truth)}
    marked: dict[Key, Uneven] = {}
    for each, others in wrong:
        if each.key in wrong_on_truth:
            totals = [_totals(each, others), _totals(*wrong_on_truth[each.key])]
            if all(totals):  # else it isn't the weights, and shows where nothing is equal
                marked[each.key] = _described(each, totals)
    return marked


@dataclass
class _Ties:
    """The ties of a draw, and how the gradients move with their weights."""

    found: Sequence[Tie]
    known: dict[frozenset[Key], dict[Unknown, dict[Tensor, Array]]] = field(
        default_factory=dict[frozenset[Key], dict[Unknown, dict[Tensor, Array]]]
    )

    def reach(self, evidence: Sequence[Evidence]) -> list[Tied]:
        """The definitions among these that a tie reaches."""
        reached: list[Tied] = []
        for each in evidence:
            value, right = as_array(each.value), each.expected.value
            if each.cut not in self.known:
                self.known[each.cut] = self.moves(each)
            moves = {
                unknown: moved[each.tensor]
                for unknown, moved in self.known[each.cut].items()
                if each.tensor in moved and moved[each.tensor].any()
            }
            if not moves or value is None or value.shape != right.shape:
                continue
            if np.isfinite(value).all():
                reached.append(Tied(each, value - right, moves))
        return reached

    def moves(self, evidence: Evidence) -> dict[Unknown, dict[Tensor, Array]]:
        """What each member would pass on to all before it, were the gradient all its own."""
        steps = evidence.trial.drawn.truth.by_key
        fed = {steps[key].tensor: evidence.feeds[key] for key in evidence.cut}
        stops = {tensor: np.zeros_like(value) for tensor, value in fed.items()}
        found: dict[Unknown, dict[Tensor, Array]] = {}
        for tie in self.found:
            if tie.node not in fed and tie.node not in evidence.grads:
                continue
            g = fed[tie.node] if tie.node in fed else evidence.grads[tie.node].value
            for member in tie.members:
                source = tie.node.args[member.position]
                seed = np.zeros_like(source.value)
                seed.flat[member.index] = member.slope * g.flat[tie.place]
                found[tie, member] = gradients([(source, seed)], feeds=stops)
        return found


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


def _described(each: Tied, totals: Sequence[Mapping[Tie, float]]) -> Uneven:
    """What is wrong with the weights, by what they add up to on two draws of upstream gradients."""
    odd = {tie: t for total in totals for tie, t in total.items() if not _adds_up(tie, t)}
    owners = each.evidence.trial.drawn.truth.owners
    reached = dict.fromkeys(tie for tie, _ in each.moves)
    chosen_by = dict.fromkeys(name for tie in odd or reached for name in owners[tie.node])
    all_of_it = all(
        len(tie.members) > 1 and abs(t - len(tie.members)) <= CLOSE for tie, t in odd.items()
    )
    return Uneven(each.evidence, tuple(chosen_by), tuple(odd.values()), bool(odd) and all_of_it)


def _adds_up(tie: Tie, total: float) -> bool:
    return (-CLOSE if tie.constant else 1 - CLOSE) <= total <= 1 + CLOSE


def _totals(each: Tied, others: tuple[Tied, ...]) -> dict[Tie, float]:
    """What the weights of each tie add up to, where weights of any kind explain the value.

    Where they could be several, all or nothing is what a person writes.
    """
    tried = [_weights([*others, each], add_up=False, near=near) for near in (0.0, 1.0)]
    found = [weights for weights in tried if weights is not None]
    if not found:
        return {}
    whole = [w for w in found if all(min(abs(v), abs(v - 1)) <= CLOSE for v in w.values())]
    weights = (whole or found)[0]
    reached = dict.fromkeys(tie for tie, _ in each.moves)
    return {tie: sum(weights.get((tie, m), m.weight) for m in tie.members) for tie in reached}
