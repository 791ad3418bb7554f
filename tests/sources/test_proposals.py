"""The shapes that are proposed: from forward alone, whatever its backward is."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.checking.check import check
from byhand.errors import ProblemError
from byhand.program.problem import Problem, executed, parsed
from byhand.sources.docstrings import shapes_said
from byhand.sources.load import load
from byhand.sources.pair import Pair
from byhand.sources.pairs import pairs_in, problem_of_pair

FORMS = Path(__file__).with_name("forms")


def shapes(pair: Pair, module: Any, file: Path) -> dict[str, Any]:
    inputs = problem_of_pair(pair, module, str(file), {}).inputs()
    return {name: np.shape(value) for name, value in inputs.items()}


@pytest.mark.parametrize("name", ["course_layers.py", "more_layers.py"])
def test_no_backward_changes_them(name: str) -> None:
    text = (FORMS / name).read_text()
    tree = parsed(text, FORMS / name)
    module = executed(tree, FORMS / name, text)
    pairs = {pair.name: pair for pair in pairs_in(tree)}
    del pairs["spatial_groupnorm" if name == "course_layers.py" else "batchnorm_alt"]
    right = {title: shapes(pair, module, FORMS / name) for title, pair in pairs.items()}
    broken = ast.parse("raise ValueError").body
    for pair in pairs.values():
        setattr(module, pair.backward.name, _raises)
        pair.backward.body[-1:] = [*broken, pair.backward.body[-1]]
    assert {t: shapes(pair, module, FORMS / name) for t, pair in pairs.items()} == right


def _raises(*args: Any, **kwargs: Any) -> None:
    raise ValueError


LAYERS = """
import numpy as np

def affine_forward(x, w, b):
    out = x @ w + b
    return out, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = DB
    return dx, dw, db

def columns_forward(A, W, b):
    Z = np.dot(W, A) + b
    return Z, (A, W, b)

def columns_backward(dZ, cache):
    A, W, b = cache
    db = COLUMN
    dW = dZ @ A.T
    dA = W.T @ dZ
    return dA, dW, db

def logistic_forward(w, b, x, y):
    p = 1 / (1 + np.exp(-(x @ w + b)))
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss, (p, x, y)

def logistic_backward(cache):
    p, x, y = cache
    dz = (p - y) / len(y)
    dw = x.T @ dz
    db = dz.sum()
    return dw, db
"""


@pytest.mark.parametrize(
    ("name", "db", "column", "b", "right"),
    [
        ("affine", "dout.sum(axis=0)", "", 1, True),
        ("affine", "dout.sum(axis=0, keepdims=True)", "", 2, True),
        ("affine", "dout", "", 1, False),
        ("affine", "np.sum(dout)", "", 1, False),
        ("affine", "dout.sum(axis=1)", "", 1, False),
        ("columns", "", "dZ.sum(axis=1, keepdims=True)", 2, True),
        ("columns", "", "dZ.sum(axis=1)", 2, False),
        ("columns", "", "dZ.sum()", 2, False),
        ("logistic", "", "", 0, True),
    ],
)
def test_a_bias(name: str, db: str, column: str, b: int, right: bool, tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text(LAYERS.replace("DB", db or "0").replace("COLUMN", column or "0"))
    problem = load(f"{file}:{name}")
    assert isinstance(problem, Problem)
    assert np.ndim(problem.inputs()["b"]) == b
    report = check(problem)
    assert report.ok == right, str(report)
    assert right or report.roots == ("b",)


SAID = """\
    '''Affine.

    - x: images, of shape (N, d_1, ..., d_k)
    - w: a matrix of weights,
      of shape (D, M)
    - b (array): shape (M,)
    '''
"""


def test_what_docstrings_say(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    text = LAYERS.replace("out = x @", "out = x.reshape(len(x), -1) @")
    text = text.replace("DB", "dout.sum(axis=0)")
    file.write_text(text.replace("(x, w, b):\n", f"(x, w, b):\n{SAID}", 1))
    problem = load(f"{file}:affine")
    assert isinstance(problem, Problem)
    assert [np.ndim(problem.inputs()[name]) for name in "xwb"] == [3, 2, 1]
    report = check(problem)
    assert report.roots == ("x", "w")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x: Input data, of shape (N, D)", {"x": ("N", "D")}),
        ("W -- weights of shape (size of layer, size of previous)", {"W": 2}),
        ("b -- bias, a scalar", {"b": ()}),
        ("Wx, Wh: weights of shape (D, 4H)", {"Wx": ("D", "4H"), "Wh": ("D", "4H")}),
        (":param x: array with dims [n, f(a, b)]", {"x": ("n", "f(a, b)")}),
        ("x : ndarray, shape (n,)", {"x": ("n",)}),
        ("gamma: (1, C, 1, 1)", {"gamma": ("1", "C", "1", "1")}),
        ("x: anything", {}),
        ("Returns: nothing (at all, ever", {}),
    ],
)
def test_docstrings(text: str, said: dict[str, Any]) -> None:
    found = shapes_said(f"Title.\n\n    {text}\n")
    assert {n: len(s) if isinstance(said.get(n), int) else s for n, s in found.items()} == said


REGRESSION = """
import numpy as np

def compute_cost(X, y, w, b):
    cost = 0.0
    for i in range(len(X)):
        cost = cost + (np.dot(X[i], w) + b - y[i]) ** 2
    return cost / (2 * len(X))

