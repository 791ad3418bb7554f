# pyright: basic
"""A function in JAX judged by what `jax.vjp` of it gives, whatever stands in its rules."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from byhand.jax.subject import Arguments, JaxSubject, is_of_arrays, is_of_floats
from byhand.jax.truth import takes_gradient
from byhand.program.problem import Problem
from byhand.sources.assemble import assembled
from byhand.sources.autograd_functions.ctx import HELD, Held

TRUTH = "truth__"


def problem_outside(
    subject: JaxSubject,
    given: Arguments,
    truth: Callable[..., Any],
    takes: Sequence[bool],
    seed: int,
) -> Problem:
    """The problem whose forward is the truth, and whose backward what JAX gives for the subject."""
    named = given.make(np.random.default_rng(seed))
    arrays = [name for name, value in named.items() if is_of_arrays(value)]
    outputs = [f"out{i or ''}" for i in range(sum(takes))]

    def draw(rng: np.random.Generator, **sizes: int) -> dict[str, Any]:
        values = given.make(rng, **sizes)
        held = {name: value for name, value in values.items() if name not in arrays}
        return {**{name: values[name] for name in arrays}, HELD: Held(held)}

    def flat(*values: Any) -> Any:
        leaves = [leaf for leaf in jax.tree.leaves(truth(*values)) if takes_gradient(leaf)]
        return leaves[0] if len(leaves) == 1 else tuple(leaves)

    every = [name if name in arrays else f"{HELD}[{name!r}]" for name in named]
    text = (
        f"def forward({', '.join([*arrays, HELD])}):\n"
        f"    {', '.join(outputs)} = {TRUTH}({', '.join(every)})\n"
        f"    return {', '.join(outputs)}\n"
        "def backward(): pass\n"
    )
    forward, backward = ast.parse(text).body
    assert isinstance(forward, ast.FunctionDef) and isinstance(backward, ast.FunctionDef)
    problem = assembled(
        name=subject.name,
        file=subject.file,
        forward=forward,
        backward=backward,
        namespace={TRUTH: flat},
        library="jax",
        draw=draw,
        dimensions=given.sizes,
        data=[n for n in arrays if not is_of_floats(named[n])],
    )
    asked = tuple(n for n in arrays if is_of_floats(named[n]))
    return replace(
        problem, backward=ByJax(subject, tuple(named), tuple(arrays), asked, tuple(outputs))
    )


@dataclass(frozen=True, eq=False)
class ByJax:
    """What JAX gives as the gradients of a subject, by the names of its arguments."""

    subject: JaxSubject
    names: tuple[str, ...]
    arrays: tuple[str, ...]
    asked: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        names = [*(f"d{name}" for name in self.outputs), *self.arrays, HELD]
        return inspect.Signature([inspect.Parameter(name, kind) for name in names])

    def __call__(self, **given: Any) -> dict[str, Any]:
        def of_floats(floats: dict[str, Any]) -> list[Any]:
            known = {**given[HELD].values, **given, **floats}
            values = [known[name] for name in self.names]
            leaves = jax.tree.leaves(self.subject.call(*values))
            return [leaf for leaf in leaves if takes_gradient(leaf)]

        _, back = jax.vjp(of_floats, {name: given[name] for name in self.asked})
        (found,) = back([given[f"d{name}"] for name in self.outputs])
        return found
