"""`check`: right backwards pass, wrong ones don't, and what can't be judged is said."""

# ruff: noqa: RET504 (a forward names what it returns)

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from edited import changed, line, model
from variants import covering_variants, random_variants

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError, RefereeError
from byhand.program import load
from byhand.program.problem import zoo

Checked = Callable[..., Report]
MODELS = ("mlp", "mlp_fused")
DTYPES = ("float64", "float32")


@pytest.fixture
def checked(problem_file: Callable[[str], Path]) -> Checked:
    """The report on a problem of which the source is given."""
    return lambda source, **options: check(load(problem_file(source)), **options)


def verdicts(report: Report) -> dict[str, str]:
    return {row.name: row.verdict for row in report.rows}


def assert_right(report: Report) -> None:
    wrong = [f"{row.name}: {row.verdict}, {row.note}" for row in report.rows if not row.right]
    assert report.ok, "\n".join(wrong)
    assert not report.roots


class TestNoFalseAlarm:
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("name", MODELS)
    @pytest.mark.parametrize("referee", ["engine", "finite", "torch", "jax"])
    def test_the_zoo_is_right_by_every_referee(self, referee: str, name: str, dtype: str) -> None:
        report = check(load(name), referee=referee, dtype=dtype)
        assert_right(report)
        assert (report.referee, report.dtype) == (referee, dtype)
        if referee != "finite":  # which looks at some elements only
            assert all(row.note is None for row in report.rows)

    @pytest.mark.parametrize("seed", range(8))
    def test_whatever_the_draw(self, seed: int) -> None:
        for dtype in DTYPES:
            for name in MODELS:
                assert_right(check(load(name), dtype=dtype, seed=seed))

    @pytest.mark.parametrize("file", sorted((Path(__file__).parent.parent / "problems").glob("*")))
    def test_other_right_problems(self, file: Path) -> None:
        if file.suffix == ".py":
            for dtype in DTYPES:
                assert_right(check(load(file), dtype=dtype))

    @pytest.mark.parametrize(("dtype", "count"), [("float64", 80), ("float32", 15)])
    @pytest.mark.parametrize("name", MODELS)
    def test_other_right_ways_to_write_it(
        self, checked: Checked, name: str, dtype: str, count: int
    ) -> None:
        names = [row.name for row in check(load(name)).rows]
        for variant in variants_of(name, count):
            report = checked(variant.source, dtype=dtype)
            assert report.ok, f"{report}\n\n{variant}"
            assert [row.name for row in report.rows] == names, str(variant)

    def test_there_are_more_than_200_of_them(self) -> None:
        sources = {variant.source for name in MODELS for variant in variants_of(name, 80)}
        assert len(sources) >= 200
        edits = {edit for name in MODELS for v in variants_of(name, 0) for edit in v.edits}
        assert len(edits) >= 400


def variants_of(name: str, count: int) -> list[Any]:
    file = zoo()[name]
    return [*covering_variants(file), *random_variants(file, count, seed=0)]


# What is wrong, in the model and in the line of its backward: the row, its verdict, its mistake.
MEAN = "dcounts_sum_inv = (dprobs * counts).sum(axis=1, keepdims=True)"
WRONG: dict[str, tuple[str, tuple[tuple[str, str], ...], str, str, str]] = {
    "(64,) for (1, 64)": (
        "mlp",
        (
            (
                "dbngain = (dhpreact * bnraw).sum(axis=0, keepdims=True)",
                "dbngain = (dhpreact * bnraw).sum(axis=0)",
            ),
        ),
        "bngain",
        "shape",
        "keepdims",
    ),
    "(32,) for (32, 1)": (
        "mlp",
        (
            (MEAN, MEAN.replace(", keepdims=True", "")),
            ("-dcounts_sum_inv *", "-dcounts_sum_inv[:, None] *"),
        ),
        "counts_sum_inv",
        "shape",
        "keepdims",
    ),
    "a scalar for a column": (
        "mlp",
        ((MEAN, "dcounts_sum_inv = (dprobs * counts).sum()"),),
        "counts_sum_inv",
        "shape",
        "unknown",
    ),
    "no Bessel's correction": (
        "mlp",
        (("dbnvar / (n - 1)", "dbnvar / n"),),
        "bndiff2",
        "wrong",
        "bessel",
    ),
    "no Bessel's correction in the closed form": (
        "mlp_fused",
        (("dbngain / (n - 1)", "dbngain / n"),),
        "hprebn",
        "wrong",
        "bessel",
    ),
    "no eps": (
        "mlp",
        (
            ("dbnvar = -0.5 * bnvar_inv**3 *", "dbnvar = -0.5 * bnvar**-1.5 *"),
            ("W1, bndiff,", "W1, bnvar, bndiff,"),
        ),
        "bnvar",
        "wrong",
        "missing-eps",
    ),
}


