"""Explaining one gradient: by which paths it comes back, in which shapes."""

from __future__ import annotations

from dataclasses import dataclass

from byhand.checking.sampling.sample_inputs import draw
from byhand.checking.uses import axes_of
from byhand.engine.tensor import Tensor
from byhand.errors import ProblemError
from byhand.program.problem import Problem, did_you_mean
from byhand.program.program import Program, Step


@dataclass(frozen=True, eq=False)
class Path:
    """One step that uses the value: what comes back from there.

    `ops` are the ops within that step that the value goes into. `copied` are the axes along which
    broadcasting copied it, `summed` those that the step added up.
    """

    step: Step
    ops: tuple[str, ...]
    copied: tuple[int, ...]
    summed: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Explanation:
    """What reaches the gradient of one step, and where it goes on to."""

    step: Step
    paths: tuple[Path, ...]
    returned: bool
    onward: tuple[Step, ...]


def explain(problem: Problem, name: str, seed: int = 0) -> Explanation:
    """Explains the gradient of `name` (with or without its d; of an item of a dict its key will do,
    where reports call it so), on the problem's default sizes.

    Raises ProblemError if forward has no such float input or step.
    """
    program = draw(problem, {}, "float64", seed).truth
    plain = [name, name.removeprefix("d")]
    items = [f'{held}["{key}"]' for held in sorted(problem.keyed) for key in plain]
    name = next((each for each in (*plain, *items) if each in program), name)
    if name not in program:
        raise ProblemError(
            f"{problem.file}: forward has neither a float input nor a step {name}"
            f"{did_you_mean(name, program.bindings)}"
        )
    step = program[name]
    return Explanation(
        step,
        _paths(program, step),
        step in program.outputs,
        tuple(program[each] for each in step.inputs),
    )


def _paths(program: Program, step: Step) -> tuple[Path, ...]:
    uses: dict[str, list[Tensor]] = {}
    for tensor, through in program.owners.items():
        if any(arg is step.tensor for arg in tensor.args):
            for name in through:
                uses.setdefault(name, []).append(tensor)
    ordered = [each for each in program.steps if each.name in uses]
    last = {each.name: each for each in ordered}
    return tuple(Path(each, *axes_of(step.tensor, uses[each.name])) for each in last.values())