def compute_gradient(X, y, w, b):
    m, n = X.shape
    dj_dw, dj_db = np.zeros(n), 0.0
    for i in range(m):
        off = np.dot(X[i], w) + b - y[i]
        for j in range(n):
            dj_dw[j] = dj_dw[j] + off * X[i, j]
        dj_db = dj_db + off
    return dj_db / m, dj_dw / m
"""


@pytest.mark.parametrize(
    ("right", "wrong", "root"),
    [("", "", None), ("dj_db / m", "dj_db", "b"), ("off * X[i, j]", "off", "w")],
)
def test_weights_may_be_a_vector_and_a_bias_a_number(
    right: str, wrong: str, root: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "regression.py"
    file.write_text(REGRESSION.replace(right, wrong) if right else REGRESSION)
    problem = load(file)
    assert isinstance(problem, Problem)
    report = check(problem)
    assert {row.name: row.shape for row in report.rows} == {"b": (), "w": (3,)}
    assert report.roots == (() if root is None else (root,))


EXAMPLE_BY_EXAMPLE = """
def compute_cost(x, y, w, b):
    m = x.shape[0]
    cost = 0
    for i in range(m):
        cost = cost + (w * x[i] + b - y[i]) ** 2
    return cost / (2 * m)

def compute_gradient(x, y, w, b):
    m = x.shape[0]
    dj_dw = 0
    dj_db = 0
    for i in range(m):
        error = w * x[i] + b - y[i]
        dj_dw += error * x[i]
        dj_db += error
    return dj_dw / m, dj_db / m
"""


@pytest.mark.parametrize(
    ("old", "new"), [("", ""), ("dj_db += error", "dj_db = error"), ("dj_dw / m", "dj_dw")]
)
def test_a_loss_is_not_tried_on_one_element_of_each(old: str, new: str, tmp_path: Path) -> None:
    file = tmp_path / "slope.py"
    file.write_text(EXAMPLE_BY_EXAMPLE.replace(old, new))
    problem = load(file)
    assert isinstance(problem, Problem)
    assert np.shape(problem.inputs()["x"])[0] > 1
    report = check(problem)
    assert report.ok is (old == new), str(report)


def test_an_alias_of_numpy_that_says_its_defaults(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text(
        "import numpy as np\n"
        "def put_forward(a, b):\n    return np.vstack((a, b), dtype=None), (a, b)\n"
        "def put_backward(dout, cache):\n    a, b = cache\n"
        "    return dout[: len(a)], dout[len(a) :]\n"
    )
    problem = load(file)
    assert isinstance(problem, Problem)
    assert check(problem).ok


def test_what_only_a_loop_makes_is_said(tmp_path: Path) -> None:
    """Of a backward that reads it, that is what is missing, whatever forward complains of."""
    file = tmp_path / "policy.py"
    file.write_text(
        "import numpy as np\n"
        "W = np.ones((7, 900))\n\n"
        "def policy_forward(x):\n    h = W @ x\n    return h.sum(), h\n\n"
        "def policy_backward(h, dlogp):\n    dW = np.outer(dlogp * h, xs)\n    return dW\n\n"
        "while True:\n    xs = np.ones(900)\n    policy_backward(h, 1.0)\n"
    )
    with pytest.raises(ProblemError) as error:
        load(file)
    assert str(error.value) == (
        f"{file}:8: policy_backward reads xs, which it isn't handed and which isn't made before it "
        "is called: make that an argument"
    )


OF_A_BLOCK = """
import numpy as np

def norm_forward(x, g, b):
    c = x - x.mean(-1, keepdims=True)
    r = 1 / np.sqrt((c ** 2).mean(-1, keepdims=True) + 1e-5)
    n = c * r
    return n * g + b, (n, r, g)

def norm_backward(dout, cache):
    n, r, g = cache
    dn = dout * g
    dx = r * (dn - dn.mean(-1, keepdims=True) - n * (dn * n).mean(-1, keepdims=True))
    return dx, (dout * n).sum(axis=(0, 1)), dout.sum(axis=(0, 1))

def block_forward(x, g, b, w1, b1, w2, b2):
    h, one = norm_forward(x, g, b)
    a = np.tanh(h @ w1 + b1)
    return x + a @ w2 + b2, (one, h, w1, a, w2)

def block_backward(dout, cache):
    one, h, w1, a, w2 = cache
    dz = (dout @ w2.T) * (1 - a ** 2)
    dw2 = np.einsum("bti,btj->ij", a, dout)
    dw1 = np.einsum("bti,btj->ij", h, dz)
    dx, dg, db = norm_backward(dz @ w1.T, one)
    return dx + dout, dg, db, dw1, dz.sum((0, 1)), dw2, dout.sum((0, 1))
"""


@pytest.mark.parametrize("name", ["norm", "block"])
def test_a_gain_in_a_block(name: str, tmp_path: Path) -> None:
    """`g` and `b` are a gain and a bias, one number for each feature."""
    file = tmp_path / "block.py"
    file.write_text(OF_A_BLOCK)
    problem = load(f"{file}:{name}")
    assert isinstance(problem, Problem)
    assert check(problem).ok
    assert np.shape(problem.inputs()["g"]) == np.shape(problem.inputs()["b"])
