"""Every model of the zoo that can be trained: its compiled steps are its plain ones."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.compiling import compile as compiling
from byhand.program.problem import load, zoo
from byhand.train.compiled import FastSteps
from byhand.train.loop import in_precision, trained_inputs
from compiled_steps import drawn, fast, in_python, plain_steps
from sweeps import a_few

STEPS = 4

SMALL = {"n": 5}
SMALLER = {"transformer": {"n": 3, "layers": 2}, "gru": {"n": 3}, "rnn": {"n": 3}}


def trainable() -> list[str]:
    """The models whose inputs have X and Y, and so can be trained on words."""
    names = [name for name in zoo() if "torch" not in name]
    return [name for name in names if {"X", "Y"} <= set(load(name).inputs(0))]


def feed(problem: Any, sizes: dict[str, int]) -> dict[str, Any]:
    """Other batches, and other rates, for each step."""
    batches = [problem.inputs(seed, **sizes) for seed in range(STEPS)]
    rates = np.array([0.1, 0.05, 0.2, 0.01], np.float32)
    return {"rate": rates} | {name: np.stack([b[name] for b in batches]) for name in "XY"}


def agree(model: str, sizes: dict[str, int]) -> FastSteps:
    """Takes steps in float32, compiled and plain, and in float64: the truth for both.

    A step is one of many, so it starts from where the plain steps have come to. The error that is
    allowed is that of rounding: what the plain steps have, a few times over.
    """
    problem = load(model)
    values = drawn(problem, **sizes)
    wide = in_precision(values, np.float64)
    quick = copy.deepcopy(values)
    steps = fast(problem, quick)
    assert isinstance(steps, FastSteps), steps
    fed = feed(problem, sizes)
    parameters = {
        name: trained_inputs(problem, v)
        for name, v in (("plain", values), ("quick", quick), ("wide", wide))
    }
    for at in range(STEPS):
        one = {name: array[at : at + 1] for name, array in fed.items()}
        for name, array in parameters["plain"].items():
            parameters["quick"][name][...] = array
            parameters["wide"][name][...] = array
        before = {name: array.copy() for name, array in parameters["wide"].items()}
        losses = [
            steps.run(one)[0],
            plain_steps(problem, values, one)[0],
            plain_steps(problem, wide, one)[0],
        ]
        assert abs(losses[0] - losses[2]) <= 8 * abs(losses[1] - losses[2]) + 4e-7 * abs(losses[2])
        for name, truth in parameters["wide"].items():
            step_size = np.abs(truth - before[name]).max()
            rounding = 1e-5 * step_size + 2e-7 * np.abs(truth).max()
            slip = np.abs(parameters["plain"][name] - truth).max()
            error = np.abs(parameters["quick"][name] - truth).max()
            assert error <= 4 * slip + rounding, (name, at, error, slip)
    return steps


@pytest.mark.parametrize("model", a_few(trainable()))
def test_every_step_is_the_plain_one(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "load", in_python)
    steps = agree(model, SMALLER.get(model, SMALL))
    assert steps.note is None


@pytest.mark.long
@pytest.mark.parametrize("model", ["mlp", "wavenet"])
def test_machine_code_does_what_its_source_says(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    agree(model, {"n": 5, "hidden": 19})
