"""A convention that is kept: gradients of the sum on the way to gradients of the mean; errors."""

from __future__ import annotations

import pytest
from verdicts import Checked, Slip, assert_found, assert_right, slips

NET = """
import numpy as np
data = ("X", "Y")

def inputs(rng, *, m=6, d=4, h=5, k=3):
    return {"X": rng.normal(size=(d, m)), "Y": np.eye(k)[:, rng.integers(0, k, m)],
            "W1": rng.normal(size=(h, d)), "b1": np.zeros((h, 1)),
            "W2": rng.normal(size=(k, h)), "b2": np.zeros((k, 1))}

def forward(X, Y, W1, b1, W2, b2):
    m = X.shape[1]
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    E = np.exp(Z2 - Z2.max(0, keepdims=True))
    A2 = E / E.sum(0, keepdims=True)
    loss = -(Y * np.log(A2)).sum() / m
    return loss

def backward(X, Y, A1, A2, W2, m):
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = dZ2.sum(1, keepdims=True) / m
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (1 - A1**2)
    dW1 = dZ1 @ X.T / m
    db1 = dZ1.sum(1, keepdims=True) / m
"""


def test_it_is_a_note(checked: Checked) -> None:
    report = checked(NET)
    assert_right(report)
    (note,) = (note for note in report.notes if "times the gradient" in note)
    assert note.startswith("dA1, dZ1, dZ2: 6 times the gradient (m = 6)")


def test_the_other_way_round(checked: Checked) -> None:
    """A gradient divided too early, and multiplied where it is used."""
    source = NET.replace("sum() / m\n", "sum()\n").replace(" / m\n", " * m\n")
    source = source.replace("dZ2 = A2 - Y", "dZ2 = (A2 - Y) / m")
    report = checked(source)
    assert_right(report)
    assert any("divided by" in note for note in report.notes)


@pytest.mark.parametrize(
    ("old", "new", "root"),
    [
        ("dZ2 @ A1.T / m", "dZ2 @ A1.T", "W2"),
        ("dA1 * (1 - A1**2)", "dA1 * (1 - A1)", "Z1"),
        ("dA1 * (1 - A1**2)", "dA1 * (1 - A1**2) / m", "Z1"),
        ("W2.T @ dZ2", "-W2.T @ dZ2", "A1"),
        ("dZ1.sum(1, keepdims=True) / m", "dZ1.sum(1) / m", "b1"),
        ("dZ1 @ X.T / m", "dZ1 @ X.T / len(X)", "W1"),
    ],
)
def test_a_mistake_in_it_is_the_only_root(checked: Checked, old: str, new: str, root: str) -> None:
    report = checked(NET.replace(old, new))
    assert report.roots == (root,)


def test_a_mean_forgotten_altogether_is_no_convention(checked: Checked) -> None:
    report = checked(NET.replace("T / m\n", "T\n").replace("True) / m\n", "True)\n"))
    assert report.roots == ("Z2",)
    mistake = report["Z2"].mistake
    assert mistake is not None and mistake.code == "unnormalised"


def test_a_constant_is_no_size(checked: Checked) -> None:
    source = NET.replace("dZ2 = A2 - Y", "dZ2 = 2 * (A2 - Y) / m").replace(
        " / m\n    db", " / 2\n    db"
    )
    source = source.replace("True) / m", "True) / 2").replace("X.T / m", "X.T / 2")
    report = checked(source)
    assert not report.ok


ERROR = """
import numpy as np
data = ("X", "T")

def inputs(rng, *, n=6, d=4, h=5, k=2):
    return {"X": rng.normal(size=(n, d)), "T": rng.normal(size=(n, k)),
            "W": rng.normal(size=(d, h)), "V": rng.normal(size=(h, k))}

def forward(X, T, W, V):
    n = len(X)
    h = np.maximum(X @ W, 0)
    y = h @ V
    loss = ((T - y) ** 2).sum() / n
    return loss

def backward(X, T, V, h, y, n):
    dy = T - y
    dh = dy @ V.T
    dh[h <= 0] = 0
    dV = -2 / n * (h.T @ dy)
    dW = -2 / n * (X.T @ dh)
"""

