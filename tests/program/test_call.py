"""Calling a backward: what its parameters are filled with, and what it answers."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from byhand.errors import ProblemError
from byhand.program.call import answers_in, call_of
from byhand.program.problem import Problem, problem_of
from byhand.program.statements import StatementError


def forward(x: Any, w: Any) -> Any:
    h = x * w
    return h.sum()


def of(backward: Any) -> Problem:
    return problem_of(forward, backward, {"x": np.ones(3), "w": np.ones(3)})


def test_filled_by_name_and_by_default() -> None:
    def backward(x: Any, dloss: Any, scale: float = 2.0) -> Any:
        dw = x * dloss * scale  # noqa: F841  # pyright: ignore[reportUnusedVariable]
        return {"x": dloss * scale * np.ones(3)}

    call = call_of(of(backward))
    given = call.filled({"x": np.arange(3.0), "w": np.ones(3), "dloss": 1.0})
    assert list(given) == ["x", "dloss"]
    answers = call.answers(given)
    np.testing.assert_array_equal(answers["dw"], [0.0, 2.0, 4.0])
    np.testing.assert_array_equal(answers["dx"], [2.0, 2.0, 2.0])


def test_one_message_for_what_isnt_there() -> None:
    def near(hh: Any) -> None: ...
    def far(quite_else: Any) -> None: ...

    with pytest.raises(ProblemError, match=r"asks for hh, which is neither .*; did you mean h\?$"):
        call_of(of(near)).filled({"x": 1.0, "h": 1.0})
    with pytest.raises(ProblemError, match=r"asks for quite_else, .*: it can ask for x, h$"):
        call_of(of(far)).filled({"x": 1.0, "h": 1.0})


def test_without_statements() -> None:
    def work(times: float, x: Any, scale: float = 2.0) -> Any:
        return {"x": times * scale * x}

    call = call_of(of(functools.partial(work, 3.0)))
    assert call.function is None
    assert call.answers(call.filled({"x": 1.0})) == {"dx": 6.0}
    with pytest.raises(StatementError, match="TypeError"):
        call.answers({})
    with pytest.raises(ProblemError, match="can't be read: wrap it"):
        call_of(of(max))
    with pytest.raises(ProblemError, match="has no backward"):
        call_of(of(None))


def test_answers_are_locals_and_returned() -> None:
    assert answers_in({"dx": 1, "x": 2}, {"W": 3}) == {"dx": 1, "dW": 3}
    assert answers_in({"dx": 1}, (4, 5)) == {"dx": 1}
    found = answers_in({}, {"dw": 3, "dh": 1, "dother": 2}, of(None))
    assert found == {"dw": 3, "dh": 1, "ddother": 2}
