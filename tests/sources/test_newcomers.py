"""More files as people write them: right without alarm, mistakes in their line."""

from __future__ import annotations

from pathlib import Path

import pytest
from exchanged import assert_blamed, exchanged

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.sources.load import sources
from sweeps import a_few

FORMS = Path(__file__).with_name("forms") / "newcomers"
FOUND = {
    "digits_of_a_file": ["prop"],
    "engine_of_pairs": [
        *["Value.__add__", "Value.__mul__", "Value.__pow__", "Value.exp", "Value.log"],
        *["Value.tanh", "Value.relu", "Value.backward"],
    ],
    "engine_of_tuples": [
        *["Scalar.__add__", "Scalar.__mul__", "Scalar.__pow__", "Scalar.exp", "Scalar.tanh"],
        "Scalar.backward",
    ],
    "gated_states": ["GRU"],
    "signal_layers": [
        *["binary_cross_entropy", "Convolutional", "Dense", "Sigmoid", "Reshape"],
    ],
    "fully_connected": [
        *["affine", "relu", "batchnorm", "layernorm", "dropout", "softmax_loss"],
        "FullyConnectedNet",
    ],
}


def reports(file: Path) -> dict[str, Report]:
    return {each.name: check(each.read()) for each in sources(file)}


def test_every_file_is_here() -> None:
    assert {file.stem for file in FORMS.glob("*.py")} == {*FOUND}


@pytest.mark.parametrize("name", a_few(FOUND))
def test_right_ones(name: str) -> None:
    found = reports(FORMS / f"{name}.py")
    assert [*found] == FOUND[name]
    for report in found.values():
        assert report.ok, str(report)


PLANTED = (
    ("digits_of_a_file", "prop", "dZ2.dot(A1.T)", "dZ2.dot(A1.T) * 2"),
    ("digits_of_a_file", "prop", "np.sum(dZ1, axis=1", "np.sum(dZ2, axis=1"),
    ("digits_of_a_file", "prop", "* ReLU_deriv(Z1)", "* ReLU_deriv(A2[:2])"),
    ("signal_layers", "Convolutional", "[i, j] = signal.correlate2d", "[i, j] = signal.convolve2d"),
    ("signal_layers", "Convolutional", "+= signal.convolve2d", "= signal.convolve2d"),
    ("signal_layers", "Convolutional", "+= signal.convolve2d", "+= signal.correlate2d"),
    ("signal_layers", "Dense", "self.weights.T, output", "2 * self.weights.T, output"),
    ("gated_states", "GRU", "self.Uh.T @ dc_raw", "self.Uh @ dc_raw"),
    ("gated_states", "GRU", "np.outer(dc_raw, r * h)", "np.outer(dc_raw, h)"),
    ("gated_states", "GRU", "dc = dh * z", "dc = dh * (1 - z)"),
    ("engine_of_pairs", "Value.tanh", "(self, 1 - t ** 2)", "(self, 1 - t)"),
    ("engine_of_pairs", "Value.__mul__", "(self, other.data)", "(self, self.data)"),
    ("engine_of_pairs", "Value.relu", "self.data > 0", "self.data < 0"),
    ("engine_of_pairs", "Value.backward", "p.grad += local", "p.grad = local"),
    ("engine_of_tuples", "Scalar.tanh", "1 - t * t", "1 - t"),
    ("engine_of_tuples", "Scalar.__add__", "(1, 1)", "(1, -1)"),
    ("engine_of_tuples", "Scalar.__pow__", "(k * self.x", "(self.x"),
    ("engine_of_tuples", "Scalar.backward", "child.grad += slope", "child.grad = slope"),
    ("engine_of_tuples", "Scalar.backward", "reversed(order)", "order"),
    (
        "fully_connected",
        "FullyConnectedNet",
        'grads["W%d" % i] += self.reg',
        'grads["W%d" % i] += 2 * self.reg',
    ),
    (
        "fully_connected",
        "FullyConnectedNet",
        'grads["W%d" % L] += self.reg * self.params["W%d" % L]',
        'grads["W%d" % L] += self.reg * self.params["W%d" % L] ** 2',
    ),
)


@pytest.mark.parametrize(("name", "problem", "old", "new"), a_few(PLANTED))
def test_mistakes(name: str, problem: str, old: str, new: str, tmp_path: Path) -> None:
    file, line = exchanged(FORMS / f"{name}.py", old, new, tmp_path)
    assert_blamed(file, problem, line)


def test_the_number_of_examples_is_that_of_the_labels() -> None:
    """Of a file that isn't there: only what the two functions need is run."""
    (report,) = reports(FORMS / "digits_of_a_file.py").values()
    assert report.notes[0] == "m is Y.shape[-1], the number of the examples"


def test_what_runs_an_engine_is_judged_with_local_gradients_that_are_right(tmp_path: Path) -> None:
    form = FORMS / "engine_of_tuples.py"
    file, _ = exchanged(form, "(other.x, self.x)", "(self.x, other.x)", tmp_path)
    found = reports(file)
    assert {name for name, report in found.items() if not report.ok} == {"Scalar.__mul__"}
