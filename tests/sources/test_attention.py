"""Attention: the width that heads divide is found, each head has more than one column, and weights
are square where backward takes them to be."""

from __future__ import annotations

from pathlib import Path

import pytest
from exchanged import exchanged

from byhand.checking.check import check
from byhand.program.problem import Problem
from byhand.sources.load import load
from sweeps import a_few

FORMS = Path(__file__).with_name("forms") / "attention"
SAID = {
    "square": "x (2, 3, 8), Wq (8, 8), Wk (8, 8), Wv (8, 8), Wo (8, 8), num_heads 2",
    "heads_of_a_class": "d_model 4, num_heads 2, x (3, 5, 4)",
    "slices": "x (3, 4)",
    "default_heads": "Wo (8, 5)",
}


@pytest.mark.parametrize("name", SAID)
def test_right_ones(name: str) -> None:
    problem = load(FORMS / f"{name}.py")
    assert isinstance(problem, Problem)
    report = check(problem)
    assert report.ok, str(report)
    assert SAID[name] in report.notes[0]
    assert not any("not tried" in note for note in report.notes)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    a_few(
        [
            ("square", "ds = ds / np.sqrt(D)", "ds = ds * np.sqrt(D)"),
            ("square", "dkh = ds.transpose(0, 1, 3, 2) @ qh", "dkh = ds @ qh"),
            ("heads_of_a_class", "keepdims=True)) / np.sqrt(self.d_k)", "keepdims=True))"),
            ("heads_of_a_class", "@ self.W_k.T + dv", "@ self.W_k + dv"),
            ("slices", "(da * a).sum(axis=1,", "da.sum(axis=1,"),
            ("default_heads", "axis=-1, keepdims=True)) / np.sqrt(D)", "keepdims=True))"),
            ("default_heads", "x, dk)", "x, dv)"),
        ]
    ),
)
def test_mistakes(name: str, old: str, new: str, tmp_path: Path) -> None:
    form = FORMS / f"{name}.py"
    old = old if old in form.read_text() else old.replace("axis=-1, ", "-1, ")
    file, line = exchanged(form, old, new, tmp_path, last=True)
    problem = load(file)
    assert isinstance(problem, Problem)
    report = check(problem)
    assert not report.ok
    assert line in {row.line for row in report.rows if row.name in report.roots}, str(report)
