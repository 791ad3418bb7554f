"""Evidence: one definition, tried alone on one draw with random upstream gradients.

What the definition should give follows from the engine's sweep under the same feeds. `Trial` is one
draw of the problem on which all definitions are tried; `Evidence` is what it shows about one of
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from byhand.checking.answers import Answer, Answers
from byhand.checking.compare import Comparison, compare
from byhand.checking.draws import Draw
from byhand.checking.feed import Plan, run_on_feeds
from byhand.checking.hand import Hand, arguments
from byhand.checking.values import array, copied
from byhand.engine.backward import computed_first_to_last, fit
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.ops.op import Array
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.program.statements import Function
from byhand.referees.engine import forward_bounds, sweep
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
class Trial:
    """A problem's backward, recorded on one draw, and random feeds for its answers."""

    problem: Problem
    function: Function
    drawn: Draw
    hand: Hand
    answers: Answers
    upstream: Mapping[str, Any]
    seed: int

    @cached_property
    def feeds(self) -> dict[Key, Array]:
        """An independent random gradient for every answer that is a step of forward."""
        rng = np.random.default_rng([self.seed, 2])
        steps = self.drawn.truth.by_key
        return {
            answer.key: rng.normal(size=steps[answer.key].shape) for answer in self.answers.found
        }

    @cached_property
    def forward(self) -> dict[Tensor, Bounded]:
        return forward_bounds(self.drawn.truth)

    @cached_property
    def true_gradients(self) -> dict[Tensor, Bounded]:
        """The gradients of the real run."""
        return self.sweep({})

    @cached_property
    def fed_gradients(self) -> dict[Tensor, Bounded]:
        """The gradients when every answer passes on its feed."""
        return self.sweep(self.feeds)

    @cached_property
    def length(self) -> int:
        """How many statements a run executes, about."""
        return 1 + max((w.number for w in self.hand.writes), default=0)

    @cached_property
    def plan(self) -> Plan:
        return Plan.of(self.answers)

    @cached_property
    def given(self) -> dict[str, Any]:
        return arguments(self.problem, self.function, self.drawn.program.locals, self.upstream)

    @cached_property
    def available(self) -> dict[str, Any]:
        """Every value of forward, whether backward asks for it or not."""
        return {name: copied(value) for name, value in self.drawn.program.locals.items()}

    @cached_property
    def alone(self) -> dict[Key, Any]:
        """What each definition gives when it reads the random feeds."""
        return self.run(self.feeds)

    @cached_property
    def true_feeds(self) -> dict[Key, Array]:
        """The true gradients, as feeds."""
        steps = self.drawn.truth.by_key
        return {key: self.true_gradients[steps[key].tensor].value for key in self.feeds}

    @cached_property
    def on_truth(self) -> dict[Key, Any]:
        """What each definition gives when it reads the true gradients."""
        return self.run(self.true_feeds)

    def sweep(self, feeds: Mapping[Key, Array]) -> dict[Tensor, Bounded]:
        return sweep(self.drawn.truth, self.drawn.upstream, feeds, self.forward)

    def run(
        self, feeds: Mapping[Key, Array], function: Function | None = None, only: Key | None = None
    ) -> dict[Key, Any]:
        given = self.given if function is None else {**self.available, **self.given}
        with np.errstate(all="ignore"):
            return run_on_feeds(function or self.function, given, self.plan, feeds, only)

    @cached_property
    def descendants(self) -> Mapping[Key, frozenset[Key]]:
        """The answers that each answer's step is used for, near or far."""
        return self._after(near=False)

    @cached_property
    def nearest(self) -> Mapping[Key, frozenset[Key]]:
        """The first answers that forward reaches from each answer's step, on every path."""
        return self._after(near=True)

    def _after(self, near: bool) -> Mapping[Key, frozenset[Key]]:
        steps = self.drawn.truth.by_key
        by_tensor = {steps[key].tensor: key for key in self.feeds}
        found: dict[Tensor, set[Key]] = {}
        for tensor in computed_first_to_last([step.tensor for step in self.drawn.truth])[::-1]:
            passed = found.setdefault(tensor, set())
            if tensor in by_tensor:
                passed = {by_tensor[tensor]} if near else passed | {by_tensor[tensor]}
            for arg in tensor.args:
                if isinstance(arg, Tensor):
                    found.setdefault(arg, set()).update(passed)
        return {key: frozenset(found[steps[key].tensor]) for key in self.feeds}

    @cached_property
    def read(self) -> Mapping[Key, frozenset[Key]]:
        """The answers that each definition reads, other than itself."""
        return {
            answer.key: frozenset(
                other.key
                for write in answer.writes
                for other in self.answers.read_by(answer, write)
            )
            for answer in self.answers.found
        }

    def evidence(self, answer: Answer) -> Evidence:
        """What this draw shows about one definition."""
        key = answer.key
        read = self.read[key]
        upstreams = read & self.descendants[key]
        if not read and self.nearest[key] and _is_zero(answer.value):
            # It claims that nothing comes back, whatever the upstream gradients are.
            return Evidence(self, answer, self.feeds, self.fed_gradients, self.alone.get(key))
        if read <= upstreams and self.nearest[key] <= read:
            return Evidence(self, answer, self.feeds, self.fed_gradients, self.alone.get(key))
        # It jumps over steps, leaves out a path, or reads a gradient that isn't upstream of it:
        # that one must fit the feeds, so it is what the sweep gives under them.
        grads = self.sweep({k: self.feeds[k] for k in upstreams})
        steps = self.drawn.truth.by_key
        feeds = {
            k: self.feeds[k] if k in self.descendants[key] else grads[steps[k].tensor].value
            for k in self.feeds
        }
        return Evidence(self, answer, feeds, grads, self.run(feeds, only=key).get(key))


