"""Inputs that are single numbers keep their names, and other inputs tell if they don't."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from deriving_cases import assert_right

from byhand.deriving.derive import derive
from byhand.deriving.verify import verify
from byhand.errors import UnsupportedError
from byhand.program.problem import load

Write = Callable[[str], Path]

FORWARD = """
import numpy as np

def inputs(rng):
    return {{"x": rng.normal(size=5), "y": {label}}}

def forward(x, y):
    e = np.exp(x)
    p = e / e.sum()
    logprobs = np.log(p)
    loss = -logprobs[y]
    return loss
"""
LABELS = ("rng.integers(0, 5)", "int(rng.integers(0, 5))", "np.array(rng.integers(0, 5))")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("dialect", ["numpy", "torch"])
def test_a_label_of_one_number_is_called_by_its_name(
    problem_file: Write, label: str, dialect: str
) -> None:
    problem = load(problem_file(FORWARD.format(label=label)))
    derivation = assert_right(problem, problem.inputs(), dialect)
    assert "[y] = -1" in derivation.source
    for seed in range(1, 4):
        verify(problem, problem.inputs(seed), derivation, dialect)


@pytest.mark.parametrize("label", LABELS)
def test_so_it_is_in_closed_form(problem_file: Write, label: str) -> None:
    problem = load(problem_file(FORWARD.format(label=label)))
    derivation = derive(problem, closed=True)
    assert "[y]" in derivation.source
    for seed in range(1, 4):
        verify(problem, problem.inputs(seed), derivation)


def test_a_label_worked_out_of_others(problem_file: Write) -> None:
    source = FORWARD.format(label="rng.integers(0, 5, 3)").replace("[y]", "[y[1] - 1]")
    problem = load(problem_file(source))
    assert "[y[1] - 1] = -1" in assert_right(problem, problem.inputs()).source


@pytest.mark.parametrize("sizes", ["", ", *, n=5"])
def test_a_backward_for_one_label_only_is_refused(problem_file: Write, sizes: str) -> None:
    source = FORWARD.format(label=LABELS[0]).replace("rng)", f"rng{sizes})")
    problem = load(problem_file(source))
    derivation = derive(problem)
    label = int(problem.inputs()["y"])
    number = replace(derivation, source=derivation.source.replace("[y]", f"[{label}]"))
    with pytest.raises(UnsupportedError, match="dx isn't right"):
        verify(problem, problem.inputs(), number)


def test_with_the_inputs_given_there_are_no_others() -> None:
    def forward(x, y):  # type: ignore[no-untyped-def]
        out = x[y] * x
        return out  # noqa: RET504

    inputs = {"x": np.arange(3.0), "y": np.int64(1)}
    assert "x[y]" in derive(forward, inputs).source


TREES = {
    "dicts in a dict": ('{"A": {"W": W(), "b": b()}, "B": {"W": W()}}',
        'np.tanh(x @ p["A"]["W"] + p["A"]["b"]) @ p["B"]["W"]', '{"A": {}, "B": {}}'),
    "a dict": ('{"W": W(), "b": b()}', 'x @ p["W"] + p["b"]', "{}"),
    "dicts in a list": ('[{"W": W()}, {"W": W()}]', 'x @ p[0]["W"] @ p[1]["W"]',
        "[{} for each in p]"),
    "lists in a list": ("[[W(), b()], [W()]]", "(x @ p[0][0] + p[0][1]) @ p[1][0]",
        "[[None] * len(each) for each in p]"),
    "a list in a tuple": ("(W(), [b(), b()])", "x @ p[0] + p[1][0] * p[1][1]",
        "[None, [None] * len(p[1])]"),
}  # fmt: skip
"""The input p, what forward makes of x and p, and how its gradient begins."""


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("loop", ["", "for _ in range(2): "])
def test_parameters_in_dicts_and_lists(problem_file: Write, name: str, loop: str) -> None:
    made, value, begun = TREES[name]
    source = (
        "import numpy as np\n"
        "def inputs(rng, *, n=4, d=3):\n"
        "    W, b = lambda: rng.normal(size=(d, d)), lambda: rng.normal(size=d)\n"
        f"    return {{'x0': rng.normal(size=(n, d)), 'p': {made}}}\n"
        f"def forward(x0, p):\n    x = x0\n    {loop}x = {value}\n    return x\n"
    )
    problem = load(problem_file(source))
    derivation = assert_right(problem, problem.inputs(), "numpy")
    assert loop or f"dp = {begun}\n" in derivation.source
    verify(problem, problem.inputs(1), derivation)


def test_parameters_that_are_attributes(problem_file: Write) -> None:
    source = (
        "from types import SimpleNamespace\n"
        "def inputs(rng):\n    return {'p': SimpleNamespace(w=rng.normal(size=3))}\n"
        "def forward(p):\n    return (p.w ** 2).sum()\n"
    )
    with pytest.raises(UnsupportedError, match=r"the values in p are attributes, .* make p a dict"):
        derive(load(problem_file(source)))
