"""Notebooks as people leave them: half done, tried out of order, with examples on the side."""

from __future__ import annotations

from pathlib import Path

import notebooks
import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.sources.load import load
from forked import run as run_byhand

SETTING, FORWARD, BACKWARD = notebooks.ALL["numpy"]
"""Cells 1 to 3 of a right notebook, in NumPy."""


def checked(cells: list[str], folder: Path) -> list[Report]:
    file = folder / "notebook.ipynb"
    notebooks.write(cells, file)
    loaded = load(file)
    return [check(each) for each in ([loaded] if isinstance(loaded, Problem) else loaded)]


def indented(*cells: str) -> str:
    return "".join(f"    {line}\n" for cell in cells for line in cell.strip("\n").split("\n"))


def test_none_is_no_gradient_yet(tmp_path: Path) -> None:
    later = "dscores = None # TODO"
    loop = "for i in range(100):\n" + indented(FORWARD, "dW1, db1 = None, None")
    (report,) = checked([SETTING, FORWARD, BACKWARD, later, loop], tmp_path)
    assert report.ok, str(report)
    assert len(report.rows) == 7
    said = " ".join(report.notes)
    assert "cell 4, line 1: dscores is None: no gradient yet" in said
    assert "dW1, db1: None so far" in said


def test_a_gradient_that_is_none_is_taken_as_given(tmp_path: Path) -> None:
    forward, backward = FORWARD.replace("+ 0.05 * (W1 ** 2).sum()", ""), BACKWARD
    backward = backward.replace("da1 = dscores @ W2.T", "da1 = None").replace("+ 0.1 * W1", "")
    first, rest = checked([SETTING, forward, backward], tmp_path)
    assert first.ok, str(first)
    assert {row.name for row in rest.rows} >= {"z1", "b1"}
    assert not rest.roots, str(rest)
    assert "cell 3, line 6: da1 is None: no gradient yet" in rest.notes


def test_nothing_but_none(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="has no gradient to check: dW1, db1: None so far"):
        checked([SETTING, FORWARD, "dW1, db1 = None, None"], tmp_path)


EXAMPLE = """
A = np.ones((2, 3))
B = np.ones((3, 2))
c = A @ B
loss = (c ** 2).sum()
"""


@pytest.mark.parametrize("wrong", ["", "side", "main"])
def test_a_small_example_on_the_side(wrong: str, tmp_path: Path) -> None:
    side = "dc = 2 * c\ndA = dc @ B.T" if wrong != "side" else "dc = 2 * c\ndA = dc @ B.T * 2"
    main = BACKWARD.replace("a1.T @ dscores", "z1.T @ dscores") if wrong == "main" else BACKWARD
    found = checked([SETTING, FORWARD, EXAMPLE, side, main], tmp_path)
    assert [report.name for report in found] == ["notebook", "dc, dA"]
    assert [len(report.rows) for report in found] == [7, 2]
    assert [report.roots for report in found] == [
        ("W2",) if wrong == "main" else (),
        ("A",) if wrong == "side" else (),
    ]


def test_a_forward_in_a_loop_that_ends_at_once(tmp_path: Path) -> None:
    loop = "losses = []\nfor i in range(1000):\n" + indented(FORWARD, "losses.append(loss)\nbreak")
    (report,) = checked([SETTING, loop, BACKWARD], tmp_path)
    assert report.ok, str(report)
    assert len(report.rows) == 7
    (report,) = checked([SETTING, loop, BACKWARD.replace("(z1 > 0)", "(z1 > 1)")], tmp_path)
    assert report.roots == ("z1",)
    assert report["z1"].line == 7


def test_a_cell_above_what_it_reads_that_is_written_once_more_below(tmp_path: Path) -> None:
    early = "print(z1.shape)\ndb1 = np.zeros(7)\nfor row in dz1:\n    db1 += row"
    (report,) = checked([SETTING, FORWARD, early, BACKWARD], tmp_path)
    assert report.ok, str(report)
    assert (report["b1"].cell, report["b1"].line) == (4, 9)
    assert "cell 3, line 2: db1 is computed anew below: only that is judged" in report.notes


