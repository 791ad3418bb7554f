"""One draw of a problem: inputs, forward on them, and the gradients that are true there."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from byhand.checking.sampling import moved_inputs, ties
from byhand.checking.sampling.guards import without_guards
from byhand.checking.sampling.one_element import one_of, takes_one_of
from byhand.checking.sampling.ties import STEP, inputs_of_ties
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.errors import ProblemError
from byhand.program.call import call_of
from byhand.program.problem import Inputs, Problem
from byhand.program.program import Program
from byhand.program.trace import is_setting, trace_problem
from byhand.referees.engine import forward_bounds, sweep, sweep_on_demand
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.arrays import Array, as_jax, as_torch, is_float_array, is_torch
from byhand.values.held import array as held
from byhand.values.precision import eps_of, float_type, in_type, rounded

ADVICE = ": choose inputs for which it is finite"


@dataclass(frozen=True, eq=False)
class Draw:
    """One set of inputs and the forward on it.

    `truth` is forward in float64 on `inputs`, which the referees know; `program` is forward on the
    same numbers as they are `given` to backward's forward, the same program where that is float64.
    `eps` is the rounding of the coarsest type in that. On a `tied` draw nothing is judged
    but the weights that backward gives to equal elements. `as_it_came` is such a draw: the same
    before it was moved away from ties; None where it has none, and in other types than float64.
    `moved` says how the inputs were moved to where nothing hides a mistake; "" where they weren't.
    """

    sizes: Mapping[str, int]
    inputs: Inputs
    given: Inputs
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
        self, feeds: Mapping[Key, Array], upstream: Sequence[Array] | None = None
    ) -> Mapping[Tensor, Bounded]:
        """The gradient of every tensor, where the steps in `feeds` pass on those in place of their
        own; with other gradients of the outputs, where those are given. Each is found when it is
        asked for."""
        upstream = self.upstream if upstream is None else upstream
        return sweep_on_demand(self.truth, upstream, feeds, self.forward_bounds)

    def with_steps(self, truth: Program, program: Program) -> Draw:
        """The same draw, where more of its values are steps: no gradient is another then, and what
        is known of them isn't found out again."""
        new = replace(self, truth=truth, program=program)
        if {step.tensor for step in truth} <= self.forward_bounds.keys():
            vars(new)["forward_bounds"] = self.forward_bounds
        if {step.tensor for step in truth} <= self.true_gradients.keys():
            vars(new)["true_gradients"] = self.true_gradients
        return new

    @cached_property
    def eps(self) -> float:
        """The rounding of the coarsest type that forward computes in, or that its inputs have."""
        kinds = [self.program.type_of(step) for step in self.program.inputs]
        kinds += [kind for _, kind in self.program.casts]
        return max(map(eps_of, kinds), default=0.0)

    @cached_property
    def true_gradients(self) -> dict[Tensor, Bounded]:
        return sweep(self.truth, self.upstream, forward=self.forward_bounds)

    @cached_property
    def forward_bounds(self) -> dict[Tensor, Bounded]:
        """Every tensor of forward, and how many units rounding may put into it."""
        return forward_bounds(self.truth)

    @cached_property
    def upstream_by_name(self) -> Mapping[str, Any]:
        """The gradients d<output> that backward may ask for."""
        total: dict[str, Any] = {}
        for step, g in zip(self.program.outputs, self.upstream, strict=True):
            g = self.as_given(g, self.program.type_of(step))  # returned twice, it gets both
            total[step.name] = total[step.name] + g if step.name in total else g
        return {f"d{name}": g for name, g in total.items()}

    @cached_property
    def true_by_name(self) -> Mapping[str, Any]:
        """The true gradients of the names that forward binds once, as backward would hold them."""
        return {
            name: self.as_given(self.true_gradients[steps[0].tensor].value)
            for name, steps in self.truth.bindings.items()
            if len(steps) == 1
        }

    def as_given(self, value: Array, kind: str = "float64") -> Any:
        """A gradient in the kind of array that the user's code works with."""
        value = in_type(value, kind)  # a copy
        if self.program.in_jax:
            return as_jax(value)
        return as_torch(value) if self.program.in_torch and not is_torch(value) else value