class TestCaught:
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("mistake", WRONG)
    def test_one_row_is_the_root(self, checked: Checked, mistake: str, dtype: str) -> None:
        name, changes, row, verdict, code = WRONG[mistake]
        source = model(name, *changes)
        report = checked(source, dtype=dtype)
        assert report.roots == (row,)
        root = report[row]
        assert root.verdict == verdict
        assert root.mistake is not None
        assert root.mistake.code == code
        assert root.line is not None
        assert root.source == source.splitlines()[root.line - 1].strip()
        assert f"d{row} = " in root.source
        others = {r.verdict for r in report.rows if r.name != row}
        assert others <= {"exact", "rounding", "inherited"}

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_a_hard_coded_size_shows_at_other_sizes(self, checked: Checked, dtype: str) -> None:
        report = checked(model("mlp", ("dbnmeani / n", "dbnmeani / 32")), dtype=dtype)
        assert report.roots == ("hprebn",)
        root = report["hprebn"]
        assert root.verdict == "wrong"
        assert root.mistake is not None
        assert root.mistake.code == "hard-coded-size"
        assert root.at is not None
        assert list(root.at) == ["n", "hidden", "vocabulary", "embedding", "block"]
        assert root.at["n"] != 32
        assert root.shape is not None
        assert root.shape == (root.at["n"], root.at["hidden"])

    def test_a_missing_transpose_of_a_square_matrix_shows_at_other_sizes(
        self, checked: Checked
    ) -> None:
        square = ("wide=4", "wide=3")
        report = checked(line(square, ("dx = dpre @ W.T", "dx = dpre @ W")))
        assert report.roots == ("x",)
        assert not report["x"].right

    def test_a_batch_of_one_can_hide_a_thing_and_is_tried_besides(self, checked: Checked) -> None:
        source = line(("db = dpre.sum(0)", "db = dpre.sum(0) if n > 1 else dpre[0] * 2"))
        report = checked(source)
        assert report.roots == ("b",)
        assert report["b"].at is not None
        assert report["b"].at["n"] == 1

    # The loss of a model times a millionth: gradients down to 1e-9, and still not zero.
    TINY = model(
        "mlp",
        (
            "loss = -logprobs[np.arange(n), Y].mean()",
            "loss = -logprobs[np.arange(n), Y].mean() * 1e-6",
        ),
        ("dlogprobs[rows, Y] = -1 / n", "dlogprobs[rows, Y] = -1e-6 / n"),
    )

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_zeros_for_a_tiny_gradient_are_wrong(self, checked: Checked, dtype: str) -> None:
        assert_right(checked(self.TINY, dtype=dtype))
        for name, expression in (
            ("bnbias", "dhpreact.sum(axis=0, keepdims=True)"),
            ("W1", "embcat.T @ dhprebn"),
            ("b2", "dlogits.sum(axis=0)"),
            ("counts", "dprobs * counts_sum_inv + dcounts_sum"),
        ):
            zeros = (f"d{name} = {expression}", f"d{name} = np.zeros_like({expression})")
            report = checked(changed(self.TINY, zeros), dtype=dtype)
            assert report.roots == (name,), name
            assert report[name].verdict == "wrong"

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_zeros_for_a_gradient_that_is_zero_are_right(
        self, checked: Checked, dtype: str
    ) -> None:
        maxes = "dlogit_maxes = -dnorm_logits.sum(axis=1, keepdims=True)"
        zeros = (
            (maxes, "dlogit_maxes = np.zeros((n, 1))"),
            ("db1 = dhprebn.sum(axis=0)", "db1 = np.zeros(dhprebn.shape[1])"),
        )
        report = checked(model("mlp", *zeros), dtype=dtype)
        assert_right(report)
        assert "holds only because" in (report["b1"].note or "")

    def test_damage_to_a_value_of_forward(self, checked: Checked) -> None:
        in_place = "dlogits = probs\n    dlogits[np.arange(n), Y] -= 1\n    dlogits /= n"
        source = model("mlp_fused", ("dlogits = (probs - onehot) / n", in_place))
        report = checked(source)
        assert report.roots == ("logits",)
        root = report["logits"]
        assert (root.verdict, root.mistake and root.mistake.code) == ("wrong", "aliased")
        assert "probs, a value of the forward pass" in (
            root.mistake.message if root.mistake else ""
        )
        copied = in_place.replace("dlogits = probs", "dlogits = probs.copy()")
        assert_right(checked(changed(source, (in_place, copied))))

    def test_a_wrong_line_after_a_local_that_is_no_answer(self, checked: Checked) -> None:
        report = checked(line(("dpre = (1 - h**2) * dh", "dpre = (1 - h) * dh")))
        assert not report.ok
        assert set(report.roots) <= {"x", "W", "b"}
        assert verdicts(report)["h"] in ("exact", "rounding")


