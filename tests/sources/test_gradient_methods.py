"""A loss and its gradients in two methods, or two functions, that each go forward by themselves.
Right ones give no alarm, by finite differences too; mistakes are found in their line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from exchanged import assert_blamed, exchanged

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.sources.load import sources
from sweeps import a_few

FORMS = Path(__file__).with_name("forms") / "gradient_methods"
FOUND = {
    "functions": ("log_loss", ["w", "b"]),
    "rnn_of_words": ("RNNNumpy", ["V", "W", "U"]),
    "two_layers": ("TwoLayers", ["W2", "b2", "W1", "b1"]),
}
"""The problem of each file, and the gradients that are judged."""


@cache
def right(name: str, referee: str) -> dict[str, Report]:
    found = sources(FORMS / f"{name}.py")
    return {each.name: check(each.read(), referee=referee) for each in found}


def test_every_file_is_here() -> None:
    assert {file.stem for file in FORMS.glob("*.py")} == {*FOUND}


@pytest.mark.parametrize("referee", ["engine", "finite"])
@pytest.mark.parametrize("name", FOUND)
def test_right_ones(name: str, referee: str) -> None:
    ((problem, report),) = right(name, referee).items()
    assert report.ok, str(report)
    assert (problem, [row.name for row in report.rows]) == FOUND[name]


PLANTED = (
    ("functions", "dw = X.T @ dz", "dw = X.T @ p / len(y)"),
    ("functions", "db = dz.sum()", "db = dz.mean()"),
    ("functions", "dw = X.T @ dz", "dw = X.T @ dz / len(y)"),
    (
        "rnn_of_words",
        "dLdW += np.outer(delta_t, s[bptt_step - 1])",
        "dLdW += np.outer(delta_t, s[t])",
    ),
    ("rnn_of_words", "dLdU[:, x[bptt_step]] +=", "dLdU[:, x[bptt_step]] ="),
    ("rnn_of_words", "dLdV += np.outer", "dLdV = np.outer"),
    ("two_layers", "delta.sum(axis=0)", "delta.mean(axis=0)"),
    ("two_layers", "X.T @ back", "X.T @ back / len(X)"),
    ("two_layers", "dW2 = a1.T @ delta", "dW2 = z1.T @ delta"),
)
"""File, the text to exchange, and the wrong one."""


@pytest.mark.parametrize(("name", "old", "new"), a_few(PLANTED))
def test_mistakes(name: str, old: str, new: str, tmp_path: Path) -> None:
    file, line = exchanged(FORMS / f"{name}.py", old, new, tmp_path)
    assert_blamed(file, FOUND[name][0], line)


@pytest.mark.parametrize(
    ("old", "new"),
    a_few([("y] -= 1.0", "y] = 1.0"), ("self.W.T.dot(delta_t)", "self.W.dot(delta_t)")]),
)
def test_what_is_handed_back_under_another_name_is_found_where_it_is_read(
    old: str, new: str, tmp_path: Path
) -> None:
    file, _ = exchanged(FORMS / "rnn_of_words.py", old, new, tmp_path)
    (source,) = sources(file)
    report = check(source.read())
    assert "W" in report.roots, str(report)


def test_what_both_make_is_made_once_and_blamed_on_neither(tmp_path: Path) -> None:
    """No line of the forward, which the loss runs too, is where a gradient is wrong."""
    old, new = "dw = X.T @ dz", "dw = X.T @ (dz + p)"
    file, line = exchanged(FORMS / "functions.py", old, new, tmp_path)
    (source,) = sources(file)
    assert [row.line for row in check(source.read()).rows if row.verdict == "wrong"] == [line]


def test_a_name_for_what_nobody_wants_is_no_name() -> None:
    (report,) = right("two_layers", "engine").values()
    (note,) = report.notes
    assert "n_in 2, n_hidden 3, n_out 4, X (5, 2), Y (5, 4)" in note


def test_a_numerical_gradient_is_not_taken_for_one_by_hand(tmp_path: Path) -> None:
    text = (FORMS / "functions.py").read_text().replace("def backprop", "def numerical_gradient")
    file = tmp_path / "functions.py"
    file.write_text(text)
    with pytest.raises(ProblemError, match="no gradient to check"):
        sources(file)