LOSSES = [("/ n\n", "-2 / n"), ("/ 2\n", "-1"), ("/ (2 * n)\n", "-1 / n"), ("\n", "-2.0")]


@pytest.mark.parametrize(("mean", "taken_out"), LOSSES)
@pytest.mark.parametrize(("error", "sign"), [("T - y", ""), ("y - T", "-")])
def test_an_error_is_carried_back(
    checked: Checked, mean: str, taken_out: str, error: str, sign: str
) -> None:
    """What a squared error lacks of its gradient comes with the parameters: sign, 2, and mean."""
    source = ERROR.replace("/ n\n", mean).replace("-2 / n", f"{sign}({taken_out})")
    report = checked(source.replace("dy = T - y", f"dy = {error}"))
    assert_right(report)


@pytest.mark.parametrize("reader", ["V", "W"])
@pytest.mark.parametrize(("error", "two"), [("y - T", 2), ("T - y", -2)])
def test_a_two_that_one_of_them_lacks(checked: Checked, reader: str, error: str, two: int) -> None:
    source = ERROR.replace(" / n\n", "\n").replace("-2 / n", str(two))
    source = source.replace("dy = T - y", f"dy = {error}")
    assert_right(checked(source))
    report = checked(source.replace(f"d{reader} = {two} *", f"d{reader} ="))
    assert report.roots == (reader,)


def test_an_error_is_a_note(checked: Checked) -> None:
    report = checked(ERROR.replace("/ n\n", "/ 2\n").replace("-2 / n", "-1"))
    assert (
        "dh, dy: the gradient with the other sign; what reads them turns it round" in report.notes
    )


BESIDE = (
    Slip("dV = -2 / n", "dV = 2 / n", "V", "sign"),
    Slip("dW = -2 / n", "dW = 2 / n", "W", "sign"),
    Slip("dV = -2 / n", "dV = -2", "V", "unnormalised"),
    Slip("dh = dy @ V.T", "dh = 3 * dy @ V.T", "h", "factor"),
)


@pytest.mark.parametrize(("source", "slip"), slips({"error": (ERROR, BESIDE)}))
def test_a_mistake_beside_an_error_is_the_only_root(
    checked: Checked, source: str, slip: Slip
) -> None:
    assert_found(checked(slip.within(source)), slip)


NORM = """
import numpy as np

def inputs(rng, *, n=6, d=4):
    return {"x": rng.normal(size=(n, d)), "gain": rng.normal(size=d)}

def forward(x, gain):
    mu = x.mean(0)
    xc = x - mu
    std = np.sqrt((xc**2).mean(0) + 1e-5)
    xn = xc / std
    out = gain * xn
    return out

def backward(gain, xn, xc, std, dout):
    n = len(dout)
    dgain = (xn * dout).sum(0)
    dxn = gain * dout
    dxc = dxn / std
    dstd = -(dxn * xc / std**2).sum(0)
    dxc += xc * dstd / std / n
    dmu = dxc.sum(0)
    dx = dxc - dmu / n
"""


def test_the_sum_of_what_a_mean_is_taken_from(checked: Checked) -> None:
    """Minus the mean's gradient, and taken away where that is added."""
    report = checked(NORM)
    assert_right(report)
    (note,) = (note for note in report.notes if "other sign" in note)
    assert note.startswith("dmu: ")


@pytest.mark.parametrize(
    ("old", "new", "root"),
    [
        ("dstd = -", "dstd = ", "std"),  # a sign that nothing turns round
        ("dxn = gain * dout", "dxn = dout", "xn"),
        ("/ std**2", "/ std", "std"),
        ("dx = dxc - dmu", "dx = dxc + dmu", "mu"),
    ],
)
def test_a_mistake_beside_a_sign_is_the_only_root(
    checked: Checked, old: str, new: str, root: str
) -> None:
    assert checked(NORM.replace(old, new)).roots == (root,)