class TestAnswers:
    """What counts as an answer, and what is said about the rest."""

    WORD = "db = dpre.sum(0)"

    @pytest.mark.parametrize(
        ("answer", "note"),
        [
            ("np.zeros(3, dtype=int)", "holds int64; a gradient needs floats"),
            ("dpre.sum(0) > 0", "holds bool; a gradient needs floats"),
            ("dpre.sum(0) + 0j", "holds complex128; a gradient needs floats"),
            ("0", "is an int, not an array of floats"),
            ("None", "is None, not an array of floats"),
            ("'text'", "is a str, not an array of floats"),
        ],
    )
    def test_what_is_no_float_is_an_error(self, checked: Checked, answer: str, note: str) -> None:
        report = checked(line((self.WORD, f"db = {answer}")))
        assert report.roots == ("b",)
        assert (report["b"].verdict, report["b"].note) == ("error", note)

    @pytest.mark.parametrize(
        ("dtype", "other"),
        [("float64", "float32"), ("float32", "float64"), ("float64", "longdouble")],
    )
    def test_another_float_type_is_a_note(self, checked: Checked, dtype: str, other: str) -> None:
        source = line((self.WORD, f"db = dpre.sum(0).astype(np.{other})"))
        report = checked(source, dtype=dtype)
        assert_right(report)
        assert report["b"].note == f"is {np.dtype(other)}, expected {dtype}"

    def test_a_name_that_forward_hasnt_is_a_note(self, checked: Checked) -> None:
        report = checked(line((self.WORD, f"{self.WORD}\n    dpickd = db\n    dnothing = 1.0")))
        assert_right(report)
        assert "dpickd is not judged: forward has no pickd; did you mean picked?" in report.notes
        assert "dnothing is not judged: forward has no nothing" in report.notes

    def test_the_gradient_of_a_whole_number_is_a_note(self, checked: Checked) -> None:
        report = checked(line((self.WORD, f"{self.WORD}\n    dy = np.zeros(6)\n    dn = 0.0")))
        assert_right(report)
        assert "dy is not judged: y holds integers, which have no gradient" in report.notes
        assert "dn is not judged: n holds integers, which have no gradient" in report.notes

    def test_only_inputs_must_be_answered(self, checked: Checked) -> None:
        short = (
            "dpicked = 2 * picked / n\n    dh = np.zeros_like(h)\n    dh[np.arange(n), y] = dpicked"
        )
        other = "g = np.zeros_like(h)\n    g[np.arange(n), y] = 2 * picked / n"
        report = checked(line((short, other), ("(1 - h**2) * dh", "(1 - h**2) * g")))
        assert_right(report)
        assert list(verdicts(report)) == ["x", "W", "b"]

    def test_a_missing_input_stands_last(self, checked: Checked) -> None:
        report = checked(line(("    dx = dpre @ W.T\n", "")))
        assert (report.ok, report.roots) == (False, ())
        assert list(verdicts(report))[-1] == "x"
        assert report["x"].verdict == "missing"
        assert (report["x"].line, report["x"].shape) == (None, None)
        assert report["x"].expected_shape == (6, 4)

    def test_data_is_not_asked_for_but_judged_if_given(self, checked: Checked) -> None:
        data = ("def inputs", 'data = ("x",)\n\ndef inputs')
        assert_right(checked(line(data, ("    dx = dpre @ W.T\n", ""))))
        report = checked(line(data, ("dx = dpre @ W.T", "dx = dpre @ W.T * 2")))
        assert report.roots == ("x",)

    def test_the_gradient_of_the_loss_itself_is_judged_if_given(self, checked: Checked) -> None:
        first = "dpicked = 2 * picked / n"
        using = "dpicked = dloss * 2 * picked / n"
        assert_right(checked(line((first, f"dloss = 1.0\n    {using}"))))
        report = checked(line((first, f"dloss = 2.0\n    {first}")))
        assert report.roots == ("loss",)

    @pytest.mark.parametrize("bad", ["np.nan", "np.inf", "-np.inf"])
    def test_what_isnt_finite_is_said(self, checked: Checked, bad: str) -> None:
        report = checked(line((self.WORD, f"{self.WORD}\n    db[1] = {bad}")))
        assert report.roots == ("b",)
        assert report["b"].verdict == "nonfinite"
        assert report["b"].note == "1 of 3 are NaN or infinite"

    def test_rows_stand_in_the_order_of_backward(self, checked: Checked) -> None:
        last = "    dW = x.T @ dpre\n"
        report = checked(line((last, ""), (f"    {self.WORD}\n", f"    {self.WORD}\n{last}")))
        assert list(verdicts(report)) == ["picked", "h", "x", "b", "W"]

    def test_a_comprehension_has_names_of_its_own(self, checked: Checked) -> None:
        own = "db = np.array([dx.sum() for dx in dpre.T])"
        report = checked(line((self.WORD, own)))
        assert_right(report)
        assert report["x"].source == "dx = dpre @ W.T"

    def test_a_signature_that_cant_be_filled_is_refused(self, checked: Checked) -> None:
        message = "backward asks for pickd, which is no input and no local of forward; did you mean"
        with pytest.raises(ProblemError, match=message):
            checked(line(("picked, y, n):", "pickd, y, n):")))
        assert_right(checked(line(("picked, y, n):", "picked, y, n, unknown=None):"))))


