"""What counts as an answer: by name, by binding, item by item, returned; and what is none."""

from __future__ import annotations

import numpy as np
import pytest
from edited import changed, line
from verdicts import Checked, assert_right, verdicts

from byhand.errors import ProblemError

MASKED = """
import numpy as np

def inputs(rng, *, n=4, d=3):
    x = rng.normal(size=(n, d))
    return {"x": x, "keep": (rng.random(size=x.shape) > 0.5).astype(float)}

def forward(x, keep):
    kept = USED
    return kept

def backward(keep, dkept):
    dx = dkept * (keep > 0)
"""


class TestAnswers:
    """What counts as an answer, and what is said about the rest."""

    WORD = "db = dpre.sum(0)"

    @pytest.mark.parametrize(
        ("answer", "note"),
        [
            ("np.zeros(3, dtype=int)", "holds int64; a gradient needs floats"),
            ("dpre.sum(0) > 0", "holds bool; a gradient needs floats"),
            ("dpre.sum(0) + 0j", "holds complex128; a gradient needs floats"),
            ("True", "is a bool, not an array of floats"),
            ("None", "is None, not an array of floats"),
            ("'text'", "is a str, not an array of floats"),
        ],
    )
    def test_what_is_no_float_is_an_error(self, checked: Checked, answer: str, note: str) -> None:
        report = checked(line((self.WORD, f"db = {answer}")))
        assert report.roots == ("b",)
        assert (report["b"].verdict, report["b"].note) == ("error", note)
        assert report["b"].mistake is None

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
        assert not any("dnothing" in note for note in report.notes)

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

    @pytest.mark.parametrize("used", ["np.where(keep > 0, x, 0)", "x * (keep > 0)"])
    def test_what_forward_only_compares_has_no_gradient(self, checked: Checked, used: str) -> None:
        report = checked(MASKED.replace("USED", used))
        assert_right(report)
        assert list(verdicts(report)) == ["x"]

    def test_what_forward_computes_with_has_one(self, checked: Checked) -> None:
        report = checked(MASKED.replace("USED", "x * keep"))
        assert (report["x"].right, report["keep"].verdict) == (True, "missing")

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
        neither = "which is neither an input nor a local of forward"
        message = f"backward asks for pickd, {neither}; did you mean"
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
        assert any("isn't a plain Python function" in note for note in report.notes)
        report = checked(changed(source, ("SCALE = 1.0", "SCALE = 1.5")))
        assert not report.ok
        assert report["b"].verdict == "wrong"
        assert (report["b"].line, report["b"].mistake) == (None, None)

    def test_a_returned_dict_adds_to_the_locals(self, checked: Checked) -> None:
        report = checked(line(("db = dpre.sum(0)", 'return {"b": dpre.sum(0)}')))
        assert_right(report)
        assert list(verdicts(report)) == ["picked", "h", "x", "W", "b"]
        report = checked(line(("db = dpre.sum(0)", 'return {"b": dpre.sum(), "bias": 1.0}')))
        assert report["b"].verdict == "shape"
        assert any("the returned dict has 'bias'" in note for note in report.notes)

    def test_one_that_raises_is_an_error(self, checked: Checked) -> None:
        source = line() + self.WORK + "\nSCALE = None\nbackward = Kernel()\n"
        report = checked(source)
        assert not report.ok
        assert (report.rows[0].name, report.rows[0].verdict) == ("backward", "error")
        assert report.rows[0].note is not None
        assert report.rows[0].note.startswith("raised TypeError: unsupported operand")
        assert set(verdicts(report).values()) == {"error", "missing"}
