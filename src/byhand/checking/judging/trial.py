"""A trial: backward run on one draw, judged as a whole, and its definitions ready to be tried
alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from byhand import referees
from byhand.checking.judging.compare import FACTOR, Comparison, compare
from byhand.checking.judging.constant import CONSTANT, elsewhere, without_constants
from byhand.checking.judging.feeds import Feeds
from byhand.checking.judging.forward_order import reached
from byhand.checking.judging.isolated_run import Feeder, fed, run_on_feeds, unscaled
from byhand.checking.judging.kinks import KINK, at_kinks, has_kinks
from byhand.checking.judging.no_number import filled
from byhand.checking.judging.own_rounding import FAR, OwnRounding, Scatter
from byhand.checking.judging.precision import Precision
from byhand.checking.judging.replay import Replay, record
from byhand.checking.running.answers import Answer, Answers, answers
from byhand.checking.running.backward_run import BackwardRun
from byhand.checking.running.run import run_again, run_backward
from byhand.checking.sampling.sample_inputs import Draw
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.program.call import call_to
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.referees.referee import Gradient, Key
from byhand.values import tree
from byhand.values.arrays import Array
from byhand.values.held import array, as_number, copied, float_array
from byhand.values.precision import SINGLE

EPS = float(np.finfo(np.float64).eps)

FEW = 2
"""Of a further draw, so many definitions are run by themselves, before all are in one run."""

LARGE = 1e-6
"""A part of a gradient that is much more than rounding leaves of it nearly anywhere."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One run of a backward, on one draw.

    All that costs time is found when it is asked for: what was right in the end (`results`), what
    each definition gives alone. `first` is the trial of the default sizes, if this is another one.
    `plain` is the trial as it was before locals were taken for the gradients of other values, if
    any are.
    """

    problem: Problem
    drawn: Draw
    run: BackwardRun
    answers: Answers
    referee: str = "engine"
    in_its_types: bool = False
    first: Trial | None = None
    plain: Trial | None = None

    @property
    def line_by_line(self) -> bool:
        """Whether its definitions can be tried alone: in Python, and in float64, or in float32
        where backward runs in no other type."""
        exact = self.drawn.program is self.drawn.truth
        exact = exact or (self.in_its_types and self.drawn.eps <= SINGLE)
        return self.run.function is not None and exact

    # What it gave in the end.

    def result(self, key: Key) -> Comparison:
        """The verdict on what backward gave in the end."""
        if key not in self._results:
            before = self._judged_as(key)
            self._results[key] = self._judge(key) if before is None else before.result(key)
        return self._results[key]

    def _judged_as(self, key: Key) -> Trial | None:
        """The trial before locals were taken for the gradients of other values, if an answer gave
        the same there, for the same value."""
        if self.plain is None or key not in self.plain.answers:
            return None
        answer, before = self.answers.by_key[key], self.plain.answers.by_key[key]
        same = before.value is answer.value and before.scale == answer.scale
        same = same and self.plain.precision.eps(key) == self.precision.eps(key)
        return self.plain if same and answer.host is None else None

    def holds(self, key: Key) -> bool:
        """Whether nothing speaks against what backward gave in the end."""
        return self.result(key).right or self.result(key).unjudged

    @cached_property
    def _results(self) -> dict[Key, Comparison]:
        return {}

    def _judge(self, key: Key) -> Comparison:
        answer = self.answers.by_key[key]
        given = unscaled(answer.value, answer.scale)
        program, error = self.drawn.program, self._true(key).error
        dtype = program.by_key[key].value.dtype
        kind = program.type_of(program.by_key[answer.host or key])
        eps = self.precision.eps(key)
        shown = self.first is None or key not in self.first.wrong  # that is the one of all draws
        found = compare(given, self._truths[key], error, dtype, eps, shown, called=kind)
        if found.verdict != "wrong" or found.max_error is None:
            return found
        size = float(np.max(np.abs(self._truths[key].value), initial=0.0))
        far_out = self.first.far_out_here(key, size) if self.first is not None else np.inf
        if found.max_error > far_out:
            return found
        times = abs(answer.scale)
        truth = self._truths[key]
        for own in self.scatter_in_the_end.of(key, times * found.max_error):
            found = compare(given, truth, error, dtype, eps, shown, own / times, kind)
            if found.right:
                break
        if truth.places is not None:
            return found  # not all elements were looked at
        if not found.right and (kinked := self._at_kinks(key, given, eps)) is not None:
            other = compare(given, kinked, error, dtype, eps, called=kind)
            found = replace(other, verdict="rounding", note=KINK) if other.right else found
        if not found.right and (rest := self._without_constants(key, given, eps)) is not None:
            other = compare(given, rest, error, dtype, eps, called=kind)
            found = replace(other, verdict="rounding", note=CONSTANT) if other.right else found
        return found

    def _at_kinks(self, key: Key, given: Any, eps: float) -> Gradient | None:
        """The truth with both slopes where forward has a kink, if the answer is off at kinks
        alone."""
        if not self._has_kinks:
            return None
        truth = self._truths[key]
        off = self._off(given, truth, self._true(key).error, eps)
        return at_kinks(self.problem, self.drawn, key, truth, off)

    @cached_property
    def _has_kinks(self) -> bool:
        return has_kinks(self.drawn)

    def _without_constants(self, key: Key, given: Any, eps: float) -> Gradient | None:
        return self.without_constants(key, given, self._truths[key], self._true(key).error, eps)

    def without_constants(
        self, key: Key, given: Any, truth: Gradient, error: Array, eps: float
    ) -> Gradient | None:
        """The truth without the elements at which an answer is off, if those are constant."""
        off = self._off(given, truth, error, eps)
        return without_constants(self.problem, lambda: self._elsewhere, self.drawn, key, truth, off)

    @cached_property
    def _elsewhere(self) -> tuple[Program, ...]:
        return elsewhere(self.problem, self.drawn)

    def _off(self, given: Any, truth: Gradient, error: Array, eps: float) -> Array:
        """The elements at which an answer is off by more than the bound on rounding."""
        value = array(as_number(given))
        assert value is not None
        bound = FACTOR * max(eps, EPS) * error + truth.error
        return np.abs(np.asarray(value, np.float64) - truth.value) > bound

    @cached_property
    def _truths(self) -> Mapping[Key, Gradient]:
        """What the referee says of every answer; of values without a name only the engine can."""
        true = {answer.key: self._true(answer.key) for answer in self.answers.found}
        found = {key: Gradient(each.value, EPS * each.error) for key, each in true.items()}
        named = [answer.key for answer in self.answers.found if answer.host is None]
        if self.referee != "engine":
            referee = referees.find(self.referee)
            found |= referee(self.problem, self.drawn.inputs, named, self.drawn.upstream)
        return {**found, **filled(self.problem, self.drawn, {key: found[key] for key in named})}

    @cached_property
    def precision(self) -> Precision:
        """How exactly its answers can be judged."""
        return Precision(self.problem, self.run, self.answers.found, self.drawn.eps)

    @cached_property
    def as_given(self) -> Mapping[str, Any]:
        """The upstream gradients, and what else backward was given and changed, as they were."""
        changed = {tree.root(damage.changed) for damage in self.run.damages}
        own = {name: value for name, value in self.run.given.items() if name in changed}
        return {**own, **self.drawn.upstream_by_name}

    @cached_property
    def wrong(self) -> frozenset[Key]:
        """The answers that are wrong in the end."""
        return frozenset(a.key for a in self.answers.found if not self.holds(a.key))

    def _true(self, key: Key) -> Bounded:
        return self.drawn.true_gradients[self.drawn.truth.by_key[key].tensor]

    # Where its definitions stand in forward.

    @cached_property
    def descendants(self) -> Mapping[Key, frozenset[Key]]:
        """The answers that each answer's step is used for, near or far."""
        return reached(self.drawn.truth, self.feeds)

    @cached_property
    def nearest(self) -> Mapping[Key, frozenset[Key]]:
        """The first answers that forward reaches from each answer's step, on every path."""
        return reached(self.drawn.truth, self.feeds, near=True)

    # What they give alone.

    @cached_property
    def feeds(self) -> dict[Key, Array]:
        """An independent random gradient for every answer that is a step of forward."""
        rng = np.random.default_rng([self.drawn.seed, 2])
        steps = self.drawn.truth.by_key
        return {
            answer.key: rng.normal(size=steps[answer.key].shape) for answer in self.answers.found
        }

    @cached_property
    def fed_gradients(self) -> Mapping[Tensor, Bounded]:
        """The gradients when every answer passes on its feed."""
        return self.drawn.gradients(self.feeds)

    def tried_alone(
        self, answer: Answer
    ) -> tuple[Any, Mapping[Key, Array], Mapping[Tensor, Bounded]]:
        """What a definition gives alone, None if it was never reached; its feeds; and all gradients
        under these."""
        if answer.key not in self._tried:
            self._tried[answer.key] = self._try_alone(answer)
        return self._tried[answer.key]

    @cached_property
    def _tried(self) -> dict[Key, tuple[Any, Mapping[Key, Array], Mapping[Tensor, Bounded]]]:
        return {}

    def _try_alone(
        self, answer: Answer
    ) -> tuple[Any, Mapping[Key, Array], Mapping[Tensor, Bounded]]:
        if not answer.reads and self.nearest[answer.key] and _is_zero(answer.value):
            # It claims that nothing comes back, whatever the upstream gradients are.
            feeds, grads = self.feeds, self.fed_gradients
        else:
            feeds, grads = self.feeds_where(answer.key, answer.reads)
        all_of_them = feeds is self.feeds and (self.first is None or len(self._tried) >= FEW)
        alone = self.alone if all_of_them else self.run_on(feeds, only=answer.key)
        return alone.get(answer.key), feeds, grads

    def feeds_where(
        self, key: Key, read: frozenset[Key]
    ) -> tuple[Mapping[Key, Array], Mapping[Tensor, Bounded]]:
        """The feeds for a definition that reads these gradients, and all gradients under them."""
        upstreams = read & self.descendants[key]
        if read <= upstreams and self.nearest[key] <= read:
            return self.feeds, self.fed_gradients
        # It jumps over steps, leaves out a path, or reads a gradient that isn't upstream of it:
        # that one must fit the feeds, so it is what the sweep gives under them.
        grads = self.drawn.gradients({k: self.feeds[k] for k in upstreams})
        steps, after = self.drawn.truth.by_key, self.descendants[key]
        fitting = {k: steps[k].tensor for k in self.feeds if k not in after}
        return Feeds(self.feeds, fitting, grads), grads

    @cached_property
    def alone(self) -> dict[Key, Any]:
        """What each definition gives when it reads the random feeds."""
        return self.run_on(self.feeds)

    @cached_property
    def true_feeds(self) -> dict[Key, Array]:
        """The true gradients, as feeds."""
        return {key: self._true(key).value for key in self.feeds}

    @cached_property
    def on_truth(self) -> dict[Key, Any]:
        """What each definition gives when it reads the true gradients."""
        return self._fed_truth.raw

    @property
    def versions(self) -> Mapping[Key, Sequence[Any]]:
        """What each answer held after each of its statements, where those read true gradients."""
        return self._fed_truth.versions

    @cached_property
    def _fed_truth(self) -> Feeder:
        function, given = self.run.function, self.run.given
        assert function is not None
        with np.errstate(all="ignore"):
            return fed(function, given, self.answers, self.true_feeds)

    def run_on(self, feeds: Mapping[Key, Array], only: Key | None = None) -> dict[Key, Any]:
        """What each definition gives when it reads these feeds; with `only`, that one alone."""
        function, given = self.run.function, self.run.given
        assert function is not None
        with np.errstate(all="ignore"):
            return run_on_feeds(function, given, self.answers, feeds, only)

    # How far rounding moves what they give, on their own way.

    @cached_property
    def scatter_in_the_end(self) -> Scatter:
        """How far rounding moves each answer of the whole run."""

        def run(forward: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[Key, Any]:
            upstream = self._changed_upstream(change)
            return run_again(self.problem, forward, upstream, self.answers)

        judged = {answer.key: answer.value for answer in self.answers.found}
        return Scatter(self._own_rounding, run, judged)

    @cached_property
    def noise(self) -> float:
        """How far rounding moves an answer, at most, as a part of its largest element."""
        return self.scatter_in_the_end.noise if self.plain is None else self.plain.noise

    def far_out(self, key: Key, truth: Array) -> float:
        """From which error on a gradient is far out: a large part of its largest element, and out
        of proportion to how far rounding moves it on this draw or on the first, where it is wrong.
        Then there is no need to find out how far it moves this one. Infinite where that isn't
        known."""
        size = float(np.max(np.abs(truth), initial=0.0))
        known = (each for each in (self.first, self) if each is not None)
        return next((each.far_out_here(key, size) for each in known if key in each.wrong), np.inf)

    def far_out_here(self, key: Key, size: float) -> float:
        """The same of a gradient of this size, as far as this draw shows."""
        if key not in self.wrong:
            return np.inf
        known = self._judged_as(key) or self
        return max(LARGE, FAR * known.scatter_in_the_end.noise_of(key)) * size

    @cached_property
    def scatter_alone(self) -> Scatter:
        """How far rounding moves each definition that reads the random feeds."""
        return self.scatter(self.feeds, self.alone)

    @cached_property
    def scatter_on_truth(self) -> Scatter:
        """How far rounding moves each definition that reads the true gradients."""
        return self.scatter(self.true_feeds, self.on_truth)

    def scatter(
        self, feeds: Mapping[Key, Array], judged: Mapping[Key, Any], only: Key | None = None
    ) -> Scatter:
        """How far rounding moves what definitions give when they read these feeds."""
        function = self.run.function
        assert function is not None

        def run(forward: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[Key, Any]:
            upstream = self._changed_upstream(change)
            given = call_to(self.problem, function).filled({**upstream, **forward})
            changed = {key: change(value) for key, value in feeds.items()}
            return run_on_feeds(function, given, self.answers, changed, only)

        return Scatter(self._own_rounding, run, judged)

    def _changed_upstream(self, change: Callable[[Any], Any]) -> dict[str, Any]:
        return {name: change(copied(g)) for name, g in self.drawn.upstream_by_name.items()}

    @cached_property
    def _own_rounding(self) -> OwnRounding:
        if self.plain is not None:
            return self.plain._own_rounding
        return OwnRounding(self.problem, self.drawn, self.drawn.seed)

    # What they would give with other statements.

    def replay(self, feeds: Mapping[Key, Array], key: Key, more: Mapping[str, Any]) -> Replay:
        """One definition on these feeds, to be run again with other statements, which may read
        `more`."""
        function, given = self.run.function, self.run.given
        assert function is not None
        with np.errstate(all="ignore"):
            return record(function, given, {**self.available, **more}, self.answers, feeds, key)

    @cached_property
    def available(self) -> dict[str, Any]:
        """Every value of forward, whether backward asks for it or not."""
        return {name: copied(value) for name, value in self.drawn.program.locals.items()}


def _is_zero(value: Any) -> bool:
    found = float_array(value)
    return found is not None and not found.any()


def try_on(
    problem: Problem,
    drawn: Draw,
    referee: str = "engine",
    in_its_types: bool = False,
    first: Trial | None = None,
) -> Trial:
    """Runs the backward on one draw, and finds out which gradient is whose. `in_its_types`: it runs
    in no others. `first` is the trial of the default sizes, if this is another one."""
    program = drawn.program
    ran = run_backward(problem, program.locals, drawn.upstream_by_name, drawn.true_by_name)
    return Trial(problem, drawn, ran, answers(program, ran), referee, in_its_types, first)