class TestBindings:
    """A name that is bound more than once, and lists."""

    TWICE = """
        import numpy as np
        def inputs(rng, *, n=3):
            return {"x": rng.normal(size=(n, 2)), "W": rng.normal(size=(2, 2))}
        def forward(x, W):
            x = x * 3
            h = x @ W
            h = np.tanh(h)
            loss = h.sum()
            return loss
        def backward(x, W, h):
            dh = np.ones_like(h)
            dh = (1 - h**2) * dh
            dx = dh @ W.T
            dW = x.T @ dh
            dx = 3 * dx
        """

    def test_the_last_binding_in_backward_belongs_to_the_first_in_forward(
        self, checked: Checked
    ) -> None:
        report = checked(self.TWICE)
        assert_right(report)
        assert [row.name for row in report.rows] == ["h", "h", "x", "W", "x"]
        notes = [row.note for row in report.rows]
        assert notes[:3] == [
            "binding 2 of 2 in forward, line 8",
            "binding 1 of 2 in forward, line 7",
            "binding 2 of 2 in forward, line 6",
        ]
        assert notes[4] == "binding 1 of 2 in forward, the input"

    def test_one_wrong_binding_is_one_root(self, checked: Checked) -> None:
        report = checked(changed(self.TWICE, ("dx = 3 * dx", "dx = 2 * dx")))
        assert report.roots == ("x",)
        assert [row.verdict == "wrong" for row in report.rows] == [False] * 4 + [True]

    def test_counts_that_differ_are_not_judged(self, checked: Checked) -> None:
        once = ("dh = np.ones_like(h)\n            dh = (1 - h**2) * dh", "dh = 1 - h**2")
        report = checked(changed(self.TWICE, once))
        assert_right(report)
        assert "h" not in verdicts(report)
        assert "h is bound 2 times in forward, dh 1 times in backward: not judged" in report.notes

    def test_an_input_is_judged_all_the_same(self, checked: Checked) -> None:
        once = ("dx = dh @ W.T", "g = dh @ W.T"), ("dx = 3 * dx", "dx = 3 * g")
        report = checked(changed(self.TWICE, *once))
        assert_right(report)
        assert "x" in verdicts(report)

    LISTS = """
        import numpy as np
        def inputs(rng, *, n=4, wide=3):
            return {"x": rng.normal(size=(n, wide)), "h0": rng.normal(size=wide),
                    "Ws": [rng.normal(size=(wide, wide)) for _ in range(2)]}
        def forward(x, h0, Ws):
            hs = []
            h = h0
            for t in range(len(x)):
                hs.append(np.tanh((x[t] + h) @ Ws[t % 2]))
                h = hs[-1]
            out = sum(hs)
            return out
        def backward(x, h0, Ws, hs, dout):
            T = len(x)
            dx = np.zeros_like(x)
            dWs = [np.zeros_like(W) for W in Ws]
            dhs = [None] * T
            back = np.zeros_like(h0)
            for t in reversed(range(T)):
                dhs[t] = dout + back
                da = (1 - hs[t]**2) * dhs[t]
                before = h0 if t == 0 else hs[t - 1]
                dWs[t % 2] += np.outer(x[t] + before, da)
                back = Ws[t % 2] @ da
                dx[t] = back
            dh0 = back
        """

    def test_lists_are_answered_item_by_item(self, checked: Checked) -> None:
        report = checked(self.LISTS)
        assert_right(report)
        assert set(verdicts(report)) == {"x", "h0", "Ws[0]", "Ws[1]"} | {
            f"hs[{t}]" for t in range(4)
        }

    def test_an_array_may_answer_for_a_list(self, checked: Checked) -> None:
        arrays = (
            ("dWs = [np.zeros_like(W) for W in Ws]", "dWs = np.zeros((2, *Ws[0].shape))"),
            ("dhs = [None] * T", "dhs = np.zeros((T, len(h0)))"),
        )
        report = checked(changed(self.LISTS, *arrays))
        assert_right(report)
        assert {"Ws[0]", "Ws[1]", "hs[0]", "hs[3]"} <= set(verdicts(report))

    def test_one_wrong_item_is_found(self, checked: Checked) -> None:
        wrong = ("dh0 = back", "dWs[1][0, 0] += 1.0\n            dh0 = back")
        report = checked(changed(self.LISTS, wrong))
        assert report.roots == ("Ws[1]",)
        assert verdicts(report)["Ws[0]"] in ("exact", "rounding")

    def test_a_missing_item_is_named(self, checked: Checked) -> None:
        wrong = ("dh0 = back", "dWs = dWs[:1]\n            dh0 = back")
        assert "Ws[1]" in verdicts(checked(changed(self.LISTS, wrong)))