def draw(
    problem: Problem,
    sizes: Mapping[str, int],
    dtype: str | None,
    seed: int,
    change: Callable[[Inputs], Inputs] | None = None,
    moved: str = "",
) -> Draw:
    """Draws inputs of these sizes, in `dtype` or as they come, and changes them if that is asked
    for.

    Raises ProblemError if forward fails on them or isn't finite.
    """
    given = _cast(problem, _scaled(problem, problem.inputs(seed, **sizes)), dtype)
    given = given if change is None else change(given)
    _refuse_infinite_inputs(problem, given)
    inputs = _cast(problem, given, "float64")
    truth = _traced(problem, inputs)
    tied = inputs_of_ties(truth)
    as_it_came = None
    double = all(kind == "float64" for kind in float_types(given))
    if tied:
        if double and all(np.isfinite(step.value).all() for step in truth.outputs):
            g = _upstream(problem, truth, seed)
            as_it_came = Draw(
                dict(sizes), inputs, inputs, truth, truth, g, seed, tied=True, moved=moved
            )
        given = {k: v if k in problem.data else _apart(k, v, tied, seed) for k, v in given.items()}
        inputs = _cast(problem, given, "float64")
        truth = _traced(problem, inputs)
    _refuse_infinite_outputs(problem, truth)
    program = truth if double else _traced(problem, given)
    kinds = [program.type_of(step) for step in program.outputs]
    drawn = _upstream(problem, truth, seed)
    upstream = tuple(rounded(g, k) for g, k in zip(drawn, kinds, strict=True))
    given = inputs if double else given
    return Draw(
        *(dict(sizes), inputs, given, truth, program, upstream, seed),
        as_it_came=as_it_came,
        moved=moved,
    )


def _scaled(problem: Problem, inputs: Inputs) -> Inputs:
    """Inputs as large as a problem wants them, but for what is never moved."""
    if problem.scale == 1:
        return inputs
    leaves = ((n, leaf) for name, value in inputs.items() for n, leaf in tree.named(name, value))
    floats = frozenset(name for name, leaf in leaves if float_type(leaf) is not None)
    return moved_inputs.moved(inputs, problem.data, lambda v, _: v * problem.scale, 0, floats)


def float_types(inputs: Inputs) -> list[str]:
    """The float types of inputs."""
    leaves = (leaf for _, leaf in tree.leaves(dict(inputs)))
    return [kind for leaf in leaves if (kind := float_type(leaf)) is not None]


def _traced(problem: Problem, inputs: Inputs) -> Program:
    program = trace_problem(problem, inputs)
    return without_guards(program) if problem.unguarded else program


def _upstream(problem: Problem, program: Program, seed: int) -> tuple[Array, ...]:
    drawn = program.upstream(seed, of_a_loss=_is_loss(problem, program))
    if not callable(problem.backward) or takes_one_of(program, call_of(problem)) is None:
        return drawn
    return tuple(one_of(each, seed) for each in drawn)


def _is_loss(problem: Problem, program: Program) -> bool:
    """Whether the gradient of what forward returns is 1: of a scalar, or of one number in an array,
    such as a cost of shape (1, 1), whose gradient backward isn't given."""
    match program.outputs:
        case [output] if output.value.size == 1 and not problem.inner:
            if program.scalar or not callable(problem.backward):
                return True
            return f"d{output.name}" not in call_of(problem).parameters
        case _:
            return False


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


def _cast(problem: Problem, inputs: Inputs, dtype: str | None) -> Inputs:
    """Inputs in a type. A number that an object has that is data, such as a layer's eps, stays one:
    as an array it would have a type, which what it is added to would get."""

    def cast(path: tree.Path, leaf: Any) -> Any:
        return leaf if is_setting(path, leaf) else _cast_leaf(leaf, dtype)

    return {
        name: tree.map_with_path(cast, value)
        if name in problem.data
        else tree.map(lambda leaf: _cast_leaf(leaf, dtype), value)
        for name, value in inputs.items()
    }


def _cast_leaf(value: Any, dtype: str | None) -> Any:
    if is_torch(value):
        import torch

        if not value.is_floating_point():
            return value
        return value.detach().to(value.dtype if dtype is None else getattr(torch, dtype))
    if isinstance(value, (float, np.floating)):
        value = np.asarray(value)
    if is_float_array(value):
        return value.astype(dtype or (value.dtype if value.itemsize <= 8 else np.float64))
    return value


def _refuse_infinite_inputs(problem: Problem, inputs: Mapping[str, Any]) -> None:
    """Data may have NaN for what is missing, and infinity where nothing is let through: what comes
    out of forward says whether it left those out."""
    for name, value in inputs.items():
        if name in problem.data:
            continue
        for said, item in tree.named(name, value):
            array = held(item) if is_torch(item) else np.asarray(item)
            if array is not None and array.dtype.kind == "f" and not np.isfinite(array).all():
                bad = int(array.size - np.count_nonzero(np.isfinite(array)))
                raise ProblemError(
                    f"{problem.file}: inputs returns NaN or infinity in {said} "
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
