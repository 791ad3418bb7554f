"""The pictures of activations, gradients, dead units and updates, and the numbers in them."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from byhand.errors import DataError
from byhand.program.problem import load
from byhand.train import train
from byhand.train.data import read_words, split
from byhand.train.diagnostics import Activation, bending, look, pictures_of
from byhand.train.loop import Descent, batches, in_precision
from byhand.train.run import load_run
from byhand.train.schedule import Schedule

PICTURES = [
    "activations.png",
    "dead-units.png",
    "gradients.png",
    "updates.png",
    "weight-gradients.png",
]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("mlp", [("h", "tanh")]),
        ("deep_mlp", [(f"h{i}", "tanh") for i in range(1, 6)]),
        ("gru", [("zs", "sigmoid"), ("rs", "sigmoid"), ("cs", "tanh")]),
        ("transformer", [("gs", "gelu")]),
        ("bigram", []),
    ],
)
def test_what_bends_is_found(model: str, expected: list[tuple[str, str]]) -> None:
    assert bending(load(model)) == expected


def descent_of(model: str, word_file: Path, **sizes: int) -> Descent:
    problem = load(model)
    values = in_precision(problem.inputs(0, **sizes), np.float32)
    whole = values["Y"].ndim == 2
    examples = split(read_words(word_file), values["X"].shape[1], whole=whole).train
    return Descent(problem, values, examples, len(values["X"]), 0, Schedule(steps=5))


def test_the_numbers_are_those_of_the_next_batch(word_file: Path) -> None:
    descent = descent_of("mlp_plain", word_file, n=16)
    layers, weights = look(descent)
    X, Y = next(batches(descent.examples, 16, 0, 0))
    p = descent.values
    h = np.tanh(p["C"][X].reshape(16, -1) @ p["W1"] + p["b1"])
    logits = h @ p["W2"] + p["b2"]
    probs = np.exp(logits - logits.max(1, keepdims=True))
    probs /= probs.sum(1, keepdims=True)
    probs[np.arange(16), Y] -= 1
    (layer,) = layers
    assert (layer.name, layer.function) == ("h", "tanh")
    np.testing.assert_allclose(layer.value, h, atol=1e-5)
    np.testing.assert_allclose(layer.gradient, probs / 16 @ p["W2"].T, atol=1e-5)
    assert layer.dead.mean() == pytest.approx((np.abs(h) > 0.99).mean(), abs=0.01) and (
        layer.dead.mean() > 0.3  # the start on the scale of 1
    )
    assert [weight.name for weight in weights] == ["C", "W1", "W2"]


def test_of_a_long_list_some_items_are_shown(word_file: Path) -> None:
    layers, _ = look(descent_of("rnn", word_file, block=16))
    assert [layer.name for layer in layers] == [f"hs[{i}]" for i in (0, 3, 6, 10, 13, 16)]


@pytest.mark.parametrize(
    ("function", "values", "dead"),
    [
        ("tanh", [-0.995, 0.5, 1.0], [True, False, True]),
        ("sigmoid", [0.001, 0.5, 0.995], [True, False, True]),
        ("relu", [0.0, 0.5, 3.0], [True, False, False]),
        ("gelu", [-0.001, -0.1, 3.0], [True, False, False]),
    ],
)
def test_where_nothing_comes_back(function: str, values: list[float], dead: list[bool]) -> None:
    assert Activation("h", function, np.array([values]), None).dead.tolist() == [dead]


def test_the_pictures_are_written_and_the_updates_go_on(
    word_file: Path, little: dict[str, int]
) -> None:
    run = train("mlp", data=word_file, steps=20, sizes=little, diagnostics=True).run
    assert sorted(file.name for file in Path(run).glob("*.png")) == PICTURES
    for name in PICTURES:
        height, width, _ = matplotlib.image.imread(Path(run, name)).shape
        assert height > 200 and width > 500
    again = train("mlp", resume=run, steps=40, diagnostics=True).run
    updates = load_run(again).updates
    assert [step for step, _ in updates] == list(range(1, 41))
    assert list(updates[0][1]) == ["C", "W1", "W2", "bngain", "bnbias"]


def test_an_update_is_measured_beside_what_it_changes(word_file: Path) -> None:
    descent = descent_of("mlp_scaled", word_file, n=16)
    before = descent.values["W1"].copy()
    descent.watched, descent.schedule = True, Schedule(steps=1)
    descent.run()
    ((step, ratios),) = descent.updates
    change = descent.values["W1"].astype(np.float64) - before
    assert step == 1
    assert ratios["W1"] == pytest.approx(change.std() / before.std(), rel=1e-4)


def test_a_model_without_layers_gets_what_it_has(word_file: Path) -> None:
    run = train("bigram", data=word_file, steps=3, diagnostics=True).run
    found = sorted(file.name for file in Path(run).glob("*.png"))
    assert found == ["updates.png", "weight-gradients.png"]


def test_what_gets_no_gradient_is_left_out(word_file: Path) -> None:
    descent = descent_of("mlp_plain", word_file, n=16)
    descent.values["W2"][...] = 0
    assert "gradients.png" not in pictures_of(descent)
    assert list(pictures_of(descent)) == [
        "activations.png",
        "dead-units.png",
        "weight-gradients.png",
    ]


def test_without_matplotlib_it_says_so_before_training(
    word_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DataError, match="needs matplotlib: pip install 'byhand"):
        train("mlp", data=word_file, steps=1, diagnostics=True)
    assert not Path("runs").exists()
    train("mlp", data=word_file, steps=1)
