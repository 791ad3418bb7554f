"""A trial: one draw of the problem on which all definitions are tried, with random upstream
gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from byhand.checking.judging.isolated_run import Plan, run_on_feeds
from byhand.checking.judging.own_rounding import OwnRounding
from byhand.checking.judging.replay import Replay, rehearse
from byhand.checking.running.answers import Answers
from byhand.checking.running.backward_run import Hand
from byhand.checking.running.run import arguments
from byhand.checking.sampling.sample_inputs import Draw
from byhand.checking.values import copied
from byhand.engine.backward import computed_first_to_last
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.program.problem import Problem
from byhand.program.statements import Function
from byhand.referees.engine import forward_bounds, sweep
from byhand.referees.referee import Key
from byhand.values.arrays import Array


@dataclass(frozen=True, eq=False)
class Trial:
    """A problem's backward, recorded on one draw, and random feeds for its answers."""

    problem: Problem
    function: Function
    drawn: Draw
    hand: Hand
    answers: Answers
    upstream: Mapping[str, Any]
    own_rounding: OwnRounding
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

    def sweep(self, feeds: Mapping[Key, Array], ones: bool = False) -> dict[Tensor, Bounded]:
        """The gradients under these feeds; with `ones`, as if those of the outputs were all 1."""
        upstream = self.drawn.upstream
        upstream = tuple(np.ones_like(g) for g in upstream) if ones else upstream
        return sweep(self.drawn.truth, upstream, feeds, self.forward)

    def run(self, feeds: Mapping[Key, Array], only: Key | None = None) -> dict[Key, Any]:
        """What each definition gives when it reads these feeds; with `only`, that one alone."""
        with np.errstate(all="ignore"):
            return run_on_feeds(self.function, self.given, self.plan, feeds, only)

    @cached_property
    def scatter_alone(self) -> dict[Key, Array]:
        """How far rounding moves each definition that reads the random feeds."""
        return self.scatter(self.feeds, self.alone)

    @cached_property
    def scatter_on_truth(self) -> dict[Key, Array]:
        """How far rounding moves each definition that reads the true gradients."""
        return self.scatter(self.true_feeds, self.on_truth)

    def scatter(
        self, feeds: Mapping[Key, Array], judged: Mapping[Key, Any], only: Key | None = None
    ) -> dict[Key, Array]:
        """How far rounding moves what definitions give when they read these feeds."""

        def run(forward: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[Key, Any]:
            upstream = {name: change(value) for name, value in self.upstream.items()}
            given = arguments(self.problem, self.function, forward, upstream)
            fed = {key: change(value) for key, value in feeds.items()}
            return run_on_feeds(self.function, given, self.plan, fed, only)

        return self.own_rounding.scatter(run, judged)

    def rehearsal(self, feeds: Mapping[Key, Array], key: Key, more: Mapping[str, Array]) -> Replay:
        """One definition on these feeds, to be run again with other statements, which may read
        `more`."""
        given, available, plan = self.given, {**self.available, **more}, self.plan
        with np.errstate(all="ignore"):
            return rehearse(self.function, given, available, plan, feeds, key)

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
