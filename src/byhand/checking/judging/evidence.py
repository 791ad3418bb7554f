"""Evidence: one definition, tried alone on one draw with random upstream gradients.

What the definition should give follows from the engine's sweep under the same feeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from byhand.checking.judging.compare import FACTOR, Comparison, compare
from byhand.checking.judging.own_rounding import FAR, Scatter
from byhand.checking.judging.paths import Paths
from byhand.checking.judging.replay import Edits, Replay
from byhand.checking.judging.trial import EPS, Trial
from byhand.checking.running.answers import Answer
from byhand.checking.running.names import loaded_names
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.referees.referee import Gradient, Key
from byhand.values import tree
from byhand.values.arrays import Array, is_float_array
from byhand.values.held import as_number, copied, float_array

GIVEN = "__given_"
"""Before the name of an upstream gradient: as backward got it, in an exchanged statement."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """One definition on one draw: `value` is what it gave, None if it raised.

    `feeds` is what the other answers held, `grads` the gradients that belong to them, `read` those
    that it reads. `in_rows`: exchanged statements may read the gradients of `Paths.rows`.
    """

    trial: Trial
    answer: Answer
    read: frozenset[Key]
    feeds: Mapping[Key, Array]
    grads: Mapping[Tensor, Bounded]
    value: Any = None
    in_rows: bool = False

    @property
    def tensor(self) -> Tensor:
        return self.trial.drawn.truth.by_key[self.answer.key].tensor

    @property
    def expected(self) -> Bounded:
        return self.grads[self.tensor]

    @cached_property
    def comparison(self) -> Comparison:
        return self.judge(self.value)

    @property
    def is_large(self) -> bool:
        """Whether the gradient that it should give is more than rounding can leave of zero."""
        bound = FACTOR * max(self.eps, EPS) * self.expected.error
        return bool(np.any(np.abs(self.expected.value) > bound))

    @property
    def right(self) -> bool:
        """Whether nothing speaks against the definition here."""
        return self.comparison.right or self.comparison.unjudged

    @cached_property
    def clearly_wrong(self) -> bool:
        """Whether it is wrong by so much more than rounding moves the answers of this backward that
        there is no need to find out how far it moves this one."""
        found = self._compared(self.value, 1.0)
        if found.verdict != "wrong" or found.max_error is None:
            return False
        size = float(np.max(np.abs(self.expected.value), initial=0.0))
        return found.max_error > FAR * self.trial.noise * size

    @cached_property
    def right_on_truth(self) -> bool:
        """Whether the definition is right where it reads the true gradients."""
        return self.on_truth().right

    def judge(self, value: Any, slack: float = 1.0) -> Comparison:
        """Compares a value with what the definition should give, `slack` times as leniently."""
        found = self._compared(value, slack)
        if found.verdict != "wrong" or found.max_error is None:
            return found
        if found.max_error > slack * self._far_out:
            return found
        for own in self._scatter.of(self.answer.key, found.max_error / slack):
            found = self._compared(value, slack, own)
            if found.right:
                return found
        return self._where_it_matters(value, slack) or found

    @cached_property
    def _far_out(self) -> float:
        return self.trial.far_out(self.answer.key, self.expected.value)

    def _is_far_out(self, value: Any) -> bool:
        """Whether it is seen at once that a value is wrong: by more than the bound on any element's
        rounding."""
        truth = self.expected.value
        if not is_float_array(value) or value.dtype != np.float64 or value.shape != truth.shape:
            return False
        return bool(np.max(np.abs(value - truth), initial=0.0) > self._far_beyond)

    @cached_property
    def _far_beyond(self) -> float:
        largest = np.maximum(self.expected.error, np.abs(self.expected.value))
        bound = FACTOR * max(self.eps, EPS) * np.max(largest, initial=0.0)
        return max(self._far_out, 2 * bound, float(np.finfo(np.float32).tiny))

    def _where_it_matters(self, value: Any, slack: float) -> Comparison | None:
        """That the value is right but for elements that no input changes; else None."""
        error = slack * self.expected.error
        truth = Gradient(self.expected.value, EPS * error)
        key = self.answer.key
        rest = self.trial.without_constants(key, value, truth, error, self.eps)
        if rest is None:
            return None
        double = np.dtype(np.float64)
        found = compare(value, rest, error, double, self.eps, mapped=False)
        return found if found.right else None

    def _compared(self, value: Any, slack: float, own: Array | None = None) -> Comparison:
        error = slack * self.expected.error
        truth = Gradient(self.expected.value, EPS * error)
        own = None if own is None else slack * own
        double = np.dtype(np.float64)
        return compare(value, truth, error, double, self.eps, mapped=False, own=own)

    @cached_property
    def eps(self) -> float:
        """The rounding that the definition is judged with."""
        return self.trial.precision.eps_alone(self.answer)

    @cached_property
    def _scatter(self) -> Scatter:
        """How far rounding moves what the definition gives, on its own way."""
        trial, key = self.trial, self.answer.key
        if self.feeds is trial.feeds:
            return trial.scatter_alone
        if self.feeds is trial.true_feeds:
            return trial.scatter_on_truth
        return trial.scatter(self.feeds, {key: self.value}, key)

    def gives(self, value: Any) -> bool:
        """Whether `value` is, to rounding, the value that the definition gave."""
        mine = as_array(self.value)
        theirs = as_array(value)
        if mine is None or theirs is None or mine.shape != theirs.shape:
            return False
        known = np.isfinite(self.expected.value) if mine.shape == self.expected.shape else True
        if not np.isfinite(mine).all():
            return False
        size = np.maximum(np.abs(theirs), float(np.max(np.abs(mine), initial=0.0)) * 1e-3)
        near = np.abs(mine - theirs) <= max(1e-9, 64 * self.eps) * size
        return bool(np.all(near, where=known))

    def on_truth(self) -> Evidence:
        """The same definition where it reads the true gradients."""
        return replace(truly_fed(self.trial, self.answer), read=self.read)

    def tried(self, edits: Edits) -> Any:
        """What the definition gives with other statements in place of some; None if it raises."""
        with np.errstate(all="ignore"):
            return self._replay.value(edits)

    def becomes_right(self, edits: Edits) -> bool:
        """Whether the definition is right with other statements in place of some.

        Where those read gradients that it didn't read before, it is judged as one that does.
        """
        new = self._newly_read(edits)
        found = self._reading(new) if new else self
        value = found.tried(edits)
        return not found._is_far_out(value) and found.judge(value).right

    def times(self, edits: Edits) -> float | None:
        """How many times as large the definition must be to be right with other statements.

        Any number will do, NaN, where all is zero.
        """
        new = self._newly_read(edits)
        found = self._reading(new) if new else self
        return found.number(found.tried(edits))

    def number(self, value: Any) -> float | None:
        """How many times as large `value` must be to be right; NaN if all is zero."""
        value, right = as_array(value), self.expected.value
        if value is None or value.shape != right.shape:
            return None
        known = np.isfinite(right)
        value, right = np.where(known, value, 0.0), np.where(known, right, 0.0)
        if not value.any():
            return np.nan if self.judge(value).right else None
        with np.errstate(all="ignore"):
            times = float(np.sum(value * right) / np.sum(value * value))
        if not np.isfinite(times) or abs(times) < 1e-9:
            return None
        return times if self.judge(times * value, 1e4).right else None

    def _newly_read(self, edits: Edits) -> frozenset[Key]:
        if self.grads is self.trial.drawn.true_gradients:
            return frozenset()
        names = {
            name[1:]
            for old, new in edits.items()
            for name, _ in loaded_names(new)
            if name.startswith("d") and name not in dict(loaded_names(old))
        }
        found = (k for k in self.feeds if names and tree.root(k[0]) in names)
        return frozenset(found) - self.read - {self.answer.key}

    def _reading(self, more: frozenset[Key]) -> Evidence:
        if more not in self._readings:
            read = self.read | more
            feeds, grads = self.trial.feeds_where(self.answer.key, read)
            self._readings[more] = Evidence(self.trial, self.answer, read, feeds, grads)
        return self._readings[more]

    @cached_property
    def _readings(self) -> dict[frozenset[Key], Evidence]:
        return {}

    @cached_property
    def _replay(self) -> Replay:
        given = {f"{GIVEN}{name}": copied(g) for name, g in self.trial.as_given.items()}
        drawn, paths = self.trial.drawn, self.paths
        kind = drawn.program.type_of(drawn.program.by_key[self.answer.host or self.answer.key])
        more = {**paths.slopes, **paths.incoming, **paths.picked}
        more = {name: drawn.as_given(value, kind) for name, value in more.items()}
        rows: Mapping[str, list[Array]] = paths.rows if self.in_rows else {}
        in_kind = {n: [drawn.as_given(g, kind) for g in row] for n, row in rows.items()}
        return self.trial.replay(self.feeds, self.answer.key, {**more, **in_kind, **given})

    @cached_property
    def paths(self) -> Paths:
        stops = {key: self.feeds[key] for key in self.cut}
        return Paths(self.trial.drawn, self.tensor, stops, self.grads)

    @property
    def cut(self) -> frozenset[Key]:
        """The answers whose feeds reach this definition."""
        if self.grads is self.trial.fed_gradients:
            return frozenset(self.feeds)
        return self.read & self.trial.descendants[self.answer.key]


def evidence_of(trial: Trial, answer: Answer) -> Evidence:
    """What a draw shows about one definition."""
    value, feeds, grads = trial.tried_alone(answer)
    return Evidence(trial, answer, answer.reads, feeds, grads, value)


def truly_fed(trial: Trial, answer: Answer) -> Evidence:
    """What a draw shows about one definition that reads the true gradients."""
    feeds, grads = trial.true_feeds, trial.drawn.true_gradients
    return Evidence(trial, answer, answer.reads, feeds, grads, trial.on_truth.get(answer.key))


def as_array(value: Any) -> Array | None:
    """A float array or number as an array of float64; None for anything else."""
    found = float_array(as_number(value))
    return None if found is None else np.asarray(found, np.float64)
