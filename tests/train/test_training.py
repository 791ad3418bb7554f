"""Training from start to end: what it learns, that it is repeatable, and how it is stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.errors import DataError, ProblemError
from byhand.program.problem import load
from byhand.train import TrainingRun, loop, train
from byhand.train.data import read_words, split
from byhand.train.run import RunFolder, load_run
from byhand.train.schedule import Schedule

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


Python = Callable[..., tuple[int, str, str]]


def same(one: RunFolder, other: RunFolder) -> bool:
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
    rate = Schedule().learning_rate
    assert [rate(step) for step in (0, 99_999, 100_000, 199_999)] == [0.1, 0.1, 0.01, 0.01]
    assert Schedule(falls=0.75).learning_rate(149_999) == 0.1
    assert Schedule(falls=1).learning_rate(199_999) == 0.1


def test_a_step_goes_down_the_gradient(word_file: Path) -> None:
    problem = load("mlp")
    examples = split(read_words(word_file), 3).train
    values = loop.in_precision(problem.inputs(0), np.float32)
    b2 = values["b2"].astype(np.float64)
    schedule = Schedule(steps=1)
    before = {name: np.array(value) for name, value in values.items()}
    loop.Descent(problem, values, examples, size=32, seed=0, schedule=schedule).run()
    forward = problem.forward.globals["forward"]
    batch = dict(zip("XY", next(loop.batches(examples, 32, seed=0, start=0)), strict=True))

    def loss(nudged: Any) -> float:
        return forward(**{**before, **batch, "b2": nudged})

    nudges = 1e-3 * np.eye(len(b2))
    slope = np.array([loss(b2 + nudge) - loss(b2 - nudge) for nudge in nudges]) / 2e-3
    assert np.abs(slope).max() > 0.05
    rate = schedule.learning_rate(0)
    np.testing.assert_allclose(b2 - values["b2"], rate * slope, rtol=0, atol=1e-5)


def test_the_same_seed_gives_the_same_parameters_in_another_process(
    word_file: Path, tmp_path: Path, python: Python
) -> None:
    script = """
import sys
from byhand.train import train
train("mlp", data=sys.argv[1], steps=40, seed=5, out=sys.argv[2])
"""
    places = [tmp_path / "one", tmp_path / "other"]
    for place in places:
        assert python(script, word_file, place) == (0, "", "")
    one, other = map(load_run, places)
    assert same(one, other) and one.samples == other.samples
    assert one.config.val_loss == other.config.val_loss
    assert not same(one, load_run(train("mlp", data=word_file, steps=40, seed=6).run))


class Interrupting:
    """A progress that is called at every step and presses Ctrl-C at one of them."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self, step: int, steps: int, loss: float, rate: float) -> None:
        if step == self.at:
            raise KeyboardInterrupt


@pytest.fixture
def interrupted(
    word_file: Path, little: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> TrainingRun:
    """A run of 300 steps, stopped after 137."""
    monkeypatch.setattr(loop, "_SHOWN_EVERY", -1)
    return train("mlp", data=word_file, steps=300, sizes=little, progress=Interrupting(137))


def test_ctrl_c_keeps_what_was_learned(interrupted: TrainingRun) -> None:
    assert (interrupted.steps, interrupted.planned) == (137, 300)
    assert interrupted.as_json()["steps"] == 137
    assert interrupted.val_loss < 3.3
    assert load_run(interrupted.run).config.done == 137


def test_a_resumed_run_ends_like_an_undisturbed_one(
    interrupted: TrainingRun, word_file: Path, little: dict[str, int]
) -> None:
    resumed = train("mlp", resume=interrupted.run)
    undisturbed = train("mlp", data=word_file, steps=300, sizes=little)
    assert resumed.run == interrupted.run and resumed.steps == 300
    one, other = load_run(resumed.run), load_run(undisturbed.run)
    assert same(one, other) and one.samples == other.samples
    assert one.losses[:137] == other.losses[:137] and one.losses[-1] == other.losses[-1]
    assert resumed.val_loss == undisturbed.val_loss
    assert sorted(p.name for p in Path("runs").iterdir()) == ["mlp-1", "mlp-2"]


def test_a_resumed_run_can_go_elsewhere_and_further(interrupted: TrainingRun) -> None:
    further = train("mlp", resume=interrupted.run, steps=200, out="further")
    assert (further.run, further.steps) == ("further", 200)
    assert load_run(interrupted.run).config.done == 137


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"seed": 1}, "was trained with another seed: only `steps` can be changed"),
        ({"sizes": {"hidden": 99}}, "was trained with other sizes"),
        ({"data": "names"}, "was trained with other data"),
        ({"schedule": {"rate": 0.2}}, "was trained with another schedule"),
        ({"problem": "mlp_fused"}, "was trained with another model"),
        ({"steps": 100}, "has done 137 steps of 100: give a larger number of steps"),
    ],
)
def test_a_resumed_run_stays_what_it_was(
    interrupted: TrainingRun, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        train(**{"problem": "mlp", "resume": interrupted.run, **asked})


def test_a_changed_data_file_is_noticed(interrupted: TrainingRun, word_file: Path) -> None:
    content = word_file.read_text()
    try:
        word_file.write_text(content + "\nzoe")
        with pytest.raises(DataError, match="other data"):
            train("mlp", resume=interrupted.run)
    finally:
        word_file.write_text(content)


def test_a_real_ctrl_c_in_the_middle_of_a_step(
    word_file: Path, tmp_path: Path, python: Python
) -> None:
    """The signal comes while backward runs; the step is finished, evaluated and kept."""
    source = Path(load("mlp").file).read_text()
    marker = "    dhpreact = (1 - h**2) * dh"
    assert source.count(marker) == 1
    hit = (
        f"    if n == 32 and np.array_equal(X, target):\n        os.kill(os.getpid(), 2)\n{marker}"
    )
    problem = tmp_path / "mine.py"
    problem.write_text(
        source.replace(marker, hit).replace("import numpy", "import os\n\nimport numpy")
    )
    script = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from byhand.program.problem import load
from byhand.train import train
from byhand.train.data import read_words, split
from byhand.train.loop import batches
problem = load(sys.argv[1])
examples = split(read_words(sys.argv[2]), 3).train
problem.forward.globals["target"] = next(batches(examples, 32, 0, 70))[0]
run = train(problem, data=sys.argv[2], steps=400)
print(run.steps, signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""
    assert python(script, problem, word_file) == (0, "71 True\n", "")


def test_progress_is_told_how_far_it_is(word_file: Path, little: dict[str, int]) -> None:
    calls: list[tuple[int, int, float, float]] = []
    train("mlp", data=word_file, steps=30, sizes=little, progress=lambda *a: calls.append(a))
    step, steps, loss, rate = calls[-1]
    assert (step, steps) == (30, 30) and 2 < loss < 4 and rate > 1
    assert len(calls) < 10  # about ten times a second


@pytest.mark.parametrize(("steps", "seed"), [(0, 0), (-5, 0), (1, -1)])
def test_numbers_out_of_range(steps: int, seed: int) -> None:
    with pytest.raises(ProblemError, match=r"must be [01] or more, not"):
        train("mlp", steps=steps, seed=seed)
