"""A forward that comes without inputs: they are proposed, by forward alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from byhand.deriving.derive import derive
from byhand.errors import ProblemError
from byhand.sources.load import load_one

FORWARD = """
    import numpy as np

    def forward(x, y, W):
        z = x @ W
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        return loss
"""


def test_it_is_derived_as_if_it_had_them(problem_file: Callable[[str], Path]) -> None:
    problem = load_one(problem_file(FORWARD))
    inputs = problem.inputs()
    assert inputs["x"].shape[1] == inputs["W"].shape[0]
    assert inputs["y"].shape == inputs["x"].shape[:1]
    assert inputs["y"].max() < inputs["W"].shape[1]
    assert "dW = x.T @" in derive(problem, closed=True).source
    assert "forward was tried on x" in problem.notes[0]


def test_it_is_drawn_at_other_sizes(problem_file: Callable[[str], Path]) -> None:
    problem = load_one(problem_file(FORWARD))
    (first, *_) = problem.dimensions
    larger = problem.inputs(**{first: 11})
    assert 11 in larger["x"].shape


def test_shapes_that_are_said_are_taken(problem_file: Callable[[str], Path]) -> None:
    inputs = load_one(problem_file(FORWARD), ["x=7,3"]).inputs()
    assert inputs["x"].shape == (7, 3)
    assert inputs["W"].shape[0] == 3


def test_a_name_that_is_not_there_is_said(problem_file: Callable[[str], Path]) -> None:
    file = problem_file(FORWARD.replace("import numpy as np", ""))
    with pytest.raises(ProblemError, match="NameError: name 'np' is not defined"):
        load_one(file)
