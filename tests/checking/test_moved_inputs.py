"""Mistakes that the inputs hide are seen where the inputs are moved; nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from verdicts import Checked, assert_right

from byhand.checking.sampling.moved_draws import generic
from byhand.checking.sampling.moved_inputs import (
    far_away,
    farthest,
    moved,
    nearby,
    special,
    to_both_sides,
    with_zeros,
)
from byhand.checking.sampling.sample_inputs import draw
from byhand.program.problem import Problem
from byhand.sources.load import load


def problem(inputs: str, forward: str, backward: str, names: str = "x, w", data: str = "") -> str:
    return "\n".join(
        [
            "import numpy as np",
            f"data = ({data})",
            "def inputs(rng, *, n=4):",
            f"    return {{{inputs}}}",
            f"def forward({names}):",
            *(f"    {line}" for line in forward.split("; ")),
            "    return out",
            f"def backward(dout, {names}):",
            *(f"    {line}" for line in backward.split("; ")),
            "",
        ]
    )


HIDDEN = {
    "ones": (
        '"x": rng.normal(size=(3, n)), "w": np.ones(n)',
        "out = x * w",
        "dx = dout; dw = (dout * x).sum(0)",
        "x",
        "w is all ones",
    ),
    "zeros": (
        '"x": rng.normal(size=(3, n)), "w": np.zeros(n)',
        "out = x * np.exp(w)",
        "dx = dout; dw = (dout * x * np.exp(w)).sum(0)",
        "x",
        "w is all zeros",
    ),
    "diagonal": (
        '"x": rng.normal(size=(4, 4)), "w": np.diag(rng.normal(size=4))',
        "out = x @ w",
        "dw = x.T @ dout; dx = dout @ w",
        "x",
        "w is diagonal",
    ),
    "the identity": (
        '"x": rng.normal(size=(3, n)), "w": 0.9 * np.eye(n)',
        "out = x @ w",
        "dw = x.T @ dout; dx = dout @ w",
        "x",
        "w is diagonal",
    ),
    "symmetric": (
        '"x": rng.normal(size=(3, 3)), "w": (lambda a: a + a.T)(rng.normal(size=(3, 3)))',
        "out = x @ w",
        "dw = x.T @ dout; dx = dout @ w",
        "x",
        "w is symmetric",
    ),
    "positive": (
        '"x": rng.random((3, n)) + 0.5, "w": rng.normal(size=n)',
        "out = np.abs(x) * w",
        "dx = dout * w; dw = (dout * np.abs(x)).sum(0)",
        "x",
        "x is positive everywhere",
    ),
    "a branch": (
        '"x": rng.normal(size=n), "w": rng.normal(size=n)',
        "out = np.where(x > 5, x * x, x) * w",
        "dx = dout * w; dw = dout * np.where(x > 5, x * x, x)",
        "x",
        "the other side of a branch",
    ),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_hid_it_is_said(checked: Checked, name: str) -> None:
    inputs, forward, backward, root, said = HIDDEN[name]
    report = checked(problem(inputs, forward, backward))
    assert report.roots == (root,)
    assert report[root].at == "inputs moved"
    assert said in (report[root].note or "")


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(bound=st.floats(0.5, 100), scale=st.floats(0.1, 10))
def test_a_clip_that_is_never_reached(checked: Checked, bound: float, scale: float) -> None:
    given = f'"x": {scale} * rng.normal(size=(3, n)), "w": rng.normal(size=n)'
    forward = f"out = np.clip(x, -{bound}, {bound}) * w"
    dw = f"dw = (dout * np.clip(x, -{bound}, {bound})).sum(0)"
    assert_right(checked(problem(given, forward, f"dx = dout * w * (abs(x) < {bound}); {dw}")))
    assert checked(problem(given, forward, f"dx = dout * w; {dw}")).roots == ("x",)


LARGE = {
    "softplus": (
        "np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))",
        "np.exp(x) / (1 + np.exp(x))",
    ),
    "sigmoid of a clip": (
        "1 / (1 + np.exp(-np.clip(x, -30, 30)))",
        "np.exp(-x) / (1 + np.exp(-x)) ** 2 * (abs(x) < 30)",
    ),
    "tanh of a clip": (
        "np.tanh(np.clip(x, -20, 20))",
        "4 * np.exp(2 * x) / (1 + np.exp(2 * x)) ** 2 * (abs(x) < 20)",
    ),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("scale", [0.1, 1, 10])
def test_what_is_right_stays_so_far_away(checked: Checked, name: str, scale: float) -> None:
    """Though it takes exponentials that the other form avoids."""
    forward, slope = LARGE[name]
    given = f'"x": {scale} * rng.normal(size=(3, n)), "w": rng.normal(size=n)'
    backward = f"dx = dout * w * {slope}; dw = (dout * ({forward})).sum(0)"
    assert_right(checked(problem(given, f"out = ({forward}) * w", backward)))


MADE_ON_PURPOSE = {
    "a mask": (
        '"x": rng.normal(size=(3, n)), "w": (rng.random((3, n)) < 0.5) * 1.0',
        "out = x * w",
        "dx = dout * w; dw = dout * x",
    ),
    "probabilities": (
        '"x": rng.normal(size=(3, n)), "w": rng.dirichlet(np.ones(n), size=3)',
        "out = x * np.sqrt(w)",
        "dx = dout * np.sqrt(w); dw = dout * x / (2 * np.sqrt(w))",
    ),
    "where forward allows no other sign": (
        '"x": rng.normal(size=n), "w": rng.random(n) + 0.5',
        "out = x * np.log(w)",
        "dx = dout * np.log(w); dw = dout * x / w",
    ),
}


@pytest.mark.parametrize("name", MADE_ON_PURPOSE)
def test_right_ones_stay_right(checked: Checked, name: str) -> None:
    assert_right(checked(problem(*MADE_ON_PURPOSE[name])))


def test_data_is_not_moved(checked: Checked) -> None:
    """It may be that a shortcut holds for the data only."""
    inputs, forward, backward, *_ = HIDDEN["ones"]
    report = checked(problem(inputs, forward, backward.split(";")[0], data='"w",'))
    assert_right(report)


def test_zeros_that_a_quotient_meets(checked: Checked) -> None:
    given = '"x": rng.normal(size=n), "w": rng.normal(size=n)'
    wrong = "dx = np.cumsum((out * dout)[::-1])[::-1] / x; dw = dout * np.cumprod(x)"
    source = problem(given, "out = np.cumprod(x) * w", wrong)
    report = checked(source.replace("backward(dout,", "backward(dout, out,"))
    assert report.roots == ("x",)
    mistake = report["x"].mistake
    assert mistake is not None and mistake.code == "division-by-zero"
    assert report["x"].verdict == "nonfinite"


def test_zeros_that_only_backward_divides_by_are_a_note(checked: Checked) -> None:
    given = '"x": rng.normal(size=(3, n)), "w": rng.normal(size=n)'
    source = problem(given, "out = x * w", "dx = dout * w; dw = (dout * out / w).sum(0)")
    report = checked(source.replace("backward(dout,", "backward(dout, out,"))
    assert_right(report)
    assert any("dw: no number where w is 0" in note for note in report.notes)


finite = arrays.arrays(
    np.float64,
    arrays.array_shapes(min_dims=0, max_dims=3, max_side=4),
    elements=st.floats(-1e3, 1e3),
)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(value=finite, seed=st.integers(0, 9))
def test_moves_keep_shapes_and_move_everything(value: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for move in (nearby, to_both_sides, far_away, farthest):
        new = move(value, rng)
        assert np.shape(new) == value.shape
        assert np.isfinite(new).all()
        assert (np.asarray(new) != value).all() or np.abs(value).min(initial=1) < 1e-200
    assert (np.sign(nearby(value, rng)) * np.sign(value) >= 0).all()
    assert with_zeros(value, rng).shape == value.shape


@settings(max_examples=50, deadline=None, derandomize=True)
@given(labels=st.lists(st.integers(0, 5), min_size=3, max_size=8), seed=st.integers(0, 9))
def test_whole_numbers_keep_their_range(labels: list[int], seed: int) -> None:
    found = moved({"y": np.array(labels)}, (), nearby, seed)["y"]
    assert found.shape == (len(labels),)
    assert set(found.tolist()) <= set(labels)


def test_what_is_special() -> None:
    inputs = {
        "g": np.ones(3),
        "b": np.zeros(3),
        "s": np.full(2, 0.5),
        "W": np.diag([1.0, 2.0, 3.0]),
        "x": np.array([1.0, -2.0]),
        "t": np.ones(3),
    }
    assert list(special(inputs, ("t",))) == [
        "g is all ones",
        "b is all zeros",
        "s is 0.5 everywhere",
        "W is diagonal",
    ]


def test_branches_that_no_draw_enters_are_listed(checked: Checked) -> None:
    given = '"x": rng.normal(size=n), "w": rng.normal(size=n)'
    source = problem(given, "out = x * w", "dx = dout * w; dw = dout * x")
    never = "    if len(x) > 99:\n        {line}\n    else:\n        pass\n"
    forward = never.format(line="x = x * 2")
    backward = never.format(line="dx = dx * 3")
    source = source.replace("    out =", forward + "    out =") + backward
    report = checked(source)
    assert_right(report)
    lines = [
        f"line {i}"
        for i, each in enumerate(source.splitlines(), 1)
        if each.endswith(("* 2", "* 3"))
    ]
    assert [note.partition(",")[0] for note in report.notes] == lines


def test_a_mask_that_lets_nothing_through(checked: Checked) -> None:
    given = '"x": rng.normal(size=n), "w": np.arange(n) % 2'
    mean = "count = max(w.sum(), 1); out = (x * w).sum() / count"
    right = problem(given, mean, "dx = dout * w / max(w.sum(), 1)")
    assert_right(checked(right))
    report = checked(right.replace("/ max(w.sum(), 1)\n", "/ w.sum()\n"))
    assert report.roots == ("x",)
    assert report["x"].at == "inputs moved"
    assert "lets nothing through" in (report["x"].note or "")


@pytest.mark.parametrize(
    ("shares", "notes"),
    [
        ("is_max / is_max.sum(1, keepdims=True)", 0),
        ("(np.arange(4) == x.argmax(axis=1)[:, None])", 0),
        ("is_max", 1),
    ],
)
def test_equal_values_of_which_inputs_have_none_are_a_note(
    checked: Checked, shares: str, notes: int
) -> None:
    backward = (
        "is_max = x == x.max(axis=1, keepdims=True); dw = dout * x.max(axis=1, keepdims=True)"
    )
    report = checked(
        problem(
            '"x": rng.normal(size=(3, 4)), "w": rng.normal(size=(3, 1))',
            "m = x.max(axis=1, keepdims=True); out = m * w",
            f"{backward}; dx = dout * w * {shares}",
        )
    )
    assert_right(report)
    said = [note for note in report.notes if note.startswith("dx: where several elements")]
    assert len(said) == notes


def test_inputs_that_are_moved_out_of_an_array_say_nothing(checked: Checked) -> None:
    """Forward reads at places that it computes of an input; further out, an index wraps around in
    forward, and backward raises."""
    source = """