def test_parts_that_are_called_like_gradients(tmp_path: Path) -> None:
    parts = "dW1a = X.T @ dz1\ndW1b = 0.1 * W1\nt = dW1a * 1\ndW1 = t + dW1b"
    more = "for t in [scores, probs]:\n    t.shape\n"
    cells = [SETTING, FORWARD + more, BACKWARD.replace("dW1 = X.T @ dz1 + 0.1 * W1", parts), more]
    (report,) = checked(cells, tmp_path)
    assert report.ok, str(report)
    again = "for t in [dW1, dW2]:\n    print(t.shape)\n" + BACKWARD
    first, second = checked([*cells, again.replace("* W1", "* W1 * 2")], tmp_path)
    assert first.ok, str(first)
    assert second.roots == ("W1",)


def test_a_gradient_by_way_of_something_else(tmp_path: Path) -> None:
    """What is made of a gradient below stays with the gradient that it starts from."""
    forward = FORWARD.replace("+ 0.05 * (W1 ** 2).sum()", "")
    backward = BACKWARD.replace("+ 0.1 * W1", "")
    anew = "g = dz1 * 1\npart = X.T @ g\ndW1 = part"
    cells = [SETTING, forward, backward, "shown = dz1.sum()", anew]
    first, second = checked(cells, tmp_path)
    assert first.ok, str(first)
    assert second.ok, str(second)
    assert [row.name for row in second.rows] == ["W1"]
    _, second = checked([*cells[:-1], anew.replace("dz1 * 1", "dz1 * 2")], tmp_path)
    assert second.roots == ("W1",)


def test_weights_that_the_loss_adds_up_beside_what_a_gradient_starts_from(tmp_path: Path) -> None:
    shown = "shown = dz1.sum()"
    anew = "dW1 = X.T @ dz1 + 0.1 * W1\ndb1 = dz1.sum(axis=0)"
    first, second = checked([SETTING, FORWARD, BACKWARD, shown, anew], tmp_path)
    assert first.ok, str(first)
    assert second.ok, str(second)
    assert [row.name for row in second.rows] == ["b1"]
    said = "cell 5, line 1: dW1 isn't judged: W1 goes to loss also beside what this starts from"
    assert said in second.notes