class TestOpaque:
    """A backward without statements to look into."""

    WORK = """
def work(scale, x, W, h, picked, y, n):
    dh = np.zeros_like(h)
    dh[np.arange(n), y] = 2 * picked / n
    dpre = (1 - h**2) * dh
    return {"x": dpre @ W.T, "W": x.T @ dpre, "b": scale * dpre.sum(0)}

import functools
class Kernel:
    def __call__(self, x, W, h, picked, y, n):
        return work(SCALE, x, W, h, picked, y, n)
"""

    @pytest.mark.parametrize("backward", ["functools.partial(work, SCALE)", "Kernel()"])
    def test_the_returned_dict_is_judged(self, checked: Checked, backward: str) -> None:
        source = line() + self.WORK + f"\nSCALE = 1.0\nbackward = {backward}\n"
        report = checked(source)
        assert_right(report)
        assert list(verdicts(report)) == ["x", "W", "b"]
        assert any("no plain Python function" in note for note in report.notes)
        report = checked(changed(source, ("SCALE = 1.0", "SCALE = 1.5")))
        assert not report.ok
        assert report["b"].verdict == "wrong"
        assert (report["b"].line, report["b"].mistake) == (None, None)

    def test_a_returned_dict_adds_to_the_locals(self, checked: Checked) -> None:
        report = checked(line(("db = dpre.sum(0)", 'return {"b": dpre.sum(0)}')))
        assert_right(report)
        assert list(verdicts(report)) == ["picked", "h", "x", "W", "b"]
        report = checked(line(("db = dpre.sum(0)", 'return {"b": dpre.sum(), "db": 1.0}')))
        assert report["b"].verdict == "shape"
        assert any("the returned dict has 'db'" in note for note in report.notes)

    def test_one_that_raises_is_an_error(self, checked: Checked) -> None:
        source = line() + self.WORK + "\nSCALE = None\nbackward = Kernel()\n"
        report = checked(source)
        assert not report.ok
        assert (report.rows[0].name, report.rows[0].verdict) == ("backward", "error")
        assert report.rows[0].note is not None
        assert report.rows[0].note.startswith("raised TypeError: unsupported operand")
        assert set(verdicts(report).values()) == {"error", "missing"}


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
        assert len(report.notes) == 3

    def test_inputs_or_outputs_that_arent_finite_are_refused(self, checked: Checked) -> None:
        nan = ('"x": rng.normal(size=(n, wide))', '"x": np.full((n, wide), np.nan)')
        with pytest.raises(ProblemError, match=r"inputs gives NaN or infinity in x \(24 of 24"):
            checked(line(nan))
        overflow = ("loss = (picked * picked).sum() / n", "loss = np.exp(picked * 1e9).sum()")
        with pytest.raises(ProblemError, match=r":13: forward gives infinity in loss"):
            checked(line(overflow))

    def test_pytorch(self, checked: Checked) -> None:
        source = line(
            ("import numpy as np", "import torch"),
            (
                "def forward",
                "def as_torch(given):\n    return {k: torch.from_numpy(v) for k, v in given.items()}\n\ndef forward",
            ),
            ("    return {", "    return as_torch({"),
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
            dx = dh @ W.T
            dW = x.T @ dh

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


class TestJson:
    """To the letter of the surface that scripts rely on."""

    ROW: dict[str, tuple[type, ...]] = {
        "name": (str,),
        "line": (int, type(None)),
        "shape": (list, type(None)),
        "expected_shape": (list, type(None)),
        "verdict": (str,),
        "max_error": (float, type(None)),
        "tolerance": (float, type(None)),
        "ulps": (float, type(None)),
        "at": (dict, type(None)),
        "note": (str, type(None)),
        "mistake": (dict, type(None)),
    }
    REPORT: dict[str, tuple[type, ...]] = {
        "ok": (bool,),
        "file": (str,),
        "referee": (str,),
        "dtype": (str,),
        "seconds": (float,),
        "roots": (list,),
        "notes": (list,),
        "rows": (list,),
    }
    VERDICTS = frozenset(
        "exact rounding inherited wrong missing shape nonfinite error".split()  # noqa: SIM905
    )
    PROBLEMS = (
        line(),
        line(("dh = np.zeros_like(h)", "dh = np.zeros(len(h))")),
        line(("dW = x.T @ dpre", "dW = x.T @ dpre * np.nan")),
        line(("db = dpre.sum(0)", "db = dpre.sum(0) * 6 / n")),
        line(("db = dpre.sum(0)", "db = dpre.sum(0) / 0")),
        line(("    dx = dpre @ W.T\n", ""), ("dW = x.T @ dpre", "dW = x @ dpre")),
        line(("picked * picked", "picked * 1e300 * picked")),
    )

    @pytest.mark.parametrize("source", PROBLEMS)
    def test_keys_and_types(self, checked: Checked, source: str) -> None:
        with np.errstate(all="ignore"):
            report = checked(source)
        found = json.loads(report.to_json(), parse_constant=pytest.fail)
        assert {key: type(value) for key, value in found.items()}.keys() == self.REPORT.keys()
        assert list(found) == list(self.REPORT)
        for key, value in found.items():
            assert isinstance(value, self.REPORT[key]), key
        assert all(type(name) is str for name in [*found["roots"], *found["notes"]])
        for row in found["rows"]:
            assert list(row) == list(self.ROW)
            for key, value in row.items():
                assert type(value) in self.ROW[key], (key, value)
            assert row["verdict"] in self.VERDICTS
            for shape in (row["shape"], row["expected_shape"]):
                assert shape is None or all(type(n) is int for n in shape)
            if row["mistake"] is not None:
                assert list(row["mistake"]) == ["code", "message"]
                assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row["mistake"]["code"])
                assert row["name"] in found["roots"]
            if row["at"] is not None:
                assert all(type(size) is int for size in row["at"].values())
        assert found["ok"] == all(row["verdict"] in ("exact", "rounding") for row in found["rows"])

    def test_infinity_is_null(self, checked: Checked) -> None:
        with np.errstate(all="ignore"):
            report = checked(line(("dW = x.T @ dpre", "dW = x.T @ dpre * np.nan")))
        (row,) = [row for row in json.loads(report.to_json())["rows"] if row["name"] == "W"]
        assert row["verdict"] == "nonfinite"
        assert (row["max_error"], row["ulps"]) == (None, None)
