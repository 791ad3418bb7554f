"""Float types narrower than the problem's: what they excuse, and what they don't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byhand.checking.check import check
from byhand.checking.judging.compare import compare
from byhand.checking.report import Report
from byhand.program.problem import load
from byhand.referees.referee import Gradient
from byhand.values.precision import eps_of, float_type

TYPES = ("float16", "float32", "float64")


def checked(folder: Path, text: str, **options: Any) -> Report:
    file = folder / "problem.py"
    file.write_text(text)
    return check(load(file), **options)


SOFTMAX = """
import numpy as np
def inputs(rng, *, n=6, k=5, c=4):
    return {"x": rng.normal(size=(n, k)), "W": rng.normal(size=(k, c)), "y": rng.integers(0, c, n)}
def forward(x, W, y):
    z = x @ W
    e = np.exp(z - z.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    return loss
def backward(x, W, y, p):
    dz = p.copy()
    dz[np.arange(len(y)), y] -= 1
    dz = (dz / len(y)){how}
    dW = x.T @ dz
    dx = dz @ W.T
"""


@pytest.mark.parametrize(
    ("how", "right"),
    [
        (".astype(np.float32)", True),
        (".astype('f4').astype(float)", True),
        (".astype(np.float16)", False),
        (".astype(np.float16).astype(float)", False),
        (".astype(np.float16) * 0", False),
        (".astype(np.float32) * 1.0001", False),
        ("* np.float16(1)", True),
    ],
)
def test_float32_counts_in_a_backward_and_nothing_narrower(
    tmp_path: Path, how: str, right: bool
) -> None:
    report = checked(tmp_path, SOFTMAX.replace("{how}", how))
    assert report.ok == right, str(report)
    if not right:
        assert "z" in report.roots
    noted = any("line 14 computes in float32" in note for note in report.notes)
    assert noted == ("32" in how or "f4" in how), report.notes


def test_only_what_goes_through_float32_is_judged_as_float32(tmp_path: Path) -> None:
    text = SOFTMAX.replace("{how}", "").replace(
        "dx = dz @ W.T", "dx = (dz @ W.T).astype(np.float32)"
    )
    report = checked(tmp_path, text)
    assert report.ok
    tolerances = [report[name].tolerance or 0.0 for name in ("z", "W", "x")]
    assert max(tolerances[:2]) < 1e-12 < tolerances[2]


TORCH = """
import torch
def inputs(rng, *, n=4, k=5):
    return {"x": torch.tensor(rng.normal(size=(n, k))), "y": torch.tensor(rng.integers(0, k, n))}
def forward(x, y):
    n = x.shape[0]
    e = x.exp()
    p = e / e.sum(1, keepdim=True)
    logp = p.log()
    loss = -logp[range(n), y].mean()
    return loss
def backward(logp, p, e, y, n):
    {start}
    dlogp[range(n), y] = -1.0 / n
    dp = dlogp / p
    s = e.sum(1, keepdim=True)
    de = dp / s - (dp * e).sum(1, keepdim=True) / s**2
    dx = {end}
"""


@pytest.mark.parametrize(
    ("start", "end", "right"),
    [
        ("dlogp = torch.zeros(logp.shape)", "de * e", True),
        ("dlogp = torch.zeros_like(logp)", "de * e", True),
        ("dlogp = torch.zeros_like(logp)", "(de.float() * e.float()).to(e.dtype)", True),
        ("dlogp = torch.zeros_like(logp)", "de * e * torch.tensor(1 / n) * n", True),
        ("dlogp = torch.zeros_like(logp)", "de.bfloat16() * e", False),
        ("dlogp = torch.zeros_like(logp)", "(de * e).half()", False),
        ("dlogp = torch.zeros_like(logp)", "(de * e).bfloat16()", False),
        ("dlogp = torch.zeros(logp.shape, dtype=torch.bfloat16)", "de * e", False),
        ("low = logp.bfloat16(); dlogp = torch.zeros_like(logp)", "de * e", True),
        ("dlogp = torch.zeros(logp.shape)", "de * e * 1.001", False),
    ],
)
def test_types_in_pytorch(tmp_path: Path, start: str, end: str, right: bool) -> None:
    pytest.importorskip("torch")
    report = checked(tmp_path, TORCH.replace("{start}", start).replace("{end}", end))
    assert report.ok == right, str(report)
    assert right or report.roots


KERNEL = """
import torch
def inputs(rng, *, n=4, c=6):
    x = torch.from_numpy(rng.normal(size=(n, c))){given}
    return {"x": x, "W": torch.from_numpy(rng.normal(size=(c, c))){given}}
def forward(x, W):
    xf = x{cast}
    r = torch.rsqrt(xf.pow(2).mean(-1, keepdim=True) + 1e-6)
    y = xf * r
    out = (y @ W{cast}).to(x.dtype)
    return out
def backward(x, W, xf, r, y, dout):
    {first}
    g = dout{cast}
    dW = (y.mT @ g).to(W.dtype)
    dy = g @ W{cast}.mT
    dx = (r * (dy - y * (dy * y).mean(-1, keepdim=True))){end}.to(x.dtype)
"""


@pytest.mark.parametrize(
    ("given", "cast", "kind"),
    [
        ("", ".float()", "float64"),
        (".float()", "", "float32"),
        (".bfloat16()", ".float()", "bfloat16"),
        (".bfloat16()", "", "bfloat16"),
        (".half()", ".float()", "float16"),
        (".half()", "", "float16"),
        ("", ".half()", "float64"),
    ],
)
def test_a_kernel_runs_in_the_types_that_it_is_given(
    tmp_path: Path, given: str, cast: str, kind: str
) -> None:
    """Matrices of two types aren't multiplied: so values of forward have the types they had."""
    pytest.importorskip("torch")
    inner = cast[1:-2] or kind
    named = {"float": "torch.float32", "half": "torch.float16"}.get(inner, f"torch.{inner}")
    first = f"assert (x.dtype, y.dtype) == (torch.{kind}, {named}), (x.dtype, y.dtype)"
    text = KERNEL.replace("{given}", given).replace("{cast}", cast).replace("{first}", first)
    report = checked(tmp_path, text.replace("{end}", ""))
    assert report.ok, str(report)
    assert report.dtype == kind
    noted = any("line 7 of forward computes in" in note for note in report.notes)
    assert noted == (not given), report.notes
    wrong = checked(tmp_path, text.replace("{end}", " * 1.3"))
    assert wrong.roots == ("x",), str(wrong)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_inputs_keep_the_types_that_the_file_gives(tmp_path: Path, kind: str) -> None:
    text = SOFTMAX.replace("size=(n, k))", f"size=(n, k)).astype('{kind}')")
    text = text.replace("{how}", "").replace("dx = dz", f"assert x.dtype == '{kind}'; dx = dz")
    report = checked(tmp_path, text)
    assert report.ok, str(report)
    wrong = checked(tmp_path, text.replace("-= 1", "-= 1.5"))
    assert "z" in wrong.roots, str(wrong)
    if kind == "float32":
        with_float64 = checked(tmp_path, text, dtype="float64")
        assert "AssertionError" in str(with_float64)


def test_what_is_tight_in_float64_is_told_there(tmp_path: Path) -> None:
    """A file of float32 inputs is tried in float64, too, where its lines are judged alone."""
    text = SOFTMAX.replace("size=(n, k))", "size=(n, k)).astype('f4')").replace("{how}", "")
    assert checked(tmp_path, text).ok
    wrong = checked(tmp_path, text.replace("dz @ W.T", "dz @ W.T * (1 + 1e-9)"))
    assert wrong.roots == ("x",)
    assert wrong["x"].at is None
    assert wrong["x"].note == "hidden by the rounding of the inputs' type; this shows in float64"


HALF = """
import numpy as np
def inputs(rng, *, n=6, c=8):
    x = (rng.integers(-3, 4, (n, c)) * 0.5).astype(np.float16)
    return {"x": x, "w": rng.normal(size=c).astype(np.float16)}
def forward(x, w):
    h = np.maximum(x * w, 0)
    m = h.max(axis=1, keepdims=True)
    e = np.exp(h - m)
    s = e.sum(axis=1, keepdims=True)
    out = e / s
    return out
def backward(x, w, h, e, s, dout):
    ds = -(dout * e / s**2).sum(axis=1, keepdims=True)
    de = dout / s + ds
    dh = de * e
    dm = -dh.sum(axis=1, keepdims=True)
    dh[np.arange(len(h)), h.argmax(axis=1)] += dm[:, 0]
    dz = dh * (h > 0)
    dx = (dz * w).astype(np.float16){off}
    dw = (dz * x).sum(axis=0).astype(np.float16)
"""


def test_a_problem_in_half_precision_may_name_it(tmp_path: Path) -> None:
    """It is judged in that then: in float64, what it names is too narrow."""
    report = checked(tmp_path, HALF.replace("{off}", ""))
    assert report.ok, str(report)
    wrong = checked(tmp_path, HALF.replace("{off}", " * np.float16(1.5)"))
    assert wrong.roots == ("x",), str(wrong)


@pytest.mark.parametrize(
    "said",
    [
        "(x @ w).astype(np.float32)",
        "x.astype(np.float32) @ w.astype(np.float32)",
        "np.tanh(x.astype(np.float32) @ w)",
    ],
)
def test_a_forward_in_half_precision_may_compute_in_another(tmp_path: Path, said: str) -> None:
    """A trace computes in the inputs' type: it differs from forward as that rounds."""
    slope = "dout * (1 - out**2)" if "tanh" in said else "dout"
    text = f"""
import numpy as np
def inputs(rng, *, n=4, c=6, k=3):
    draw = lambda *shape: rng.normal(size=shape).astype(np.float16)
    return {{"x": draw(n, c), "w": draw(c, k)}}
def forward(x, w):
    out = {said}
    return out
def backward(x, w, out, dout):
    dz = {slope}
    dx = dz @ w.T
    dw = x.T @ dz
"""
    report = checked(tmp_path, text)
    assert report.ok, str(report)
    assert not checked(tmp_path, text.replace("x.T @ dz", "x.T @ dz / 2")).ok


SINGLE_ONLY = """
import torch
def inputs(rng, *, n=5, c=4, d=3):
    f = lambda *s: torch.tensor(rng.normal(size=s), dtype=torch.float32)
    return {"x": f(n, c), "W": f(c, d), "b": f(d)}
def forward(x, W, b):
    z = x @ W + b
    h = torch.tanh(z)
    s = h * h
    loss = s.mean()
    return loss
def backward(x, W, h):
    ds = torch.full(h.shape, 1 / h.numel())
    dh = 2 * h * ds
    dz = dh * (1 - h * h)
    dW = x.T @ dz.float()
    db = dz.sum(0)
    dx = dz.float() @ W.T
"""


def test_a_backward_that_runs_in_float32_alone_is_tried_line_by_line_in_that(
    tmp_path: Path,
) -> None:
    pytest.importorskip("torch")
    report = checked(tmp_path, SINGLE_ONLY)
    assert report.ok, str(report)
    wrong = checked(tmp_path, SINGLE_ONLY.replace("(1 - h * h)", "(1 - h)"))
    assert wrong.roots == ("z",), str(wrong)
    assert {wrong[name].verdict for name in ("W", "b", "x")} == {"inherited"}
    wrong = checked(tmp_path, SINGLE_ONLY.replace("dh = 2 * h", "dh = h"))
    assert wrong.roots == ("h",), str(wrong)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    own=st.sampled_from(TYPES),
    answer=st.sampled_from(TYPES),
    scale=st.sampled_from((1e-9, 1e-3, 1.0)),
    off=st.sampled_from((0.0, 1e-10, 1e-5, 0.3)),
)
def test_what_a_type_excuses(own: str, answer: str, scale: float, off: float) -> None:
    """An error is excused up to the coarser of the problem's precision and float32's, if the answer
    is that; whatever the size of the gradient is."""
    truth = np.array([1.0, -0.75, 0.3]) * scale
    given = (truth * (1 + off)).astype(answer)
    rounds = max(eps_of(own), eps_of(answer) if answer == "float32" else 0.0)
    found = compare(given, Gradient(truth, np.zeros(3)), np.abs(truth), np.dtype(own))
    seen = np.max(np.abs(given.astype(np.float64) - truth) / np.abs(truth))
    if own != "float16" or scale > 1e-6:  # below, float16 has no numbers
        assert found.right == (seen <= 4 * rounds), (found, seen)


