"""Training that compiles its steps: it learns the same, says so, and goes on as it began."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from byhand.compiling import compile as compiling
from byhand.program.problem import load
from byhand.train import compiled, plan, train
from byhand.train.compiled import MISSING
from byhand.train.run import load_run

NET = """
import numpy as np
def inputs(rng, *, n=8, vocabulary=27):
    X, Y = rng.integers(0, vocabulary, (n, 1)), rng.integers(0, vocabulary, n)
    return {{"X": X, "Y": Y, "W": rng.normal(size=(vocabulary, vocabulary))}}
def forward(X, Y, W):
    logits = W[X[:, 0]]
    counts = np.exp(logits)
    probs = counts / {total}
    loss = -np.log(probs[np.arange(len(Y)), Y]).mean()
    return loss
def backward(X, Y, W, probs):
    dlogits = probs.copy()
    dlogits[np.arange(len(Y)), Y] -= 1
    dlogits /= len(Y)
    dW = np.zeros_like(W)
    np.add.at(dW, X[:, 0], {sign}dlogits)
"""


@pytest.fixture
def in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few steps are compiled too, as source that Python runs."""
    from compiled_steps import in_python

    monkeypatch.setattr(compiling, "load", in_python)
    monkeypatch.setattr(plan, "WORTH_IT", 1)


def net(
    problem_file: Callable[[str], Path], sign: str = "", total: str = "counts.sum(1, keepdims=True)"
) -> Path:
    return problem_file(NET.format(sign=sign, total=total))


@pytest.mark.usefixtures("in_python")
def test_compiled_training_learns_what_plain_training_learns(
    word_file: Path, problem_file: Callable[[str], Path]
) -> None:
    file = net(problem_file)
    runs = [train(file, data=word_file, steps=60, plain=plain) for plain in (False, True)]
    assert [run.compiled for run in runs] == [True, False]
    quick, plain = (load_run(run.run) for run in runs)
    np.testing.assert_allclose(quick.parameters["W"], plain.parameters["W"], atol=1e-5)
    np.testing.assert_allclose(quick.losses, plain.losses, rtol=1e-5)


@pytest.mark.usefixtures("in_python")
def test_a_wrong_backward_trains_wrongly(
    word_file: Path, problem_file: Callable[[str], Path]
) -> None:
    right, wrong = (train(net(problem_file, sign), data=word_file, steps=60) for sign in ("", "-"))
    assert wrong.compiled and wrong.train_loss > right.train_loss + 0.03


@pytest.mark.usefixtures("in_python")
def test_a_stopped_run_goes_on_to_the_bit(
    word_file: Path, problem_file: Callable[[str], Path]
) -> None:
    file = net(problem_file)
    whole = load_run(train(file, data=word_file, steps=40).run)

    def stop(step: int, *rest: object) -> None:
        if step >= 13:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("byhand.train.loop._SHOWN_EVERY", 0.0)
        part = train(file, data=word_file, steps=40, progress=stop)
    assert 13 <= part.steps < 40
    rest = train(file, resume=part.run)
    assert rest.compiled
    assert load_run(rest.run).parameters["W"].tobytes() == whole.parameters["W"].tobytes()


def test_what_cant_be_compiled_is_trained_plainly(
    word_file: Path, problem_file: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "WORTH_IT", 1)
    total = "(counts.sum(1, keepdims=True) if counts.sum() > 0 else 1)"
    run = train(net(problem_file, total=total), data=word_file, steps=5)
    assert not run.compiled and run.note is not None
    assert "a decision depends on its values" in run.note and ".py:" in run.note


def test_without_numba_it_is_said_once(
    word_file: Path, problem_file: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "WORTH_IT", 1)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    run = train(net(problem_file), data=word_file, steps=5)
    assert not run.compiled and run.note == MISSING


@pytest.mark.usefixtures("in_python")
def test_an_optimiser_with_a_state_is_compiled_too(
    word_file: Path, problem_file: Callable[[str], Path]
) -> None:
    file, adamw = net(problem_file), {"optimiser": "adamw", "rate": 0.01}
    runs = [
        train(file, data=word_file, steps=60, schedule=adamw, plain=plain)
        for plain in (False, True)
    ]
    assert [run.compiled for run in runs] == [True, False]
    quick, plain = (load_run(run.run) for run in runs)
    np.testing.assert_allclose(quick.parameters["W"], plain.parameters["W"], atol=1e-5)
    assert set(quick.optimiser) == {"mean of dW", "mean of dW**2"}
    for name, value in plain.optimiser.items():
        np.testing.assert_allclose(quick.optimiser[name], value, rtol=1e-4, atol=1e-7)


def test_numba_is_imported_when_a_step_is_compiled() -> None:
    code = "import sys, byhand.train.training; print({'numba', 'llvmlite'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_few_steps_arent_compiled(word_file: Path, little: dict[str, int]) -> None:
    run = train("mlp", data=word_file, steps=5, sizes=little)
    assert not run.compiled and run.note is None
    assert compiled.WORTH_IT > 5 and load("mlp").backward is not None
