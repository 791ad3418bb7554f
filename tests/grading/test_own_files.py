"""A teacher's own solved file: pairs of functions, layers and notebooks are graded as they are."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from handing_in import run_grade

from byhand.course.grading.own_files import own_exercises
from byhand.errors import CourseError
from sweeps import a_few

LAYERS = """\
import numpy as np

def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(len(x), -1).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db

class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
    def forward(self, x):
        self.x = x
        return x @ self.W
    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T
"""
ELSEWISE = LAYERS.replace("(x, w, b)\n\n", "[b, w, x]\n\n").replace("x, w, b = c", "b, w, x = c")
"""Right, with a cache of its own."""
WRONG = LAYERS.replace("dw = x", "dw = 2 * x").replace("self.x.T @ dout", "self.x.T @ dout / 2")

CELLS = (
    "import numpy as np\nrng = np.random.default_rng(0)",
    "n = 12\nX = rng.normal(size=(n, 4))\nY = rng.integers(0, 5, n)\n"
    "W1 = rng.normal(size=(4, 7)) * 0.3\nW2 = rng.normal(size=(7, 5)) * 0.3",
    "%matplotlib inline\nh = np.tanh(X @ W1)\nlogits = h @ W2\n"
    "probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)\n"
    "loss = -np.log(probs[np.arange(n), Y]).mean()",
    "dlogits = probs.copy()\ndlogits[np.arange(n), Y] -= 1\ndlogits /= n\ndW2 = h.T @ dlogits",
    "dW1 = X.T @ (dlogits @ W2.T * (1 - h**2))",
)


def notebook(cells: Sequence[str]) -> str:
    made: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def table(out: Path) -> dict[str, dict[str, str]]:
    with out.open(newline="") as stream:
        return {row["student"]: row for row in csv.DictReader(stream)}


def folder_of(tmp_path: Path, name: str, **handed: str) -> Path:
    """A folder with a folder for each student, in which is one file."""
    for student, text in handed.items():
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / name).write_text(text)
    return tmp_path / "class"


def test_pairs_and_layers(tmp_path: Path) -> None:
    solved, out = tmp_path / "layers.py", tmp_path / "marks.csv"
    solved.write_text(LAYERS)
    cheat = LAYERS.replace("dw = x", "raise SystemExit\n    dw = x")
    students = folder_of(
        tmp_path, "layers.py", ann=LAYERS, bea=ELSEWISE, cal=WRONG, dan="import os\nos._exit(0)\n",
        eve=cheat,
    )  # fmt: skip
    done = run_grade(students, "--exercise", solved, "--out", out)
    assert done.returncode == 0, done.stderr
    found = table(out)
    assert {name: row["points"] for name, row in found.items()} == {
        "ann": "5",
        "bea": "5",
        "cal": "3",
        "dan": "0",
        "eve": "2",
    }
    assert (found["cal"]["affine dw"], found["cal"]["Linear dW"]) == ("0", "0")
    said = (tmp_path / "marks.feedback" / "cal.md").read_text()
    assert "| dw | 9 | wrong | 0 |" in said
    assert "line 9: `dw is 2 times what it should be`" in said


FORMS = Path(__file__).parents[1] / "sources" / "forms"


@pytest.mark.parametrize("form", a_few(["models/list_of_layers.py", "layer_classes.py"]))
def test_what_was_solved_itself_has_all_points(form: str, tmp_path: Path) -> None:
    """Also where forward binds an input anew, and where a layer is as large as it was made."""
    solved = FORMS / form
    students = folder_of(tmp_path, solved.name, ann=solved.read_text())
    done = run_grade(students, "--exercise", solved, "--out", tmp_path / "marks.csv")
    assert done.returncode == 0, done.stderr
    row = table(tmp_path / "marks.csv")["ann"]
    assert row["points"] == row["out of"], row


def test_notebooks(tmp_path: Path) -> None:
    solved, out = tmp_path / "ninja.ipynb", tmp_path / "marks.csv"
    solved.write_text(notebook(CELLS))
    wrong = (*CELLS[:4], CELLS[4].replace("(1 - h**2)", "(1 - h)"))
    names = CELLS[1] + "\nwords = open('names.txt').read().split()\nX = X * min(len(words), 1)"
    reads = notebook((CELLS[0], names, *CELLS[2:]))  # the bundled names, which aren't there
    students = folder_of(
        tmp_path, "mine.ipynb", ann=notebook(CELLS), bea=notebook(wrong), cal="{", dan=reads
    )
    done = run_grade(students, "--exercise", solved, "--out", out)
    assert done.returncode == 0, done.stderr
    assert {name: row["points"] for name, row in table(out).items()} == {
        "ann": "2",
        "bea": "1",
        "cal": "0",
        "dan": "2",
    }
    assert "| dW1 | 5:1 | wrong | 0 |" in (tmp_path / "marks.feedback" / "bea.md").read_text()


def test_a_folder_of_other_files_says_what_to_do(tmp_path: Path) -> None:
    students = folder_of(tmp_path, "layers.py", ann=LAYERS)
    done = run_grade(students, "--exercise", "1", "--out", tmp_path / "marks.csv")
    assert "--exercise layers.py" in done.stderr


def test_a_file_that_is_no_problem_gets_one_line(tmp_path: Path) -> None:
    file = tmp_path / "nothing.py"
    file.write_text("import os\n")
    with pytest.raises(CourseError, match="no gradient to check"):
        own_exercises(file)