@dataclass(frozen=True, eq=False)
class Evidence:
    """One definition on one draw: `value` is what it gave, None if it raised.

    `feeds` is what the other answers held, `grads` the gradients that belong to them.
    """

    trial: Trial
    answer: Answer
    feeds: Mapping[Key, Array]
    grads: Mapping[Tensor, Bounded]
    value: Any

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
        return Evidence(trial, self.answer, trial.true_feeds, trial.true_gradients, value)

    def tried(self, function: Function) -> Any:
        """What the definition gives in an edited backward; None if it raises."""
        return self.trial.run(self.feeds, function, self.answer.key).get(self.answer.key)

    def becomes_right(self, function: Function) -> bool:
        """Whether the definition is right in an edited backward.

        It is tried on the feeds of this evidence, and on those of the trial: the edit may make it
        read what it didn't read before.
        """
        if self.judge(self.tried(function)).right:
            return True
        trial = self.trial
        if self.grads is trial.fed_gradients or self.grads is trial.true_gradients:
            return False
        found = trial.run(trial.feeds, function, self.answer.key).get(self.answer.key)
        return _judge(found, trial.fed_gradients[self.tensor]).right

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
        owners = _owners(program)
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
                found.append(Use(owners.get(node, ()), node, position, g, full, share))
        return tuple(found)

    @property
    def cut(self) -> frozenset[Key]:
        """The answers whose feeds reach this definition."""
        if self.grads is self.trial.fed_gradients:
            return frozenset(self.feeds)
        return self.trial.read[self.answer.key] & self.trial.descendants[self.answer.key]


def as_array(value: Any) -> Array | None:
    """A float array or number as an array; None for anything else."""
    found = array(value)
    return found if found is not None and found.dtype.kind == "f" else None


def _judge(value: Any, expected: Bounded, slack: float = 1.0) -> Comparison:
    eps = float(np.finfo(np.float64).eps)
    error = slack * expected.error
    return compare(value, Gradient(expected.value, eps * error), error, np.dtype(np.float64))


def _is_zero(value: Any) -> bool:
    found = as_array(value)
    return found is not None and not found.any()


def _owners(program: Program) -> dict[Tensor, tuple[str, ...]]:
    """The steps that each recorded tensor is part of: its own name, or those it leads to."""
    named = {step.tensor: step.name for step in program}
    owners: dict[Tensor, tuple[str, ...]] = {}
    for tensor in computed_first_to_last(list(named))[::-1]:
        mine = (named[tensor],) if tensor in named else owners.get(tensor, ())
        owners[tensor] = mine
        for arg in tensor.args:
            if isinstance(arg, Tensor):
                owners[arg] = tuple(dict.fromkeys((*owners.get(arg, ()), *mine)))
    return owners
