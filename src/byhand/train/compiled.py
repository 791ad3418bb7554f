"""Many steps of training in one call of machine code, where Numba is installed.

What is compiled is the step that training would take without: forward, the hand-written backward
and the update, traced once (see `byhand.compiling`). So a wrong backward trains wrongly here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import numpy as np

from byhand.compiling import CompiledStep, compile_step, relinked
from byhand.errors import ByhandError, in_one_line
from byhand.program.problem import Inputs, Problem
from byhand.train.gradients import check_gradients, hand_gradients, items_named
from byhand.train.optimisers import Optimiser
from byhand.values.arrays import Array

MISSING = 'Numba isn\'t installed: pip install "byhand[fast]"'

WORTH_IT = 2000
"""With fewer steps than that, compiling takes longer than it saves."""

_HELD = "held "  # what the optimiser keeps goes in under names that no problem has


@dataclass
class FastSteps:
    """Steps in machine code on the parameters in `arrays`, which are changed in place.

    `note` says which parts NumPy still does, if any.
    """

    step: CompiledStep
    arrays: Mapping[str, Array]

    @property
    def note(self) -> str | None:
        calls = ", ".join(dict.fromkeys(self.step.calls))
        return f"left to NumPy, step by step: {calls}" if calls else None

    def run(self, fed: Mapping[str, Array]) -> Array:
        """The losses of as many steps as `fed` has: X, Y and the numbers of the update, by name."""
        for name, array in self.arrays.items():
            self.step.input(name)[...] = array
        losses = self.step.run(fed)
        for name, array in self.arrays.items():
            array[...] = self.step.input(name)
        return losses


def fast_steps(
    problem: Problem,
    values: Inputs,
    parameters: Mapping[str, Array],
    optimiser: Optimiser,
) -> FastSteps | str:
    """Compiles the steps of a descent, or says in one line why not.

    `parameters` are the arrays in `values` that are trained. What the optimiser is given besides,
    another number in each step, is fed to the steps by its name.
    """
    numbers = tuple(optimiser.numbers(0.1, 0))
    held = {f"{_HELD}{name}": array for name, array in optimiser.state.items()}
    given = {**values, **held, **{name: np.zeros((), np.float32) for name in numbers}}
    step = _step(_traceable(problem), tuple(parameters), optimiser, numbers, tuple(held))
    try:
        compiled = compile_step(step, given, ("X", "Y", *numbers))
    except ImportError:
        return MISSING
    except ByhandError as error:
        return str(error)
    except Exception as error:  # Numba's own are of many kinds: training goes on without
        return in_one_line(error)[:200]
    return FastSteps(compiled, {**parameters, **held})


def _step(
    problem: Problem,
    names: tuple[str, ...],
    optimiser: Optimiser,
    numbers: tuple[str, ...],
    held: tuple[str, ...],
) -> Callable[[dict[str, Any]], Any]:
    gradients = hand_gradients(problem)

    def step(given: dict[str, Any]) -> Any:
        found = gradients(given)
        items = items_named(given)
        parameters = {name: items[name] for name in names}
        state = {name.removeprefix(_HELD): given[name] for name in held}
        answers = items_named(found.answers)
        check_gradients(problem, parameters, getattr(found.loss, "value", None), answers)
        optimiser.update(parameters, answers, state, **{name: given[name] for name in numbers})
        return found.loss

    return step


def _traceable(problem: Problem) -> Problem:
    """The problem with functions that a trace can follow."""
    names = relinked(problem.forward.globals)
    backward = problem.backward
    if isinstance(backward, FunctionType):
        backward = names.get(backward.__name__, backward)
    return replace(problem, forward=replace(problem.forward, globals=names), backward=backward)
