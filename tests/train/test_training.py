"""Training from start to end: what it learns, that it is repeatable, and how it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.errors import DataError, ProblemError
from byhand.program.problem import load
from byhand.train import TrainingRun, loop, train
from byhand.train.run import Run, load_run

KEYS = [
    "model",
    "run",
    "data",
    "steps",
    "seconds",
    "steps_per_second",
    "parameters",
    "train_loss",
    "val_loss",
    "compiled",
    "samples",
]


def in_another_process(script: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script, *map(str, arguments)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def same(one: Run, other: Run) -> bool:
    """Whether two runs have the same parameters and statistics, to the bit."""
    return all(
        list(ours) == list(theirs)
        and all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)
        for ours, theirs in (
            (one.parameters, other.parameters),
            (one.statistics, other.statistics),
        )
    )


@pytest.mark.parametrize("model", ["mlp", "mlp_fused"])
def test_training_lowers_the_loss(word_file: Path, little: dict[str, int], model: str) -> None:
    short = train(model, data=word_file, steps=1, sizes=little)
    long = train(model, data=word_file, steps=1500, sizes=little)
    assert short.train_loss > 3.0
    assert long.train_loss < 2.6 and long.val_loss < 2.7
    first, *_, last = load_run(long.run).losses
    assert first[1] > 3.0 and last[0] == 1500


def test_both_backwards_train_alike(word_file: Path, little: dict[str, int]) -> None:
    runs = [
        load_run(train(model, data=word_file, steps=50, sizes=little).run)
        for model in ("mlp", "mlp_fused")
    ]
    for name, parameter in runs[0].parameters.items():
        np.testing.assert_allclose(parameter, runs[1].parameters[name], rtol=0, atol=1e-4)


def test_the_result_is_as_the_json_promises(word_file: Path, little: dict[str, int]) -> None:
    run = train("mlp", data=word_file, steps=20, sizes=little)
    result = json.loads(json.dumps(run.as_json(), allow_nan=False))
    assert list(result) == KEYS
    assert result["model"] == "mlp" and result["run"] == "runs/mlp-1"
    assert result["data"] == str(word_file) and result["steps"] == 20
    assert result["parameters"] == 27 * 4 + 12 * 12 + 12 + 12 * 27 + 27 + 12 + 12
    assert result["compiled"] is False and len(result["samples"]) == 10
    assert result["steps_per_second"] == pytest.approx(20 / run.seconds, rel=1e-2)


def test_mlp_is_trained_at_the_lectures_size(word_file: Path) -> None:
    run = train("mlp", data=word_file, steps=1)
    assert run.parameters == 12297
    sizes = {"n": 32, "hidden": 200, "vocabulary": 27, "embedding": 10, "block": 3}
    assert load_run(run.run).config.sizes == sizes


def test_the_vocabulary_is_taken_from_the_data(tmp_path: Path, little: dict[str, int]) -> None:
    file = tmp_path / "words.txt"
    file.write_text("abba\ncab\n" * 20)
    run = load_run(train("mlp", data=file, steps=5, sizes=little).run)
    assert run.config.characters == "abc"
    assert run.parameters["C"].shape == (4, 4) and run.parameters["b2"].shape == (4,)


def test_the_learning_rate_falls_at_half_of_the_steps() -> None:
    assert [loop.learning_rate(step, 200_000) for step in (0, 99_999, 100_000, 199_999)] == [
        0.1,
        0.1,
        0.01,
        0.01,
    ]


def test_one_step_goes_down_the_hand_written_gradient(word_file: Path) -> None:
    problem = load("mlp")
    run = load_run(train(problem, data=word_file, steps=1, sizes={"hidden": 7}).run)
    sizes = run.config.sizes
    values = loop.in_precision(problem.inputs(0, **sizes), np.float32)
    assert {name: p.dtype for name, p in run.parameters.items()} == dict.fromkeys(
        ["C", "W1", "b1", "W2", "b2", "bngain", "bnbias"], np.dtype("float32")
    )
    module: Any = problem.forward.globals
    source = Path(problem.file).read_text()
    assert "    db2 = dlogits.sum(axis=0)\n" in source
    from byhand.train.data import read_words, split

    examples = split(read_words(word_file), 3).train
    X, Y = next(loop.batches(examples, 32, 0, 0))
    probs_less_onehot = _dlogits(module["forward"], values, X, Y)
    expected = values["b2"] - np.float32(0.1) * probs_less_onehot.sum(axis=0)
    np.testing.assert_allclose(run.parameters["b2"], expected, rtol=0, atol=1e-6)
