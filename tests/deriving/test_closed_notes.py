"""What a closed form depends on is said, and so is where none is looked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from deriving_cases import ALL, shown

from byhand.deriving.derivation import Derivation
from byhand.deriving.derive import LOOPS, NOTHING_SHORTER, derive
from byhand.program.problem import load

Write = Callable[[str], Path]

LABELS = """
import numpy as np

def inputs(rng, *, n=4, classes=3):
    return {{"x": rng.normal(size=(n, classes)), "y": rng.integers(0, classes, n){more}}}

def forward(x, y{also}):
    classes = x.shape[1]
    onehot = {onehot}
    e = np.exp(x)
    p = e / e.sum(axis=1, keepdims=True)
    loss = -(onehot * np.log(p)).sum()
    return loss
"""
ADDS_UP = "adds up to 1 along axis 1, as here"
SHORT = "    dx = p - onehot\n"


def derived(problem_file: Write, onehot: str, more: str = "", also: str = "") -> Derivation:
    return derive(
        load(problem_file(LABELS.format(onehot=onehot, more=more, also=also))), closed=True
    )


@pytest.mark.parametrize(
    "onehot", ["np.eye(classes)[y]", "(y[:, None] == np.arange(classes)) * 1.0"]
)
def test_labels_that_add_up_to_one(problem_file: Write, onehot: str) -> None:
    found = derived(problem_file, onehot)
    (note,) = found.notes
    assert note.startswith("holds where ") and note.endswith(ADDS_UP)
    assert SHORT in found.source
    assert str(found).startswith(f"# {note}\ndef backward(")


def test_labels_that_do_not_add_up_to_one_are_summed(problem_file: Write) -> None:
    found = derived(problem_file, "2 * np.eye(classes)[y]")
    assert found.notes == ()
    assert SHORT not in found.source and "onehot.sum(axis=1, keepdims=True)" in found.source


def test_weights_that_are_given_are_nobody_s_labels(problem_file: Write) -> None:
    """They may add up to 1 here; another time they need not."""
    found = derived(problem_file, "w", ', "w": np.full((n, classes), 1 / classes)', ", w")
    assert found.notes == () and SHORT not in found.source


def test_every_format_says_on_what_it_depends() -> None:
    problem = load(ALL["cross_entropy_one_hot"])
    found = derive(problem, closed=True)
    (note,) = found.notes
    assert note.startswith("holds where ") and note.endswith(ADDS_UP)
    for form in ("python", "steps", "html", "json"):
        assert note in shown(problem, found, form), form
    assert ADDS_UP in shown(problem, found, "latex")


def test_a_loop_is_every_step() -> None:
    problem = load(ALL["rnn_list"])
    found, staged = derive(problem, closed=True), derive(problem)
    assert not found.closed and found.notes == (LOOPS,)
    assert found.source == staged.source and found.cost == staged.cost
    assert str(found).startswith(f"# {LOOPS}\n")


def test_where_nothing_shorter_is_found_it_is_every_step() -> None:
    problem = load(ALL["scalar"])
    found, staged = derive(problem, closed=True), derive(problem)
    assert not found.closed and found.notes == (NOTHING_SHORTER,)
    assert found.source == staged.source
