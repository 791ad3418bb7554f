"""The gradients that a problem's own backward gives, at the speed of the code in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from byhand.errors import ProblemError
from byhand.program.call import Call, answers_in, call_of
from byhand.program.problem import Inputs, Problem
from byhand.train.rewrite import Locals, explained, with_locals
from byhand.values.arrays import Array

Backward: TypeAlias = Callable[..., tuple[Any, Locals]]


@dataclass(frozen=True)
class StepGradients:
    """One run of forward and backward: `answers["dW"]` is the gradient of the loss by `W`.

    `steps` are the locals of forward. The loop holds on to them until the next run is over: if all
    arrays of a step were freed at once, the C library would hand their memory back to the system
    and get it anew in the next step, which can take longer than the arithmetic.
    """

    loss: float
    steps: Locals
    answers: Mapping[str, Any]


def hand_gradients(problem: Problem) -> Callable[[Inputs], StepGradients]:
    """A function from inputs by name to the gradients that `problem.backward` gives.

    Raises ProblemError if there is no backward; the function does if forward or backward raises, or
    if backward asks for what forward doesn't have.
    """
    call, backward = hand_backward(problem)
    forward = with_locals(problem.forward)
    given = problem.forward.parameters
    defaults = problem.forward.defaults

    def run(values: Inputs) -> StepGradients:
        try:
            loss, steps = forward(
                **{name: values[name] if name in values else defaults[name] for name in given}
            )
        except Exception as error:
            raise explained(problem, "forward", error) from error
        asked = call.filled({**values, **steps})
        try:
            returned, found = backward(**{**call.defaults, **asked})
        except Exception as error:
            raise explained(problem, "backward", error) from error
        return StepGradients(loss, steps, answers_in(found, returned, problem))

    return run


def items_named(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answers, and those in a list `dWs` also as `dWs[0]`, `dWs[1]`, ..."""
    named = dict(answers)
    for name, value in answers.items():
        if isinstance(value, (list, tuple)):
            items: list[Any] | tuple[Any, ...] = value  # pyright: ignore[reportUnknownVariableType]
            named.update({f"{name}[{i}]": item for i, item in enumerate(items)})
    return named


def check_gradients(
    problem: Problem, parameters: Mapping[str, Array], loss: Any, answers: Mapping[str, Any]
) -> None:
    """Raises ProblemError unless the loss is a scalar with a gradient, shape by shape, for each."""
    if np.ndim(loss) or np.asarray(loss).dtype.kind != "f":
        raise ProblemError(
            f"{problem.file}: can't be trained: forward must return the loss, one number"
        )
    for name, parameter in parameters.items():
        gradient = answers.get(f"d{name}")
        if gradient is None:
            raise ProblemError(f"{problem.file}: backward gives no d{name}: check it first")
        if np.shape(gradient) != parameter.shape:
            raise ProblemError(
                f"{problem.file}: d{name} has the shape {np.shape(gradient)}, but {name} has "
                f"{parameter.shape}: check it first"
            )


def hand_backward(problem: Problem) -> tuple[Call, Backward]:
    """How backward is called, and what to call: it gives (returned, locals), and wants everything
    by name, defaults too.

    Raises ProblemError if there is none.
    """
    backward = problem.backward
    if backward is None:
        raise ProblemError(
            f"{problem.file}: can't be trained: it has no backward (`byhand derive` prints one)"
        )
    call = call_of(problem)
    if call.function is not None:
        return call, with_locals(call.function)

    def returning(**asked: Any) -> tuple[Any, Locals]:
        return backward(**asked), {}

    return call, returning