import torch

def inputs(rng, *, n=6, k=5):
    return {"f": torch.from_numpy(rng.normal(size=n)),
            "p": torch.from_numpy(rng.random(k) * max(n - 1.01, 0))}

def forward(f, p):
    i = p.detach().floor().long()
    w = p - i
    y = (1 - w) * f[i] + w * f[i + 1]
    return y

def backward(f, i, w, dy):
    df = torch.zeros_like(f)
    df.index_add_(0, i, dy * (1 - w))
    df.index_add_(0, i + 1, dy * w)
    dp = dy * (f[i + 1] - f[i])
"""
    assert_right(checked(source))
    assert checked(source.replace("f[i + 1] - f[i]", "f[i] - f[i + 1]")).roots == ("p",)


def test_a_gradient_that_is_nothing_but_rounding_keeps_no_inputs_from_being_moved() -> None:
    mlp = load("mlp")  # b1 stands before batch norm: its gradient is 0
    assert isinstance(mlp, Problem)
    assert generic(mlp, 1, draw(mlp, {}, None, 0)) is not None


@pytest.mark.parametrize(("steps", "moves"), [(5, True), (60, False)])
def test_inputs_are_not_moved_to_where_forward_is_chaos(
    tmp_path: Path, steps: int, moves: bool
) -> None:
    logistic = f"for _ in range({steps}):\n        x = r * x * (1 - x)\n    out = x + 0"
    text = problem(
        '"x": np.full(n, 0.3) + 0.01 * rng.random(n), "r": np.full(n, 3.9)', "", "pass", "x, r"
    ).replace("    \n    return out", f"    {logistic}\n    return out")
    file = tmp_path / "logistic.py"
    file.write_text(text)
    found = load(str(file))
    assert isinstance(found, Problem)
    assert (generic(found, 1, draw(found, {}, None, 0)) is not None) is moves


LOW_RANK = """
import numpy as np