@pytest.mark.parametrize("factor", [1.0, 1.0001])
def test_what_is_only_copied_into_float32_rounds(tmp_path: Path, factor: float) -> None:
    """The step itself is exact: it adds into chosen rows, and its gradient is taken from these."""
    file = tmp_path / "copied.py"
    file.write_text(
        f"""
import torch

def inputs(rng, *, n=5, d=3):
    return {{"x": torch.from_numpy(rng.normal(size=(n, d))),
            "i": torch.from_numpy(rng.integers(0, 4, n))}}

def forward(x, i):
    w = torch.tanh(x)
    out = torch.zeros(4, x.shape[1], dtype=x.dtype).index_add(0, i, w)
    return out

def backward(x, i, w, dout):
    dw = torch.zeros(w.shape)
    for r in range(len(i)):
        dw[r] = dout[i[r]] * {factor}
    dx = dw * (1 - w**2)
"""
    )
    report = check(load(file))
    assert report.ok == (factor == 1), report.rows
    assert report.roots == (() if report.ok else ("w",))


@pytest.mark.parametrize("answer", TYPES)
@pytest.mark.parametrize("own", TYPES[1:])
def test_zeros_are_right_in_no_type(own: str, answer: str) -> None:
    truth = np.full(3, 1e-12)
    found = compare(np.zeros(3, answer), Gradient(truth, np.zeros(3)), truth, np.dtype(own))
    assert found.verdict == "wrong"


def test_types_by_name() -> None:
    torch = pytest.importorskip("torch")
    assert float_type(torch.ones(2).bfloat16()) == "bfloat16"
    assert float_type(np.float32(1)) == "float32"
    assert float_type(torch.ones(2, dtype=torch.int32)) is None
    assert float_type(1.0) is None
    assert eps_of("bfloat16") == 2**-7
    assert eps_of("float16") == 2**-10
