"""Evidence: one definition, tried alone on one draw with random upstream gradients.

What the definition should give follows from the engine's sweep under the same feeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from byhand.checking.answers import Answer
from byhand.checking.compare import Comparison, compare
from byhand.checking.names import loaded_names
from byhand.checking.rehearse import Edits, Rehearsal
from byhand.checking.trial import Trial
from byhand.checking.values import array
from byhand.engine.backward import computed_first_to_last, fit
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.ops.op import Array
from byhand.referees.referee import Gradient, Key


@dataclass(frozen=True, eq=False)
class Use:
    """One use of a value in forward, and the share of its gradient that comes back through it.

    `through` are the names of the steps that this use is part of. `full` is the share before it is
    summed over broadcast axes, `share` after; `upstream` the gradient that the op itself got.
    """

    through: tuple[str, ...]
    node: Tensor
    position: int
    upstream: Array
    full: Array
    share: Array


@dataclass(frozen=True, eq=False)
class Evidence:
    """One definition on one draw: `value` is what it gave, None if it raised.

    `feeds` is what the other answers held, `grads` the gradients that belong to them, `read` those
    that it reads.
    """

    trial: Trial
    answer: Answer
    read: frozenset[Key]
    feeds: Mapping[Key, Array]
    grads: Mapping[Tensor, Bounded]
    value: Any = None

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
    def right(self) -> bool:
        return self.comparison.right

    @cached_property
    def right_on_truth(self) -> bool:
        """Whether the definition is right where it reads the true gradients."""
        trial = self.trial
        value = trial.on_truth.get(self.answer.key)
        return _judge(value, trial.true_gradients[self.tensor]).right

    def judge(self, value: Any, slack: float = 1.0) -> Comparison:
        """Compares a value with what the definition should give, `slack` times as leniently."""
        return _judge(value, self.expected, slack)

    def gives(self, value: Any) -> bool:
        """Whether `value` is, to rounding, the value that the definition gave."""
        mine = as_array(self.value)
        theirs = as_array(value)
        if mine is None or theirs is None or mine.shape != theirs.shape:
            return False
        if not np.isfinite(mine).all():
            return False
        size = np.maximum(np.abs(theirs), float(np.max(np.abs(mine), initial=0.0)) * 1e-3)
        return bool(np.all(np.abs(mine - theirs) <= 1e-9 * size))

    def on_truth(self) -> Evidence:
        """The same definition where it reads the true gradients."""
        trial = self.trial
        value = trial.on_truth.get(self.answer.key)
        feeds, grads = trial.true_feeds, trial.true_gradients
        return Evidence(trial, self.answer, self.read, feeds, grads, value)

    def tried(self, edits: Edits) -> Any:
        """What the definition gives with other statements in place of some; None if it raises."""
        with np.errstate(all="ignore"):
            return self._rehearsal.value(edits)

    def becomes_right(self, edits: Edits) -> bool:
        """Whether the definition is right with other statements in place of some.

        Where those read gradients that it didn't read before, it is judged as one that does.
        """
        new = self._newly_read(edits)
        found = self._reading(new) if new else self
        return found.judge(found.tried(edits)).right

    def times(self, edits: Edits) -> float | None:
        """How many times as large the definition must be to be right with other statements."""
        new = self._newly_read(edits)
        found = self._reading(new) if new else self
        value, right = as_array(found.tried(edits)), found.expected.value
        if value is None or value.shape != right.shape:
            return None
        with np.errstate(all="ignore"):
            times = float(np.sum(value * right) / np.sum(value * value))
        if not np.isfinite(times) or abs(times) < 1e-9:
            return None
        return times if found.judge(times * value, 1e4).right else None

    def _newly_read(self, edits: Edits) -> frozenset[Key]:
        if self.grads is self.trial.true_gradients:
            return frozenset()
        names = {
            name[1:]
            for old, new in edits.items()
            for name, _ in loaded_names(new)
            if name.startswith("d") and name not in dict(loaded_names(old))
        }
        found = (k for k in self.feeds if names and k[0].partition("[")[0] in names)
        return frozenset(found) - self.read - {self.answer.key}

    def _reading(self, more: frozenset[Key]) -> Evidence:
        if more not in self._readings:
            read = self.read | more
            feeds, grads = _upstreams(self.trial, self.answer.key, read)
            self._readings[more] = Evidence(self.trial, self.answer, read, feeds, grads)
        return self._readings[more]

    @cached_property
    def _readings(self) -> dict[frozenset[Key], Evidence]:
        return {}

    @cached_property
    def _rehearsal(self) -> Rehearsal:
        more = {**self.slopes, **self.picked}
        return self.trial.rehearsal(self.feeds, self.answer.key, more)

    def through(self, key: Key) -> Array:
        """What of the gradient comes back through the step `key`, which the definition jumps
        over."""
        if key not in self._through:
            steps = self.trial.drawn.truth.by_key
            feeds = {k: self.feeds[k] for k in self.cut}
            grads = self.trial.sweep({**feeds, key: np.zeros_like(steps[key].value)})
            self._through[key] = self.expected.value - grads[self.tensor].value
        return self._through[key]

    @cached_property
    def _through(self) -> dict[Key, Array]:
        return {}

    @cached_property
    def between(self) -> tuple[Key, ...]:
        """The steps that this definition jumps over, from near to far."""
        program = self.trial.drawn.truth
        reached = {self.tensor}
        stops = {program.by_key[k].tensor for k in self.cut}
        for tensor in computed_first_to_last([step.tensor for step in program]):
            if tensor not in stops and any(
                a in reached for a in tensor.args if isinstance(a, Tensor)
            ):
                reached.add(tensor)
        return tuple(
            key for key, step in program.by_key.items() if step.tensor in reached - {self.tensor}
        )

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every use of the value in forward, with the share that comes back through it."""
        program = self.trial.drawn.truth
        found: list[Use] = []
        fed = {program.by_key[k].tensor: v for k, v in self.feeds.items() if k in self.cut}
        for node in self.grads:
            if node.op is None:
                continue
            for position, arg in enumerate(node.args):
                vjp = node.op.vjp(position) if arg is self.tensor else None
                if vjp is None:
                    continue
                g = fed[node] if node in fed else self.grads[node].value
                values = [a.value if isinstance(a, Tensor) else a for a in node.args]
                full = np.asarray(vjp(g, node.value, *values, **node.params))
                share = np.asarray(fit(full, self.tensor.shape))
                found.append(Use(program.owners.get(node, ()), node, position, g, full, share))
        return tuple(found)

    @cached_property
    def slopes(self) -> Mapping[str, Array]:
        """The local derivatives on the way from the value to where its gradient comes back from, by
        names to use in an exchanged statement. Those that are one number are left out."""
        program = self.trial.drawn.truth
        stops = {program.by_key[k].tensor for k in self.cut}
        reached = {self.tensor}
        found: dict[str, Array] = {}
        for number, node in enumerate(computed_first_to_last([step.tensor for step in program])):
            if not any(arg in reached for arg in node.args if isinstance(arg, Tensor)):
                continue
            if node not in stops:
                reached.add(node)
            if node.op is None or node.op.structure != "elementwise":
                continue
            values = [a.value if isinstance(a, Tensor) else a for a in node.args]
            for position, arg in enumerate(node.args):
                vjp = node.op.vjps[position] if isinstance(arg, Tensor) and arg in reached else None
                if vjp is not None:
                    slope = vjp(np.ones(node.shape), node.value, *values, **node.params)
                    if np.ptp(slope) > 0:
                        found[f"__slope_{number}_{position}"] = slope
        return found

    @cached_property
    def picked(self) -> Mapping[str, Array]:
        """1 where forward reads single elements of an array of this shape, and 0 elsewhere; by
        names to use in an exchanged statement."""
        found: dict[str, Array] = {}
        nodes = computed_first_to_last([step.tensor for step in self.trial.drawn.truth])
        for number, node in enumerate(nodes):
            if node.op is not None and node.op.name == "getitem":
                ones = np.zeros(node.args[0].shape)
                ones[node.params["index"]] = 1.0
                if ones.shape == self.tensor.shape:
                    found[f"__picked_{number}"] = ones
        return found

    @property
    def cut(self) -> frozenset[Key]:
        """The answers whose feeds reach this definition."""
        if self.grads is self.trial.fed_gradients:
            return frozenset(self.feeds)
        return self.read & self.trial.descendants[self.answer.key]


