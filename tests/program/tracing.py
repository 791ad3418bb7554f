"""Tracing a forward, and comparing the trace with plain Python and with difference quotients."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from byhand.engine import gradients
from byhand.program.control_flow import run_plainly
from byhand.program.functions import function_of
from byhand.program.program import Program
from byhand.program.trace import trace

Forward = Callable[..., Any]


def followed(forward: Forward, **inputs: Any) -> Program:
    """The trace of a forward, found to be what plain Python computes, with the right gradients."""
    program = trace(forward, inputs)
    assert_like_plain_python(program, forward, inputs)
    assert_like_difference_quotients(program, forward, inputs)
    return program


def names(program: Program) -> list[str]:
    """The steps in order, `h` for the first binding of h and `h'` for the second."""
    return [step.name + "'" * step.binding for step in program.steps]


def gradient(program: Program, name: str, binding: int = -1) -> Any:
    """The gradient of a step, for a random gradient of every output."""
    seeds = zip(program.outputs, program.upstream(), strict=True)
    found = gradients((step.tensor, g) for step, g in seeds)
    step = program.bindings[name][binding]
    return found.get(step.tensor, np.zeros_like(step.value))


def assert_like_plain_python(program: Program, forward: Forward, inputs: Mapping[str, Any]) -> None:
    taken = function_of(forward)
    given = {name: value for name, value in inputs.items() if name in taken.parameters}
    returned, namespace = run_plainly(taken, copy.deepcopy(given))
    results = returned.value if isinstance(returned.value, (tuple, list)) else (returned.value,)
    for step, result in zip(program.outputs, results, strict=True):
        np.testing.assert_array_equal(step.value, result)
    for name, value in program.locals.items():
        if name in namespace:
            assert_same(value, namespace[name], name)


def assert_same(traced: Any, plain: Any, where: str) -> None:
    """Equal arrays, in the same lists and tuples; what is no array is the very same."""
    if isinstance(plain, (list, tuple)):
        assert type(traced) is type(plain), where
        assert len(traced) == len(plain), where
        for i, (a, b) in enumerate(zip(traced, plain, strict=True)):
            assert_same(a, b, f"{where}[{i}]")
    elif isinstance(plain, (np.ndarray, float, int)):
        assert np.shape(traced) == np.shape(plain), where
        np.testing.assert_array_equal(traced, plain, err_msg=where)


def assert_like_difference_quotients(
    program: Program, forward: Forward, inputs: Mapping[str, Any]
) -> None:
    """The gradient of every float input, along a random direction, by central differences."""
    rng = np.random.default_rng(0)
    upstream = program.upstream()
    h = 1e-5
    for name, place in float_arrays(inputs):
        direction = rng.normal(size=np.shape(place(inputs)))
        ends: list[float] = []
        for sign in (1, -1):
            moved = copy.deepcopy(dict(inputs))
            there = place(moved)
            there += sign * h * direction
            result = run_plainly(function_of(forward), moved)[0].value
            results = result if isinstance(result, (tuple, list)) else (result,)
            ends.append(sum(float(np.sum(g * r)) for g, r in zip(upstream, results, strict=True)))
        along = (ends[0] - ends[1]) / (2 * h)
        mine = float(np.sum(gradient(program, name, 0) * direction))
        np.testing.assert_allclose(mine, along, rtol=1e-6, atol=1e-8, err_msg=name)


def float_arrays(inputs: Mapping[str, Any]) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """The float arrays among inputs by name, each with a function that finds it in a copy."""
    for name, value in inputs.items():
        if isinstance(value, (list, tuple)):
            for i in range(len(value)):
                yield f"{name}[{i}]", lambda given, name=name, i=i: given[name][i]
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
            yield name, lambda given, name=name: given[name]
