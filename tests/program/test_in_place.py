"""Functions that forward calls may assign in place: what is traced is what Python computes.

The gradients are compared with central differences of the plain function.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.engine import gradients
from byhand.errors import ByhandError, ProblemError
from byhand.program.control_flow import run_plainly
from byhand.program.problem import load
from byhand.program.trace import trace_problem
from byhand.referees import find
from sweeps import a_few

HEAD = """
import numpy as np

def inputs(rng):
    return {"x": rng.normal(size=(4, 5)), "w": rng.normal(size=(5,))}
"""

FORWARDS = {
    "masks": """
        def sigmoid(x):
            neg = x < 0
            z = np.exp(-x)
            z[neg] = np.exp(x[neg])
            top = np.ones_like(x)
            top[neg] = z[neg]
            return top / (1 + z)
        def forward(x, w):
            s = sigmoid(x) @ w
            loss = s.sum()
            return loss
    """,
    "a plain array that is filled": """
        def rows(x, w):
            out = np.zeros(len(x))
            for i in range(len(x)):
                out[i] = np.tanh(x[i] @ w)
            out[0] += out[1] * 2
            return out
        def forward(x, w):
            s = rows(x, w)
            loss = (s * s).sum()
            return loss
    """,
    "a recurrence": """
        def states(x, w):
            h = np.zeros((len(x) + 1, 5))
            for t in range(len(x)):
                h[t + 1] = np.tanh(h[t] * w + x[t])
            return h[1:]
        def forward(x, w):
            h = states(x, w)
            loss = (h**2).sum()
            return loss
    """,
    "what it was is used as well": """
        def twice(x):
            y = x * 2
            before = np.exp(y)
            y *= before
            y -= 1
            middle = y.sum()
            y /= 3 + before
            y **= 2
            return y * middle + before
        def forward(x, w):
            y = twice(x) @ w
            loss = y.sum()
            return loss
    """,
    "an argument is changed": """
        def shift(x):
            x -= x.max(axis=1, keepdims=True)
        def forward(x, w):
            logits = x * w
            squares = logits**2
            shift(logits)
            p = np.exp(logits) / squares.sum()
            loss = (p * logits).sum()
            return loss
    """,
    "an input is changed": """
        def relu(x):
            x[x < 0] = 0.0
            return x
        def forward(x, w):
            y = x * x
            z = relu(x)
            loss = (z @ w + (y * x) @ w).sum()
            return loss
    """,
    "a total": """
        def total(x, w):
            out = np.zeros(5)
            for row in x:
                out += np.sin(row) * w
            return out
        def forward(x, w):
            t = total(x, w)
            loss = (t * t).sum()
            return loss
    """,
    "an object": """
        class Layer:
            def __init__(self, w):
                self.w = w
                self.seen = np.zeros((4, 5))
            def __call__(self, x):
                for i in range(4):
                    self.seen[i] = x[i] * self.w
                    self.seen[i, 0] *= 2
                return self.seen
        def forward(x, w):
            layer = Layer(w)
            y = layer(x)
            loss = (y * y * layer.seen).sum()
            return loss
    """,
    "an object with a state": """
        class Sum:
            def __init__(self):
                self.total = np.zeros(5)
            def add(self, x):
                self.total += x
                return self.total * 1
        def forward(x, w):
            held = Sum()
            a = held.add(x[0] * w)
            b = held.add(x[1] * a)
            c = held.add(b * b)
            loss = (c * a).sum()
            return loss
    """,
    "inner functions": """
        def forward(x, w):
            def rows(n):
                out = np.zeros(n)
                for i in range(n):
                    out[i] = x[i] @ w
                return out
            s = rows(len(x))
            loss = (s**2).sum()
            return loss
    """,
    "convolution": """
        def convolve(x, w):
            n, m = x.shape
            out = np.zeros((n, m - 2))
            for i in range(n):
                for j in range(m - 2):
                    out[i, j] = np.sum(x[i, j:j + 3] * w[:3]) + w[4]
            return out
        def forward(x, w):
            y = convolve(x, w)
            loss = (y**2).sum()
            return loss
    """,
}

REFUSED = {
    "a row": """
        def shift(x):
            for row in x:
                row -= row.max()
        def forward(x, w):
            y = x * w
            shift(y)
            loss = (y**2).sum()
            return loss
    """,
    "a second name of a plain array": """
        def rows(x, w):
            out = np.zeros(4)
            held = [out]
            for i in range(4):
                out[i] = x[i] @ w
            return held[0] + 0 * x[:, 0]
        def forward(x, w):
            s = rows(x, w)
            loss = (s**2).sum()
            return loss
    """,
    "a free name": """
        def rows(x, w):
            out = np.zeros(4)
            def fill(i):
                out[i] = x[i] @ w
            for i in range(4):
                fill(i)
            return out
        def forward(x, w):
            s = rows(x, w)
            loss = (s**2).sum()
            return loss
    """,
}


def differences(problem: Any, inputs: dict[str, Any], name: str) -> Any:
    def loss(value: Any) -> float:
        given = {k: v.copy() for k, v in {**inputs, name: value}.items()}
        return float(run_plainly(problem.forward, given)[0].value)

    found = np.zeros(inputs[name].shape)
    for place in np.ndindex(found.shape):
        step = np.zeros(found.shape)
        step[place] = 1e-6
        found[place] = (loss(inputs[name] + step) - loss(inputs[name] - step)) / 2e-6
    return found


@pytest.fixture
def source(problem_file: Callable[[str], Path]) -> Callable[[str], Any]:
    return lambda text: load(problem_file(HEAD + textwrap.dedent(text)))


@pytest.mark.parametrize("name", FORWARDS)
def test_gradients_are_those_of_what_python_computes(
    source: Callable[[str], Any], name: str
) -> None:
    problem = source(FORWARDS[name])
    inputs = problem.inputs(0)
    program = trace_problem(problem, inputs)
    (out,) = program.outputs
    found = gradients([(out.tensor, np.ones_like(out.value))])
    for step in program.inputs:
        expected = differences(problem, inputs, step.name)
        np.testing.assert_allclose(found[step.tensor], expected, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(step.value, inputs[step.name])


@pytest.mark.parametrize("referee", ["finite", "torch", "jax"])
@pytest.mark.parametrize("name", a_few(FORWARDS))
def test_referees_agree_or_refuse(source: Callable[[str], Any], name: str, referee: str) -> None:
    problem = source(FORWARDS[name])
    inputs = problem.inputs(0)
    keys = [("x", 0), ("w", 0)]
    truth = find("engine")(problem, inputs, keys, [np.ones(())])
    try:
        found = find(referee)(problem, inputs, keys, [np.ones(())])
    except ByhandError as error:
        assert "use --referee" in str(error)
        return
    for key in keys:
        np.testing.assert_allclose(found[key].value, truth[key].value, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cant_be_followed_is_refused(source: Callable[[str], Any], name: str) -> None:
    problem = source(REFUSED[name])
    with pytest.raises(ProblemError, match=r"can't be f(ollow|ill)ed"):
        trace_problem(problem, problem.inputs(0))


def test_a_step_that_is_changed_stays_what_it_was_and_gets_a_second_binding(
    source: Callable[[str], Any],
) -> None:
    problem = source(FORWARDS["an argument is changed"])
    program = trace_problem(problem, problem.inputs(0))
    first, second = program.bindings["logits"]
    np.testing.assert_array_equal(first.value, program["x"].value * program["w"].value)
    assert np.all(second.value.max(axis=1) == 0)
    np.testing.assert_array_equal(program.locals["logits"], second.value)
    assert (second.line, "max" in second.op) == (12, True)