def test_the_largest_label_stays_among_fewer_rows(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    cells = [*notebooks.START, notebooks.FORWARD, notebooks.LOSS_FAST]
    classes = "onehot = F.one_hot(Yb)\ndlogits = (F.softmax(logits, 1) - onehot) / n\n"
    biggest = "Yb = Yb.clone()\nYb[5] = len(stoi) - 1\n"
    cells[4] += biggest
    (report,) = checked([*cells, classes], tmp_path)
    assert report.ok, str(report)
    (report,) = checked([*cells, classes.replace("- onehot", "+ onehot")], tmp_path)
    assert report.roots == ("logits",)


def test_a_comparison_says_whose_gradient_it_is(tmp_path: Path) -> None:
    named = BACKWARD.replace("dz1", "dhidden").replace("db1", "bias_slope")
    told = "cmp('z1', dhidden, z1)\ncmp('b1', bias_slope, b1)\n"
    (report,) = checked([SETTING, FORWARD, named + told], tmp_path)
    assert report.ok, str(report)
    assert {"z1", "b1"} <= {row.name for row in report.rows}
    (report,) = checked([SETTING, FORWARD, named.replace("(z1 > 0)", "(z1 < 0)") + told], tmp_path)
    assert report.roots == ("z1",)
    (report,) = checked([SETTING, FORWARD, BACKWARD + "cmp('dh', N, z1)"], tmp_path)
    assert report.ok, str(report)


def test_a_name_from_a_cell_below(tmp_path: Path) -> None:
    backward = BACKWARD.replace("N = X.shape[0]\n", "")
    (report,) = checked([SETTING, FORWARD, backward, "rows = 12\nN = rows"], tmp_path)
    assert report.ok, str(report)
    assert "N is taken from cell 4, line 2, below what reads it" in report.notes
    with pytest.raises(ProblemError, match="name 'N' is not defined"):
        checked([SETTING, FORWARD + "\nloss = loss * N", backward], tmp_path)


LOOP = "for i in tqdm(range(200_000)):\n" + indented(FORWARD, BACKWARD) + "    W1 += -0.1 * dW1\n"


def test_parameters_are_updated_before_a_training_loop(tmp_path: Path) -> None:
    update = "from tqdm import tqdm\nW1 += -0.1 * dW1\nb1 -= 0.1 * db1"
    found = checked([SETTING, FORWARD, BACKWARD, update, LOOP], tmp_path)
    assert [report.name for report in found] == ["notebook", "training"]
    assert all(report.ok for report in found), "\n".join(map(str, found))
    wrong = LOOP.replace("dscores @ W2.T", "-dscores @ W2.T")
    _, training = checked([SETTING, FORWARD, BACKWARD, update, wrong], tmp_path)
    assert training.roots == ("a1",)


def test_a_gradient_that_a_round_of_training_leaves_as_it_was(tmp_path: Path) -> None:
    stale = LOOP.replace("dz1 = da1 * (z1 > 0)", "# dz1 = da1 * (z1 > 0)")
    _, training, rest = checked([SETTING, FORWARD, BACKWARD, stale], tmp_path)
    assert [row.name for row in training.rows if row.verdict == "missing"] == ["W1", "b1"]
    assert "dz1: computed nowhere above, and taken as if right" in rest.notes


@pytest.mark.parametrize(
    "reading",
    [
        "open('names.txt').read().splitlines()",
        "open('data/name.txt', encoding='utf-8').read().splitlines()",
        "open('names.txt', 'rb').read().decode().splitlines()",
        "pathlib.Path('names.txt').read_text().splitlines()",
        "urllib.request.urlopen('https://example.org/names.txt?raw=true').read().decode().split()",
    ],
)
def test_names_that_are_not_there(reading: str, tmp_path: Path) -> None:
    words = f"import pathlib, urllib.request\nwords = {reading}\nX += len(words) / 1e5"
    (report,) = checked([SETTING, words, FORWARD, BACKWARD], tmp_path)
    assert report.ok, str(report)
    assert any("the bundled names were read in its place" in note for note in report.notes)


def test_a_file_that_is_not_there_and_holds_no_names(tmp_path: Path) -> None:
    words = "X *= len(open('usernames.txt').read())"
    with pytest.raises(ProblemError, match=r"cell 2, line 1|usernames\.txt"):
        checked([SETTING, words, FORWARD, BACKWARD], tmp_path)


@pytest.mark.parametrize("between", ["", "cmp('e', de, e)\n", "total = 1\n"])
def test_a_path_that_overwrites_the_other_is_no_second_answer(between: str, tmp_path: Path) -> None:
    forward = FORWARD.replace("e / e.sum(axis=1, keepdims=True)", "e * s_inv").replace(
        "probs =", "s = e.sum(axis=1, keepdims=True)\ns_inv = s**-1\nprobs ="
    )
    paths = (
        "dprobs = np.zeros_like(probs)\ndprobs[range(12), y] = -1 / 12 / probs[range(12), y]\n"
        "de = s_inv * dprobs\nds_inv = (e * dprobs).sum(axis=1, keepdims=True)\n"
        f"ds = -(s**-2) * ds_inv\n{between}de = np.ones_like(e) * ds\ndshifted = e * de"
    )
    (report,) = checked([SETTING, forward, paths], tmp_path)
    assert report.roots == ("e",)
    mistake = report["e"].mistake
    assert mistake is not None and mistake.code == "overwritten"
    assert report["e"].source == "de = np.ones_like(e) * ds"
    (report,) = checked([SETTING, forward, paths.replace("de = np", "de += np")], tmp_path)
    assert report.ok, str(report)
    again = f"{paths.replace('de = np', 'de += np')}\n{paths}"
    right, wrong = checked([SETTING, forward, again], tmp_path)
    assert right.ok, str(right)
    assert wrong.roots == ("e",)


def test_a_gradient_that_was_left_half_finished_is_begun_once_more(tmp_path: Path) -> None:
    two = "again = scores * 1\nother = scores * 2\nshifted = again -"
    forward = FORWARD.replace("shifted = scores -", two).replace("+ 0.05", "+ other.sum() + 0.05")
    early = "dagain = (probs - np.eye(3)[y]) / 12\ndscores = dagain * 1\ndscores.shape\n"
    whole = BACKWARD.replace(
        "dscores = (probs - onehot) / N",
        "dother = np.ones_like(other)\ndscores = dagain * 1\ndscores += 2 * dother",
    )
    (report,) = checked([SETTING, forward, early, whole], tmp_path)
    assert report.ok, str(report)
    assert len(report.rows) == 9
    assert report["scores"].cell == 4
    said = "cell 3, line 2: dscores is computed anew below: only that is judged"
    assert said in report.notes


def test_names_that_only_end_like_gradients(tmp_path: Path) -> None:
    part = "a1_part_grad = dscores @ W2.T\nda1 = np.zeros_like(a1)\nda1 += a1_part_grad"
    backward = BACKWARD.replace("da1 = dscores @ W2.T", part)
    (report,) = checked([SETTING, FORWARD, backward], tmp_path)
    assert report.ok, str(report)
    (report,) = checked([SETTING, FORWARD, backward.replace("@ W2.T", "@ -W2.T")], tmp_path)
    assert report.roots == ("a1",)


def test_the_gradient_of_another_loss_is_a_number(tmp_path: Path) -> None:
    anew = (
        "loss_fast = -(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))"
        "[np.arange(12), y].mean()"
    )
    again = "p = probs.copy()\np[range(12), y] -= 1\ndloss_fast = 1 / 12\ndscores = p * dloss_fast"
    cells = [
        SETTING,
        FORWARD,
        BACKWARD,
        anew.replace("probs[", "np.exp(shifted - np.log(e.sum(1, keepdims=True)))["),
        again,
    ]
    first, second = checked(cells, tmp_path)
    assert first.ok, str(first)
    assert second.name == "loss_fast"
    assert second.ok, str(second)


def test_a_gradient_of_pytorch_by_another_name(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    backward = notebooks.BACKWARD.strip().split("\n")
    middle = [line.replace("dhpreact", "upstream") for line in backward[7:]]
    cells = [
        *notebooks.START,
        notebooks.FORWARD,
        "upstream = hpreact.grad.clone()",
        "\n".join(middle),
    ]
    (report,) = checked(cells, tmp_path)
    assert not report.roots, str(report)
    assert {"bngain", "W1", "C"} <= {row.name for row in report.rows}


def test_a_script_knows_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    begin = "import os\nhere = os.path.dirname(__file__)\n"
    file.write_text(begin + SETTING + "X += len(here) * 0\n" + FORWARD + BACKWARD)
    loaded = load(file)
    assert isinstance(loaded, Problem)
    assert check(loaded).ok


PAIR = """
def forward_propagation(X, parameters):
    W, b = parameters["W"], parameters["b"]
    A = np.tanh(W @ X + b)
    return A, {"A": A}

def cost_of(A, Y):
    return ((A - Y) ** 2).sum() / Y.shape[1]

def backward_propagation(parameters, cache, X, Y):
    A = cache["A"]
    dA = 2 * (A - Y) / Y.shape[1]
    dZ = dA * (1 - A**2)
    return {"dW": dZ @ X.T, "db": dZ.sum(axis=1, keepdims=True)}
"""


@pytest.mark.parametrize(
    "trying",
    [
        "forward_propagation_test(forward_propagation)",
        "X, parameters = a_test_case()\nA, cache = forward_propagation(X, parameters)\nprint(A)",
        "grader.check('q1')\nA = forward_propagation(*a_test_case())[0]; assert A.shape == (2, 3)",
        "for test in (backward_propagation_test, other_test):\n    test(backward_propagation)",
    ],
)
def test_cells_that_try_functions_are_not_run(trying: str, tmp_path: Path) -> None:
    first = "import numpy as np\nfrom a_course_that_is_not_here import *\nimport grader_of_it"
    (report,) = checked([first, PAIR, trying], tmp_path)
    assert report.ok, str(report)
    assert {row.name for row in report.rows} >= {"W", "b"}
    wrong = PAIR.replace("1 - A**2", "1 - A")
    (report,) = checked([first, wrong, trying], tmp_path)
    assert not report.ok


@pytest.mark.parametrize(
    "deed", ["os.remove('precious.txt')", "open('precious.txt', 'w').write('x')"]
)
def test_a_backward_changes_no_file(
    deed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("precious.txt").write_text("kept")
    backward = PAIR.replace('    A = cache["A"]\n', f'    A = cache["A"]\n    {deed}\n')
    notebooks.write(["import numpy as np, os", backward], Path("n.ipynb"))
    done = run_byhand("check", "n.ipynb")
    assert done.returncode in (1, 2)
    assert "no file is changed" in done.stdout.replace("\n", " ")
    assert Path("precious.txt").read_text() == "kept"


BY_NUMBERS = """
rng = np.random.default_rng(0)
X = rng.normal(size=(4, 90))
Y = (X.sum(axis=0, keepdims=True) > 0).astype(float)
w = np.zeros((4, 1))
b = 0
for i in range(2000):
    A = 1 / (1 + np.exp(-(w.T @ X + b)))
    loss = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dw = X @ (A - Y).T / 90
    db = np.mean(A - Y)
    w = w - 0.05 * dw
    b = b - 0.05 * db
"""


@pytest.mark.parametrize("wrong", [False, True])
def test_a_parameter_that_begins_as_a_whole_number(wrong: bool, tmp_path: Path) -> None:
    text = BY_NUMBERS.replace("np.mean(A - Y)", "np.sum(A - Y)") if wrong else BY_NUMBERS
    (report,) = checked(["import numpy as np", text], tmp_path)
    assert {row.name for row in report.rows} >= {"w", "b"}
    assert report.roots == (("b",) if wrong else ())


def test_a_text_that_is_not_there(tmp_path: Path) -> None:
    read = "text = open('data/input.txt').read()\nn = len(set(text)) - 20"
    found = checked([SETTING, read, FORWARD.replace("0.05", "0.05 * n / n"), BACKWARD], tmp_path)
    assert all(report.ok for report in found), str(found[0])
    assert "input.txt isn't there: the bundled names were read in its place" in found[0].notes
    with pytest.raises(ProblemError, match=r"could not convert .*; input\.txt isn't there"):
        checked([SETTING, f"{read}\nm = float(text)\nW1 *= m / m", FORWARD, BACKWARD], tmp_path)


OF_EACH_LAYER = """
import numpy as np

rng = np.random.default_rng(7)
X, Y = rng.normal(size=(8, 4)), rng.normal(size=(8, 1))
sizes, W = [4, 5, 1], {}
for l in (1, 2):
    W[l] = rng.normal(size=(sizes[l - 1], sizes[l]))
scale = np.array(2.0)
for step in range(20):
    kept = {0: X}
    for l in (1, 2):
        kept[l] = np.tanh(kept[l - 1] @ W[l])
    A = scale * kept[2]
    loss = ((A - Y) ** 2).mean()
    grads = {}
    dA = 2 * (A - Y) / len(Y)
    dscale = (dA * kept[2]).sum()
    dU = dA * scale
    for l in (2, 1):
        dZ = (dU if l == 2 else dA) * (1 - kept[l] ** 2)
        grads[l] = kept[l - 1].T @ dZ
        dA = dZ @ W[l].T
    for l in (1, 2):
        W[l] -= 0.1 * grads[l]
"""


def test_a_gradient_of_each_layer_is_none_of_the_last(tmp_path: Path) -> None:
    """In a loop over layers dA is not that of A, which is bound once, below the layers."""
    file = tmp_path / "layers.py"
    file.write_text(OF_EACH_LAYER)
    found = load(file)
    assert isinstance(found, Problem)
    report = check(found)
    assert not report.roots, str(report)
    assert "scale" in {row.name for row in report.rows if row.right}


A_STEP_WITHOUT_A_NAME = """
import numpy as np

rng = np.random.default_rng(7)
X, Y = rng.normal(size=(8, 4)), rng.normal(size=(8, 1))
W, scale = rng.normal(size=(4, 1)), np.array(2.0)
for step in range(20):
    u = np.tanh(X @ W)
    A = scale * u
    loss = ((A - Y) ** 2).mean()
    dA = 2 * (A - Y) / len(Y)
    dscale = (dA * u).sum()
    W -= 0.1 * X.T @ (dA * scale * (1 - u ** 2))
    scale -= 0.1 * dscale
"""


def test_a_step_whose_gradient_has_no_name_is_said(tmp_path: Path) -> None:
    file = tmp_path / "steps.py"
    file.write_text(A_STEP_WITHOUT_A_NAME)
    found = load(file)
    assert isinstance(found, Problem)
    report = check(found)
    assert not report.roots
    said = "line 13: W is changed by X.T @ (dA * scale * (1 - u ** 2)), which isn't judged"
    assert [note for note in report.notes if "is changed by" in note] == [said]