def evidence_of(trial: Trial, answer: Answer) -> Evidence:
    """What a draw shows about one definition."""
    key = answer.key
    read = trial.read[key]
    if not read and trial.nearest[key] and _is_zero(answer.value):
        # It claims that nothing comes back, whatever the upstream gradients are.
        feeds, grads = trial.feeds, trial.fed_gradients
    else:
        feeds, grads = _upstreams(trial, key, read)
    alone = trial.alone if feeds is trial.feeds else trial.run(feeds, only=key)
    return Evidence(trial, answer, read, feeds, grads, alone.get(key))


def _upstreams(
    trial: Trial, key: Key, read: frozenset[Key]
) -> tuple[Mapping[Key, Array], Mapping[Tensor, Bounded]]:
    """The feeds for a definition that reads these gradients, and the gradients under them."""
    upstreams = read & trial.descendants[key]
    if read <= upstreams and trial.nearest[key] <= read:
        return trial.feeds, trial.fed_gradients
    # It jumps over steps, leaves out a path, or reads a gradient that isn't upstream of it:
    # that one must fit the feeds, so it is what the sweep gives under them.
    grads = trial.sweep({k: trial.feeds[k] for k in upstreams})
    steps = trial.drawn.truth.by_key
    feeds = {
        k: trial.feeds[k] if k in trial.descendants[key] else grads[steps[k].tensor].value
        for k in trial.feeds
    }
    return feeds, grads


def as_array(value: Any) -> Array | None:
    """A float array or number as an array; None for anything else."""
    found = array(value)
    return found if found is not None and found.dtype.kind == "f" else None


def _judge(value: Any, expected: Bounded, slack: float = 1.0) -> Comparison:
    eps = float(np.finfo(np.float64).eps)
    error = slack * expected.error
    truth = Gradient(expected.value, eps * error)
    return compare(value, truth, error, np.dtype(np.float64), mapped=False)


def _is_zero(value: Any) -> bool:
    found = as_array(value)
    return found is not None and not found.any()
