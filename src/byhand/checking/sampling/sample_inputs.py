"""One draw of a problem: inputs, forward on them, and the gradients that are true there."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from byhand.checking.sampling import ties
from byhand.checking.sampling.ties import STEP, inputs_of_ties
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.referees.engine import forward_bounds, sweep
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.arrays import Array, as_torch, is_float_array, is_torch
from byhand.values.precision import eps_of

ADVICE = ": choose inputs on which it is finite"
_NO_FEEDS: Mapping[Key, Array] = {}


@dataclass(frozen=True, eq=False)
class Draw:
    """One set of inputs and the forward on it.

    `truth` is forward in float64, which the referees know; `program` is forward in the type that
    backward is run in: the same program where that is float64. On a `tied` draw nothing is judged
    but the weights that backward gives to equal elements. `as_it_came` is such a draw: the same
    before it was moved away from ties; None where it has none, and in other types than float64.
    `moved` says how the inputs were moved to where nothing hides a mistake; "" where they weren't.
    """

    sizes: Mapping[str, int]
    inputs: Inputs
    truth: Program
    program: Program
    upstream: tuple[Array, ...]
    seed: int
    tied: bool = False
    as_it_came: Draw | None = None
    moved: str = ""

    @property
    def at(self) -> Mapping[str, int] | str | None:
        """What is different here from the first draw: the sizes by name, or "inputs moved"."""
        return "inputs moved" if self.moved else self.sizes or None

    def gradients(
        self, feeds: Mapping[Key, Array] = _NO_FEEDS, upstream: Sequence[Array] | None = None
    ) -> dict[Tensor, Bounded]:
        """The gradient of every tensor, where the steps in `feeds` pass on those in place of their
        own; with other gradients of the outputs, where those are given."""
        upstream = self.upstream if upstream is None else upstream
        return sweep(self.truth, upstream, feeds, self._forward)

    @cached_property
    def eps(self) -> float:
        """The rounding of the coarsest type that forward computes in, or that its inputs have."""
        return max((eps_of(step.value.dtype.name) for step in self.program.inputs), default=0.0)

    @cached_property
    def true_gradients(self) -> dict[Tensor, Bounded]:
        return self.gradients()

    @cached_property
    def _forward(self) -> dict[Tensor, Bounded]:
        return forward_bounds(self.truth)

    @cached_property
    def upstream_by_name(self) -> Mapping[str, Any]:
        """The gradients d<output> that backward may ask for."""
        total: dict[str, Array] = {}
        for step, g in zip(self.program.outputs, self.upstream, strict=True):
            g = g.astype(step.value.dtype)  # a value that is returned twice gets both
            total[step.name] = total[step.name] + g if step.name in total else g
        return {f"d{name}": self.as_given(g) for name, g in total.items()}

    @cached_property
    def true_by_name(self) -> Mapping[str, Any]:
        """The true gradients of the names that forward binds once, as backward would hold them."""
        return {
            name: self.as_given(self.true_gradients[steps[0].tensor].value)
            for name, steps in self.truth.bindings.items()
            if len(steps) == 1
        }

    def as_given(self, value: Array) -> Any:
        """A gradient in the kind of array that the user's code works with."""
        return as_torch(value) if self.program.in_torch else np.array(value)


def draw(
    problem: Problem,
    sizes: Mapping[str, int],
    dtype: str,
    seed: int,
    change: Callable[[Inputs], Inputs] | None = None,
    moved: str = "",
) -> Draw:
    """Draws inputs of these sizes, and changes them if that is asked for.

    Raises ProblemError if forward fails on them or isn't finite.
    """
    given = {k: _cast(v, dtype) for k, v in problem.inputs(seed, **sizes).items()}
    given = given if change is None else change(given)
    _refuse_infinite_inputs(problem, given)
    inputs = {name: _cast(value, "float64") for name, value in given.items()}
    truth = trace_problem(problem, inputs)
    tied = inputs_of_ties(truth)
    as_it_came = None
    if tied:
        if dtype == "float64" and all(np.isfinite(step.value).all() for step in truth.outputs):
            g = truth.upstream(seed)
            as_it_came = Draw(dict(sizes), inputs, truth, truth, g, seed, tied=True)
        given = {k: v if k in problem.data else _apart(k, v, tied, seed) for k, v in given.items()}
        inputs = {name: _cast(value, "float64") for name, value in given.items()}
        truth = trace_problem(problem, inputs)
    _refuse_infinite_outputs(problem, truth)
    program = truth if dtype == "float64" else trace_problem(problem, given)
    upstream = truth.upstream(seed)
    if dtype != "float64":
        upstream = tuple(g.astype(dtype).astype(np.float64) for g in upstream)
    return Draw(
        dict(sizes), inputs, truth, program, upstream, seed, as_it_came=as_it_came, moved=moved
    )


def _apart(name: str, value: Any, tied: frozenset[str], seed: int) -> Any:
    """An input, moved a little if it makes a tie (see `byhand.checking.sampling.ties`)."""

    def leaf(path: tree.Path, held: Any) -> Any:
        said = tree.text(name, path)
        if said not in tied:
            return held
        rng = np.random.default_rng([seed, 3, zlib.crc32(said.encode())])  # each its own way
        if is_torch(held):
            return held + as_torch(rng.normal(size=tuple(held.shape))).to(held.dtype) * STEP
        return ties.moved(held, rng)

    return tree.map_with_path(leaf, value)


def _cast(value: Any, dtype: str) -> Any:
    return tree.map(lambda leaf: _cast_leaf(leaf, dtype), value)


def _cast_leaf(value: Any, dtype: str) -> Any:
    if is_torch(value):
        import torch

        return value.detach().to(getattr(torch, dtype)) if value.is_floating_point() else value
    if isinstance(value, (float, np.floating)):
        return np.asarray(value, dtype)
    if is_float_array(value):
        return value.astype(dtype)
    return value


def _refuse_infinite_inputs(problem: Problem, inputs: Mapping[str, Any]) -> None:
    for name, value in inputs.items():
        for said, item in tree.named(name, value):
            array = item.numpy() if is_torch(item) else np.asarray(item)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                bad = int(array.size - np.count_nonzero(np.isfinite(array)))
                raise ProblemError(
                    f"{problem.file}: inputs gives NaN or infinity in {said} "
                    f"({bad} of {array.size} elements): a gradient can't be checked there"
                )


def _refuse_infinite_outputs(problem: Problem, program: Program) -> None:
    if all(np.isfinite(step.value).all() for step in program.outputs):
        return
    for step in program.steps:
        # A mask of -inf is fine; the first NaN, or an output that isn't finite, is what to name.
        if np.isnan(step.value).any() or step in program.outputs:
            kind = "NaN" if np.isnan(step.value).any() else "infinity"
            raise ProblemError(
                f"{problem.where(step.line)}: forward gives {kind} in {step.name}{ADVICE}"
            )