def inputs(rng, *, n=4, d=5, r=2, o=3):
    return {"x": rng.normal(size=(n, d)), "A": rng.normal(size=(d, r)), "B": np.zeros((r, o))}

def forward(x, A, B):
    s = 2.0 / A.shape[1]
    xa = x @ A
    out = s * (xa @ B)
    return out

def backward(x, A, B, xa, s, dout):
    dB = s * xa.T @ dout
    dxa = s * dout @ B.T
    dA = x.T @ dxa
    dx = dxa @ A.T
"""


def test_zeros_and_a_size_may_hide_one_mistake_together(checked: Checked) -> None:
    """s is 1 at the default sizes, and B zero at all others."""
    assert_right(checked(LOW_RANK))
    report = checked(LOW_RANK.replace("s * dout @ B.T", "dout @ B.T"))
    assert report.roots == ("xa",)
    assert report["xa"].at == "inputs moved"
    mistake = report["xa"].mistake
    assert mistake is not None and mistake.code == "missing-local"


def test_a_line_without_a_size_has_none_written_into_it(checked: Checked) -> None:
    """It lacks a factor that is 1 at the default sizes."""
    report = checked(LOW_RANK.replace("s * xa.T", "xa.T"))
    assert report.roots == ("B",)
    mistake = report["B"].mistake
    assert mistake is not None and mistake.code == "missing-local"


def test_a_matrix_stays_symmetric_where_forward_asks_for_that(checked: Checked) -> None:
    """A backward may use the matrix itself in place of its symmetric part."""
    inputs = '"x": rng.normal(size=(n, 2)), "w": (lambda a: a @ a.T + 1)(rng.normal(size=(n, n)))'
    forward = "c = np.linalg.cholesky(w); out = np.linalg.solve(c.T, np.linalg.solve(c, x))"
    backward = "dx = np.linalg.solve(w, dout); dw = -dx @ np.linalg.solve(w, x).T"
    report = checked(problem(inputs, forward, backward + "; dw = (dw + dw.T) / 2"))
    assert report.ok, str(report)
    assert checked(problem(inputs, forward, backward)).roots == ("w",)
