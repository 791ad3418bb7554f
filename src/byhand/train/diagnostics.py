"""What goes through a model while it is trained, and what comes back.

After Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks"
(AISTATS 2010), who look at histograms of activations and gradients layer by layer. All of it is
taken from one batch at the end of the training, but for the sizes of the updates, which the descent
notes on its way.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.program.problem import Problem
from byhand.train import pictures
from byhand.train.gradients import hand_gradients, items_named
from byhand.train.loop import Descent
from byhand.values.arrays import Array

DEAD: dict[str, Callable[[Array], Array]] = {
    "tanh": lambda h: np.abs(h) > 0.99,
    "sigmoid": lambda h: np.minimum(h, 1 - h) < 0.01,
    "expit": lambda h: np.minimum(h, 1 - h) < 0.01,
    "maximum": lambda h: h <= 0,
    "relu": lambda h: h <= 0,
    "gelu": lambda h: np.abs(h) < 0.01,
}
"""Functions that bend, and where their output is so flat that hardly anything comes back."""


@dataclass(frozen=True)
class Activation:
    """What comes out of one of these functions, (..., units), and its gradient, if it was given."""

    name: str
    function: str
    value: Array
    gradient: Array | None

    @property
    def dead(self) -> Array:
        """Where nothing comes back, (examples, units)."""
        return DEAD[self.function](self.value).reshape(-1, self.value.shape[-1])


@dataclass(frozen=True)
class Weight:
    """A matrix and its gradient."""

    name: str
    value: Array
    gradient: Array


def pictures_of(descent: Descent) -> dict[str, bytes]:
    """Pictures by file name: PNG. What a model doesn't have gets no picture."""
    layers, weights = look(descent)
    drawn: dict[str, bytes] = {}
    if layers:
        drawn["activations.png"] = pictures.activations(
            [(layer.name, layer.value, float(layer.dead.mean())) for layer in layers]
        )
        drawn["dead-units.png"] = pictures.dead_units([(each.name, each.dead) for each in layers])
    moved = [(x.name, x.gradient) for x in layers if x.gradient is not None and x.gradient.any()]
    if moved:
        drawn["gradients.png"] = pictures.gradients(moved)
    matrices = [(x.name, x.value, x.gradient) for x in weights if x.gradient.any()]
    if matrices:
        drawn["weight-gradients.png"] = pictures.weight_gradients(matrices)
    if descent.updates:
        drawn["updates.png"] = pictures.updates(descent.updates)
    return drawn


def look(descent: Descent) -> tuple[list[Activation], list[Weight]]:
    """One run of forward and backward on the batch that would come next."""
    X, Y = next(descent.batches())
    found = hand_gradients(descent.problem)({**descent.values, "X": X, "Y": Y})
    steps, answers = items_named(found.steps), items_named(found.answers)
    layers = [
        Activation(name, function, steps[name], _array(answers.get(f"d{name}"), steps[name]))
        for step, function in bending(descent.problem)
        for name in _items(step, steps)
    ]
    weights = [
        Weight(name, value, answers[f"d{name}"])
        for name, value in descent.parameters.items()
        if value.ndim > 1
    ]
    return layers, weights


def bending(problem: Problem) -> list[tuple[str, str]]:
    """The steps that come out of a function that bends, as `h = np.tanh(...)`, or as
    `hs.append(np.tanh(...))` in a loop; with the function's name."""
    found: dict[str, str] = {}
    for statement in problem.forward.body:
        for node in ast.walk(statement):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                    function = _called(call)
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=name), attr="append"),
                    args=[ast.Call() as call],
                ):
                    function = _called(call)
                case _:
                    continue
            if function in DEAD:
                found[name] = function
    return list(found.items())


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def _items(step: str, steps: Mapping[str, Any]) -> Sequence[str]:
    """The names of a step: its own, or those of the items of a list. Where the list is long, as
    over the characters of a word, some of them."""
    value: Any = steps[step]
    if not isinstance(value, list):
        return [step] if np.ndim(value) > 1 else []
    count = len(value)  # pyright: ignore[reportUnknownArgumentType]
    some = sorted({round(i) for i in np.linspace(0, count - 1, min(count, 6))})
    return [f"{step}[{i}]" for i in some]


def _array(gradient: Any, like: Array) -> Array | None:
    return gradient if np.shape(gradient) == like.shape else None
