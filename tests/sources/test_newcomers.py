"""More files as people write them: right without alarm, mistakes in their line."""

from __future__ import annotations

from pathlib import Path

import pytest
from exchanged import assert_blamed, exchanged

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.sources.load import sources

FORMS = Path(__file__).with_name("forms") / "newcomers"
FOUND = {
    "digits_of_a_file": ["prop"],
    "fully_connected": [
        *["affine", "relu", "batchnorm", "layernorm", "dropout", "softmax_loss"],
        "FullyConnectedNet",
    ],
}


def reports(file: Path) -> dict[str, Report]:
    return {each.name: check(each.read()) for each in sources(file)}


def test_every_file_is_here() -> None:
    assert {file.stem for file in FORMS.glob("*.py")} == {*FOUND}


@pytest.mark.parametrize("name", FOUND)
def test_right_ones(name: str) -> None:
    found = reports(FORMS / f"{name}.py")
    assert [*found] == FOUND[name]
    for report in found.values():
        assert report.ok, str(report)


PLANTED = (
    ("digits_of_a_file", "prop", "dZ2.dot(A1.T)", "dZ2.dot(A1.T) * 2"),
    ("digits_of_a_file", "prop", "np.sum(dZ1, axis=1", "np.sum(dZ2, axis=1"),
    ("digits_of_a_file", "prop", "* ReLU_deriv(Z1)", "* ReLU_deriv(A2[:2])"),
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


@pytest.mark.parametrize(("name", "problem", "old", "new"), PLANTED)
def test_mistakes(name: str, problem: str, old: str, new: str, tmp_path: Path) -> None:
    file, line = exchanged(FORMS / f"{name}.py", old, new, tmp_path)
    assert_blamed(file, problem, line)


def test_the_number_of_examples_is_that_of_the_labels() -> None:
    """Of a file that isn't there: only what the two functions need is run."""
    (report,) = reports(FORMS / "digits_of_a_file.py").values()
    assert report.notes[0] == "m is Y.shape[-1], the number of the examples"
