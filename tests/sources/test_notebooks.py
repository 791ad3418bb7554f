"""Notebooks and scripts as problems: verdicts by cell, no alarm on right ones, mistakes found."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import notebooks
import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.sources.cells import of_texts
from byhand.sources.load import load
from sweeps import a_few

pytest.importorskip("torch")

SEVERAL = {
    "three exercises": ["notebook", "loss_fast", "hpreact_fast"],
    "autograd's": ["notebook", "dh, dW2, db2"],
    "trained below": ["notebook", "training"],
}
ROWS = {"half done": 3, "autograd's": 1}


def checked(file: Path) -> list[Report]:
    loaded = load(file)
    return [check(each) for each in ([loaded] if isinstance(loaded, Problem) else loaded)]


@pytest.mark.parametrize("name", a_few(notebooks.ALL))
def test_right_ones(name: str, tmp_path: Path) -> None:
    file = tmp_path / "notebook.ipynb"
    notebooks.write(notebooks.ALL[name], file)
    reports = checked(file)
    assert [report.name for report in reports] == SEVERAL.get(name, ["notebook"])
    assert all(report.ok for report in reports), "\n".join(map(str, reports))
    usual = 19 if "torch" in str(notebooks.ALL[name]) else 7
    assert len(reports[0].rows) == ROWS.get(name, usual)


@pytest.mark.long
@pytest.mark.parametrize(("name", "old", "new", "wrong"), notebooks.PLANTED)
def test_planted_mistakes(name: str, old: str, new: str, wrong: str, tmp_path: Path) -> None:
    plant(name, old, new, wrong, tmp_path)


@pytest.mark.parametrize(("name", "old", "new", "wrong"), a_few(notebooks.PLANTED[2::8]))
def test_some_planted_mistakes(name: str, old: str, new: str, wrong: str, tmp_path: Path) -> None:
    plant(name, old, new, wrong, tmp_path)


def plant(name: str, old: str, new: str, wrong: str, tmp_path: Path) -> None:
    cells = notebooks.ALL[name]
    (at,) = (i for i, cell in enumerate(cells) if old in cell)
    planted = [*cells[:at], cells[at].replace(old, new), *cells[at + 1 :]]
    file = tmp_path / "notebook.ipynb"
    notebooks.write(planted, file)
    (report,) = (report for report in checked(file) if not report.ok)
    assert report.roots == (wrong,), str(report)
    row = report[wrong]
    if new.startswith(old):
        return  # what it adds spoils a later line
    text = planted[at].strip("\n")
    line = text[: text.index(new)].count("\n") + 1
    assert (row.cell, row.line) == (at + 1, line), str(report)


@pytest.mark.long
@pytest.mark.parametrize("name", ["one cell", "numpy"])
def test_what_is_not_needed_costs_nothing(name: str, tmp_path: Path) -> None:
    took = 1.0  # in a cell that is needed
    slow = f"import time\ndef slow():\n    time.sleep({took})\n    return 5\nn_slow = slow()"
    needed = [slow, *(cell for cell in notebooks.ALL[name] if "max_steps" not in cell)]
    sizes = (
        ("rng.normal(size=(12, 5))", "rng.normal(size=(12, n_slow))"),
        ("= 4, 9", "= n_slow, 9"),
    )
    for old, new in sizes:
        needed = [cell.replace(old, new) for cell in needed]
    file = tmp_path / "notebook.ipynb"
    notebooks.write(notebooks.heavy(needed, 200), file)
    start = time.monotonic()
    (report,) = checked(file)
    assert report.ok, str(report)
    assert took < time.monotonic() - start < took + 5


def test_a_script_with_and_without_cells(tmp_path: Path) -> None:
    cells = notebooks.ALL["numpy"]
    plain, marked = tmp_path / "plain.py", tmp_path / "marked.py"
    plain.write_text("".join(cells))
    marked.write_text("".join(f"# %%{cell}" for cell in cells))
    (one,), (other,) = checked(plain), checked(marked)
    assert one.ok
    assert other.ok
    assert one["W1"].cell is None
    assert other["W1"].cell == 3
    assert one["W1"].source == other["W1"].source == "dW1 = X.T @ dz1 + 0.1 * W1"


def test_what_was_left_out_is_said(tmp_path: Path) -> None:
    file = tmp_path / "notebook.ipynb"
    notebooks.write(notebooks.ALL["a broken cell"], file)
    notes = " ".join(checked(file)[0].notes)
    for said in ("`%matplotlib inline` is left out", "cell 6 is left out", "the bundled names"):
        assert said in notes


@pytest.mark.parametrize("line", ["np.dot?", "?np.dot", "np.linalg??", "!ls", "%time x = 1"])
def test_what_only_a_notebook_knows_is_left_out(line: str) -> None:
    cells = of_texts([f"x = 2\n{line}\ny = 3  # or is it 2?"], Path("notebook.ipynb"))
    assert cells.notes == (f"cell 1: `{line}` is left out",)
    assert [node.lineno for node in cells.tree.body] == [1, 3]


@pytest.mark.parametrize("line", ["y = 3  # is it?", "y = 'is it?'", 'print("why?")', "# why?"])
def test_a_question_in_a_comment_or_a_string_is_kept(line: str) -> None:
    cells = of_texts([line], Path("notebook.ipynb"))
    assert not cells.notes
    assert cells.text == f"{line}\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("db1 = dhprebn.sum(0)", "db1 = dhprebn.sum(0, keepdim=True)"),
        ("db2 = dlogits.sum(0)", "db2 = dlogits.sum(0, keepdim=True)"),
    ],
)
def test_an_axis_too_many_where_the_gradient_is_zero_but_for_rounding(
    old: str, new: str, tmp_path: Path
) -> None:
    file = tmp_path / "notebook.ipynb"
    notebooks.write([cell.replace(old, new) for cell in notebooks.ALL["one cell"]], file)
    (report,) = checked(file)
    (root,) = report.roots
    mistake = report[root].mistake
    assert mistake is not None
    assert mistake.code == "keepdims"


NUMPY = notebooks.ALL["numpy"]
NO_NUMPY = [cell.replace("import numpy as np", "import not_there as np") for cell in NUMPY]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["x = 1"], "has no gradient to check: looked for statements such as `dW = ...`"),
        (["import numpy as np\nW = np.ones(3)\ndW = W"], "depends on none of W, whose gradients"),
        (["raise ValueError('no')", *NUMPY], None),
        (NO_NUMPY, "raised ModuleNotFoundError: No module named 'not_there'"),
    ],
)
def test_what_cannot_be_read(cells: list[str], said: str | None, tmp_path: Path) -> None:
    file = tmp_path / "notebook.ipynb"
    notebooks.write(cells, file)
    if said is None:
        assert checked(file)[0].ok
    else:
        with pytest.raises(ProblemError, match=said):
            load(file)


@pytest.mark.parametrize("text", ["null", "[1]", "{}", "{", '{"cells": [{}]}'])
def test_what_is_no_notebook(text: str, tmp_path: Path) -> None:
    file = tmp_path / "notebook.ipynb"
    file.write_text(text)
    with pytest.raises(ProblemError, match=r"is not a notebook|has no code cells"):
        load(file)


def test_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "notebook.ipynb"
    notebooks.write(notebooks.ALL["numpy"], file)
    before: Any = file.read_bytes()
    checked(file)
    assert file.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["notebook.ipynb"]


@pytest.mark.parametrize(
    "spoils",
    [
        "os.remove('mine.txt')",
        "open('mine.txt', 'w')",
        "os.rename('mine.txt', 'other')",
        "open('new', 'w').close(); os.replace('new', 'mine.txt')",
    ],
)
def test_no_file_of_the_users_is_changed(spoils: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    made = "open('new.txt', 'w').close(); os.remove('/tmp/byhand-none') if 0 else None"
    cells = [
        NUMPY[0],
        f"import os\ndef load():\n    {spoils}\n    {made}\n    return 1.0\nW1 *= load()",
    ]
    file = tmp_path / "notebook.ipynb"
    notebooks.write([*cells, *NUMPY[1:]], file)
    with pytest.raises(ProblemError, match="no file is changed here"):
        load(file)
    assert mine.read_text() == "mine"
    mine.write_text("may be written again")


@pytest.mark.parametrize(
    "runs",
    [
        "os.system('rm mine.txt')",
        "subprocess.run(['rm', 'mine.txt'])",
        "subprocess.check_output('rm mine.txt', shell=True)",
    ],
)
def test_no_other_program_is_run(runs: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    loads = f"import os, subprocess\ndef load():\n    {runs}\n    return 1.0\nW1 *= load()"
    file = tmp_path / "notebook.ipynb"
    notebooks.write([NUMPY[0], loads, *NUMPY[1:]], file)
    with pytest.raises(ProblemError, match=r"it would run .*rm mine\.txt`, and no program is run"):
        load(file)
    assert mine.read_text() == "mine"
    assert subprocess.run(["true"], check=False).returncode == 0  # afterwards as ever


def test_a_library_may_run_a_program(tmp_path: Path) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "fonts.py").write_text(
        "import subprocess\nNUMBER = float(subprocess.check_output(['echo', '1']))\n"
    )
    loads = f"import sys; sys.path.insert(0, {str(folder)!r})\nimport fonts\nW1 *= fonts.NUMBER"
    file = tmp_path / "notebook.ipynb"
    notebooks.write([NUMPY[0], loads, *NUMPY[1:]], file)
    (report,) = checked(file)
    assert report.ok, str(report)


def test_an_output_that_is_no_loss(tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    file.write_text(
        "import numpy as np\n"
        "x, w = np.random.randn(4, 5), np.random.randn(5, 3)\n"
        "h = x @ w\n"
        "y = np.tanh(h)\n"
        "dy = np.random.randn(*y.shape)\n"
        "dh = dy * (1 - y**2)\n"
        "dw = x.T @ dh\n"
        "dx = dh @ w.T\n"
    )
    (report,) = checked(file)
    assert report.ok, str(report)
    assert [row.name for row in report.rows] == ["h", "w", "x"]


def test_numbers(tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    text = "x = -2.0; y = 5.0; z = -4.0\nq = x + y\nf = q * z\ndf = 1.0\ndq = z * df\ndz = q * df\n"
    file.write_text(f"{text}dx = 1.0 * dq\ndy = 1.0 * dq\n")
    (report,) = checked(file)
    assert report.ok, str(report)
    file.write_text(f"{text}dx = x * dq\ndy = 1.0 * dq\n")
    (report,) = checked(file)
    assert report.roots == ("x",)


def test_functions_in_cells(tmp_path: Path) -> None:
    cells = [
        "import numpy as np\n%matplotlib inline",
        "def relu_forward(x):\n    out = np.maximum(x, 0)\n    return out, x",
        "def relu_backward(dout, x):\n    dx = dout * (x > 0) * 2\n    return dx",
        "x = np.ones(3)\nout, cache = relu_forward(x)\ndx = relu_backward(np.ones(3), cache)",
    ]
    file = tmp_path / "notebook.ipynb"
    notebooks.write(cells, file)
    (report,) = checked(file)
    assert report.name == "relu"
    assert (report["x"].cell, report["x"].line) == (3, 2)
    assert report.roots == ("x",)
    assert "`%matplotlib inline` is left out" in report.notes[0]
