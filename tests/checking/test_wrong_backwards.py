"""What is wrong is caught: the row where the mistake was made, and the verdict on it."""

from __future__ import annotations

import pytest
from edited import changed, line, model
from verdicts import DTYPES, Checked, assert_right, verdicts

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
        ((MEAN, MEAN.replace(", keepdims=True", "")),),
        "counts_sum_inv",
        "shape",
        "keepdims",
    ),
    "a scalar for a column": (
        "mlp",
        ((MEAN, "dcounts_sum_inv = (dprobs * counts).sum()"),),
        "counts_sum_inv",
        "shape",
        "over-reduced",
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
        later = ("db2 = dlogits.sum(axis=0)", "db2 = (probs - onehot).sum(axis=0) / n")
        source = model("mlp_fused", ("dlogits = (probs - onehot) / n", in_place), later)
        report = checked(source)
        assert (report.roots, report["b2"].verdict) == (("logits",), "inherited")
        root = report["logits"]
        assert (root.verdict, root.mistake and root.mistake.code) == ("wrong", "aliased")
        assert "probs, a value of the forward pass" in (
            root.mistake.message if root.mistake else ""
        )
        copied = in_place.replace("dlogits = probs", "dlogits = probs.copy()")
        assert_right(checked(changed(source, (in_place, copied))))

    @pytest.mark.parametrize("name", ["dif", "dNone", "d", "d1", "dpre[:, None]", "dlambda"])
    def test_locals_of_any_name_do_no_harm(self, checked: Checked, name: str) -> None:
        local = name.partition("[")[0]
        index = "[:, None][:, 0]" if "[" in name else ""
        report = checked(
            line(
                ("dpre = (1 - h**2) * dh", f"{local} = (1 - h**2) * dh"),
                ("dx = dpre @ W.T", f"dx = {local}{index} @ W.T * 2"),
                ("dW = x.T @ dpre", f"dW = x.T @ {local}{index}"),
                ("db = dpre.sum(0)", f"db = {local}.sum(0)"),
            )
        )
        assert report.roots == ("x",)

    def test_a_wrong_line_after_a_local_that_is_no_answer(self, checked: Checked) -> None:
        report = checked(line(("dpre = (1 - h**2) * dh", "dpre = (1 - h) * dh")))
        assert not report.ok
        assert set(report.roots) <= {"x", "W", "b"}
        assert verdicts(report)["h"] in ("exact", "rounding")
