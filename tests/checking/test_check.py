"""`check` on all kinds of problems: what they return or hold, and where they can't be run."""

# ruff: noqa: RET504 (a forward names what it returns)

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from edited import changed, line
from verdicts import DTYPES, Checked, assert_right

from byhand.checking.check import check
from byhand.errors import ProblemError, RefereeError
from byhand.program.problem import load


class TestRaising:
    def test_the_rows_before_and_after_are_judged(self, checked: Checked) -> None:
        source = line(("dx = dpre @ W.T", "dx = dpre @ W"))
        report = checked(source)
        assert report.roots == ("x",)
        assert report["x"].verdict == "error"
        assert report["x"].source == "dx = dpre @ W"
        assert report["x"].line == source.splitlines().index("    dx = dpre @ W") + 1
        assert (report["x"].note or "").startswith("raised ValueError: matmul")
        assert all(row.right for row in report.rows if row.name != "x")

    def test_what_waits_for_it_is_inherited(self, checked: Checked) -> None:
        report = checked(line(("dpre = (1 - h**2) * dh", "dpre = (1 - h**2) * missing")))
        assert not report.ok
        assert {report[name].right for name in ("picked", "h")} == {True}
        assert not any(report[name].right for name in ("x", "W", "b"))

    def test_one_that_raises_at_other_sizes_only(self, checked: Checked) -> None:
        report = checked(line(("db = dpre.sum(0)", "db = dpre.reshape(6, 3).sum(0)")))
        assert report.roots == ("b",)
        assert report["b"].at is not None
        assert report["b"].at["n"] != 6


class TestProblems:
    def test_outputs_that_are_arrays(self, checked: Checked) -> None:
        source = """
            import numpy as np
            def inputs(rng, *, n=3):
                return {"x": rng.normal(size=(n, 4)), "a": np.array(0.3)}
            def forward(x, a):
                s = a * x.sum(1)
                out = np.exp(-x * x)
                return s, out
            def backward(x, a, out, ds, dout):
                dx = a * ds[:, None] - 2 * x * out * dout
                da = np.sum(ds * x.sum(1))
            """
        assert_right(checked(source))
        assert checked(source)["a"].shape == ()
        report = checked(changed(source, ("out * dout", "out * dout * 2")))
        assert report.roots == ("x",)
        no_sum = checked(changed(source, ("np.sum(ds * x.sum(1))", "ds * x.sum(1)")))
        assert (no_sum.roots, no_sum["a"].verdict) == (("a",), "shape")

    def test_masks_of_minus_infinity(self, checked: Checked) -> None:
        source = """
            import numpy as np
            def inputs(rng, *, n=5, wide=3):
                return {name: rng.normal(size=(n, wide)) for name in ("q", "k", "v")}
            def forward(q, k, v):
                scores = q @ k.T
                masked = np.where(np.tril(np.ones(scores.shape)) > 0, scores, -np.inf)
                counts = np.exp(masked - masked.max(1, keepdims=True))
                att = counts / counts.sum(1, keepdims=True)
                out = att @ v
                return out
            def backward(q, k, v, att, dout):
                dv = att.T @ dout
                datt = dout @ v.T
                dmasked = att * (datt - (datt * att).sum(1, keepdims=True))
                dscores = np.tril(dmasked)
                dq = dscores @ k
                dk = dscores.T @ q
            """
        for dtype in DTYPES:
            assert_right(checked(source, dtype=dtype))
        report = checked(changed(source, ("att * (datt -", "att * (datt +")))
        assert report.roots == ("masked",)

    def test_sizes_that_dont_fit_are_skipped_and_listed(self, checked: Checked) -> None:
        report = check(load("mlp"))
        (note,) = report.notes
        assert note.startswith("not tried at n=1, ")
        assert "forward gives NaN in bnvar" in note

    def test_where_no_prime_fits_multiples_are_tried(self, checked: Checked) -> None:
        even = ("def forward(x, W, b, y):", "def forward(x, W, b, y):\n    assert len(x) % 2 == 0")
        report = checked(line(even, ("dpicked = 2 * picked / n", "dpicked = picked / 3")))
        assert report.roots == ("picked",)
        assert report["picked"].at == {"n": 12, "wide": 8}
        assert len(report.notes) == 2

    def test_inputs_or_outputs_that_arent_finite_are_refused(self, checked: Checked) -> None:
        nan = ('"x": rng.normal(size=(n, wide))', '"x": np.full((n, wide), np.nan)')
        with pytest.raises(ProblemError, match=r"inputs returns NaN or infinity in x \(24 of 24"):
            checked(line(nan))
        overflow = ("loss = (picked * picked).sum() / n", "loss = np.exp(picked * 1e9).sum()")
        with pytest.raises(ProblemError, match=r":12: forward gives infinity in loss"):
            checked(line(overflow))

    def test_pytorch(self, checked: Checked) -> None:
        source = line(
            ("import numpy as np", "import torch"),
            (
                "def forward",
                "def as_torch(given):\n"
                "    return {name: torch.from_numpy(value) for name, value in given.items()}\n\n"
                "def forward",
            ),
            ('    return {"x"', '    return as_torch({"x"'),
            ("rng.integers(0, 3, n)}", "rng.integers(0, 3, n)})"),
            ("np.tanh", "torch.tanh"),
            ("h[np.arange(n), y]\n    loss", "h[torch.arange(n), y]\n    loss"),
            ("np.zeros_like", "torch.zeros_like"),
            ("dh[np.arange(n), y]", "dh[torch.arange(n), y]"),
        )
        for dtype in DTYPES:
            assert_right(checked(source, dtype=dtype))
        report = checked(changed(source, ("db = dpre.sum(0)", "db = dpre.sum(0).float()")))
        assert_right(report)
        assert report["b"].note == "is float32, expected float64"
        assert checked(changed(source, ("2 * picked", "3 * picked"))).roots == ("picked",)

    def test_functions_that_exist_already(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            h = x @ W
            loss = (h * h).sum()
            return loss

        def backward(x: Any, W: Any, h: Any) -> None:
            dh = 2 * h
            dx = dh @ W.T  # noqa: F841
            dW = x.T @ dh  # noqa: F841

        rng = np.random.default_rng(0)
        inputs = {"x": rng.normal(size=(4, 3)), "W": rng.normal(size=(3, 2))}
        report = check(forward, backward, inputs)
        assert_right(report)
        assert report.file == __file__
        assert report["h"].source == "dh = 2 * h"
        as_torch = {name: torch.from_numpy(value) for name, value in inputs.items()}
        assert_right(check(forward, backward, as_torch))
        with pytest.raises(ProblemError, match="the inputs are missing"):
            check(forward, backward)

    def test_what_cant_be_checked_is_refused(self, checked: Checked) -> None:
        with pytest.raises(ProblemError, match="there is nothing to check"):
            checked(line()[: line().index("def backward")])
        with pytest.raises(ProblemError, match="dtype float16: choose float64 or float32"):
            checked(line(), dtype="float16")
        with pytest.raises(RefereeError, match="choose one of engine, finite, torch, jax"):
            checked(line(), referee="nobody")
