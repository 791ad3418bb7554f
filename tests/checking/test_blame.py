"""Blame: the row where a mistake was made, and only that; everything else inherited it or is
right."""

# ruff: noqa: RET504, F841 (a forward names what it returns; locals are answers)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from verdicts import Checked

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.program.problem import load
from sweeps import a_few

ROOT = Path(__file__).parents[2]
MLP = ROOT / "src/byhand/zoo/mlp.py"
PROBLEMS = sorted((ROOT / "tests/problems").glob("*.py"))
Planted = Callable[..., Report]

# The mistakes that learners of the lecture make: the name, what they change, the root, the code.
LEARNERS = [
    ("second use of counts", " + dcounts_sum\n", "\n", "counts", "missing-path"),
    (
        "= for +=",
        "dcounts = dprobs * counts_sum_inv + dcounts_sum",
        "dcounts = dprobs * counts_sum_inv; dcounts = np.ones_like(counts) * dcounts_sum",
        "counts",
        "overwritten",
    ),
    ("path through bndiff2", " + dbndiff2 * 2 * bndiff", "", "bndiff", "missing-path"),
    ("path through the mean", " + dbnmeani / n", "", "hprebn", "missing-path"),
    (
        "no sum",
        "(dprobs * counts).sum(axis=1, keepdims=True)",
        "dprobs * counts",
        "counts_sum_inv",
        "missing-reduction",
    ),
    (
        "keepdims",
        "dbnbias = dhpreact.sum(axis=0, keepdims=True)",
        "dbnbias = dhpreact.sum(axis=0)",
        "bnbias",
        "keepdims",
    ),
    ("no copy", "dnorm_logits.copy()", "dnorm_logits", "logits", "aliased"),
    ("dC[X] += demb", "np.add.at(dC, X, demb)", "dC[X] += demb", "C", "scatter"),
    ("factor n", "= -1 / n", "= -1", "logprobs", "unnormalised"),
    (
        "mean in a bias",
        "db2 = dlogits.sum(axis=0)",
        "db2 = dlogits.mean(axis=0)",
        "b2",
        "mean-for-sum",
    ),
    ("Bessel", "dbnvar / (n - 1)", "dbnvar / n", "bndiff2", "bessel"),
    ("exponent", "bnvar_inv**3", "bnvar_inv**2", "bnvar", "wrong-exponent"),
    ("missing 2", "dbndiff2 * 2 * bndiff", "dbndiff2 * bndiff", "bndiff", "factor"),
    ("[:, Y]", "dlogprobs[rows, Y]", "dlogprobs[:, Y]", "logprobs", "label-index"),
    ("tanh at another value", "(1 - h**2) * dh", "(1 - bnraw**2) * dh", "hpreact", "wrong-operand"),
    ("tanh left out", "(1 - h**2) * dh", "dh.copy()", "hpreact", "missing-local"),
    (
        "read too early",
        "    dhprebn = dbndiff + dbnmeani / n\n\n"
        "    # Hidden layer.\n    dembcat = dhprebn @ W1.T\n",
        "    dhprebn = dbndiff.copy()\n    dembcat = dhprebn @ W1.T\n    dhprebn += dbnmeani / n\n",
        "embcat",
        "used-too-early",
    ),
    (
        "alias of a forward value",
        "dlogprobs = np.zeros_like(probs)",
        "dlogprobs = probs; dlogprobs[:] = 0",
        "logprobs",
        "aliased",
    ),
    ("hard-coded size", "= -1 / n", "= -1 / 32", "logprobs", "hard-coded-size"),
    (
        "sign",
        "dcounts_sum = -dcounts_sum_inv",
        "dcounts_sum = dcounts_sum_inv",
        "counts_sum",
        "sign",
    ),
]


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    """The report on a problem file in which some pieces of text stand for others."""

    def plant(file: Path, *edits: tuple[str, str]) -> Report:
        source = file.read_text()
        for old, new in edits:
            assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {file}"
            source = source.replace(old, new)
        copy = tmp_path / file.name
        copy.write_text(source)
        return check(load(copy))

    return plant


@pytest.mark.parametrize(
    ("old", "new", "root", "code"),
    a_few([row[1:] for row in LEARNERS]),
    ids=[row[0] for row in LEARNERS],
)
def test_learners_mistakes(planted: Planted, old: str, new: str, root: str, code: str):
    report = planted(MLP, (old, new))
    assert not report.ok
    assert report.roots == (root,)
    mistake = report[root].mistake
    assert mistake is not None
    assert mistake.code == code
    assert not [row.name for row in report.rows if row.verdict == "wrong" and row.name != root]


def test_a_missing_eps_is_seen_though_it_is_small(planted: Planted):
    report = planted(
        MLP,
        ("def backward(\n    X, Y,", "def backward(\n    bnvar, X, Y,"),
        ("bnvar_inv**3", "bnvar**-1.5"),
    )
    assert report.roots == ("bnvar",)
    assert report["bnvar"].mistake.code == "missing-eps"  # pyright: ignore[reportOptionalMemberAccess]
    assert report["bnvar"].line == next(
        i for i, text in enumerate(MLP.read_text().split("\n"), 1) if "bnvar_inv**3" in text
    )


def test_the_max_path_left_out_is_no_mistake_but_noted(planted: Planted):
    report = planted(MLP, ("    dlogits[rows, logits.argmax(axis=1)] += dlogit_maxes[:, 0]\n", ""))
    assert report.ok
    assert report.roots == ()
    assert "holds only because" in (report["logits"].note or "")
    assert "logit_maxes" in (report["logits"].note or "")
    assert "probs.sum(axis=1, keepdims=True) = 1" in (report["logits"].note or "")


def test_zeros_for_what_adds_up_to_zero_are_noted(planted: Planted):
    report = planted(
        MLP,
        (
            "dlogit_maxes = -dnorm_logits.sum(axis=1, keepdims=True)",
            "dlogit_maxes = np.zeros((n, 1))",
        ),
    )
    assert report.ok
    assert "holds only because" in (report["logit_maxes"].note or "")
    assert "probs.sum(axis=1, keepdims=True) = 1" in (report["logit_maxes"].note or "")


def test_the_bias_before_a_batch_norm_may_be_zeros(planted: Planted):
    report = planted(MLP, ("db1 = dhprebn.sum(axis=0)", "db1 = 0.0 * dhprebn[0]"))
    assert report.ok
    assert "bnraw.sum(axis=0, keepdims=True) = 0" in (report["b1"].note or "")


def test_two_at_once(planted: Planted):
    report = planted(
        MLP,
        ("dcounts_sum = -dcounts_sum_inv", "dcounts_sum = dcounts_sum_inv"),
        ("dbndiff2 * 2 * bndiff", "dbndiff2 * bndiff"),
    )
    assert report.roots == ("counts_sum", "bndiff")
    codes = [row.mistake.code for row in report.rows if row.mistake is not None]
    assert codes == ["sign", "factor"]


def test_everything_else_inherits(planted: Planted):
    report = planted(MLP, (" + dcounts_sum\n", "\n"))
    verdicts = {row.name: row.verdict for row in report.rows}
    assert verdicts["counts"] == "wrong"
    assert verdicts["probs"] in ("exact", "rounding")
    assert verdicts["norm_logits"] == verdicts["C"] == "inherited"


@pytest.mark.parametrize("name", ["divide"])
def test_a_published_rule_for_divide_that_forgets_to_unbroadcast(planted: Planted, name: str):
    report = planted(
        ROOT / f"tests/problems/{name}.py",
        ("(-dscaled * scaled / scale).sum(axis=0)", "-dscaled * x / (scale * scale)"),
        ("backward(x, scale", "backward(x, scale"),
    )
    assert report.roots == ("scale",)
    assert report["scale"].verdict == "shape"
    assert report["scale"].mistake.code == "missing-reduction"  # pyright: ignore[reportOptionalMemberAccess]


def test_a_backward_that_raises_halfway(planted: Planted):
    report = planted(MLP, ("dbnraw = dhpreact * bngain", "dbnraw = dhpreact @ bngain"))
    lines = MLP.read_text().split("\n")
    assert report.roots == ("bnraw",)
    assert report["bnraw"].verdict == "error"
    assert report["bnraw"].line == next(i for i, t in enumerate(lines, 1) if "dbnraw = " in t)
    assert report["W2"].right
    assert report["hpreact"].right


def test_a_name_that_forward_has_is_to_be_asked_for(planted: Planted):
    report = planted(MLP, ("dbnvar = -0.5 * bnvar_inv**3", "dbnvar = -0.5 * bnvar**-1.5"))
    assert report.roots == ("bnvar",)
    assert "add bnvar to backward's parameters" in (report["bnvar"].note or "")


def test_one_slip_in_a_list_makes_all_its_items_roots(planted: Planted):
    report = planted(
        ROOT / "tests/problems/rnn_list.py", ("dhs[t] += da @ Wh.T", "dhs[t] -= da @ Wh.T")
    )
    assert report.roots == ("hs[3]", "hs[2]", "hs[1]", "hs[0]")
    assert {row.mistake.code for row in report.rows if row.mistake} == {"sign"}


DERROR = ("derror = 2 * error / error.size", "derror = error / error.size")


@pytest.mark.parametrize(
    ("edits", "roots"),
    [
        ([("dhs[steps] + derror", "dhs[steps] - derror")], ("hs[4]",)),
        (
            [DERROR, ("    dhs[1] += 0.1 * hs[2] / hs[2].size\n", "")],
            ("error", "hs[1]"),
        ),
        (
            [DERROR, ("    dhs[2] += 0.1 * hs[1] / hs[1].size\n", "")],
            ("error", "hs[2]"),
        ),
    ],
    ids=["last", "second", "third"],
)
def test_an_item_made_as_another_at_other_sizes(
    planted: Planted, edits: list[tuple[str, str]], roots: tuple[str, ...]
):
    """The last item of a short list is made by the statements of one in the middle of a longer
    list: it is to blame where it is wrong itself."""
    report = planted(ROOT / "tests/problems/rnn_list.py", *edits)
    assert report.roots == roots


def test_a_slip_in_a_local_is_the_fault_of_all_that_need_it(planted: Planted):
    report = planted(
        ROOT / "tests/problems/deep_linear.py",
        ("dpre = dactivations[i + 1] * (1 - ", "dpre = dactivations[i + 1] * (1 + "),
    )
    assert {name.partition("[")[0] for name in report.roots} == {"Ws", "bs", "activations"}
    assert {row.mistake.code for row in report.rows if row.mistake} == {"sign"}


def test_an_item_read_too_early(planted: Planted):
    report = planted(
        ROOT / "tests/problems/rnn_list.py",
        ("    dhs[1] += 0.1 * hs[2] / hs[2].size\n", ""),
        ("    dh0 = dhs[0]\n", "    dhs[1] += 0.1 * hs[2] / hs[2].size\n    dh0 = dhs[0]\n"),
    )
    early = [row for row in report.rows if row.mistake and row.mistake.code == "used-too-early"]
    assert early
    assert set(report.roots) == {row.name for row in early}
    assert "dhs[1]" in early[0].mistake.message  # pyright: ignore[reportOptionalMemberAccess]


def test_a_gradient_used_halfway_on_purpose_is_no_mistake(planted: Planted):
    report = planted(
        ROOT / "tests/problems/weighted_fit.py",
        (
            "    dp = dweighted * sq\n    dp += dspread * 2 * (p - 1 / n) / n\n",
            "    dp = dspread * 2 * (p - 1 / n) / n\n"
            "    half = dp.copy()\n    dp += dweighted * sq\n",
        ),
        ("    ds = dp / total", "    ds = (half + dweighted * sq) / total"),
    )
    assert report.ok
    assert report.roots == ()


@pytest.mark.parametrize(
    "lines",
    [
        ["draft = dWh + hs[t].T @ da", "dWh = draft"],
        ["so_far = dWh", "dWh = so_far + hs[t].T @ da"],
        ["draft = dWh + hs[t].T @ da", "again = draft", "dWh = again"],
    ],
    ids=["sum", "term", "twice"],
)
def test_a_sum_that_runs_on_under_another_name(planted: Planted, lines: list[str]):
    file = ROOT / "tests/problems/rnn_list.py"

    def with_lines(lines: list[str]) -> Report:
        here = "        dWh += hs[t].T @ da\n"
        return planted(file, (here, "".join(f"        {line}\n" for line in lines)))

    assert with_lines(lines).roots == ()
    wrong = with_lines([line.replace(" + ", " - ") for line in lines])
    assert wrong.roots == ("Wh",)
    assert [row.mistake.code for row in wrong.rows if row.mistake] == ["sign"]


@pytest.mark.parametrize("file", PROBLEMS, ids=lambda file: file.stem)
def test_no_alarm_on_what_is_right(file: Path):
    report = check(load(file))
    assert report.ok
    assert report.roots == ()
    assert all(row.mistake is None for row in report.rows)


def test_functions_work_without_a_file():
    def forward(x, W):
        out = x @ W
        return out

    def backward(x, W, dout):
        dx = dout @ W
        dW = x.T @ dout

    rng = np.random.default_rng(0)
    report = check(forward, backward, {"x": rng.normal(size=(3, 3)), "W": rng.normal(size=(3, 3))})
    assert report.roots == ("x",)
    assert report["x"].mistake.code == "transposed"  # pyright: ignore[reportOptionalMemberAccess]


def test_what_reads_a_wrong_row_of_an_array_is_not_early(checked: Checked) -> None:
    """An array that a loop fills row by row is read before its last row is there."""
    report = checked(
        """
import numpy as np

def inputs(rng, *, T=4, n=3, k=5):
    return {"x": rng.normal(size=(T, n, k)), "W": rng.normal(size=(k, k)) * 0.5,
            "h0": rng.normal(size=(n, k))}

def forward(x, W, h0):
    hs = [h0]
    for t in range(len(x)):
        hs.append(np.tanh(hs[t] @ W + x[t]))
    loss = (hs[-1] ** 2).sum()
    return loss

def backward(x, W, hs):
    T = len(x)
    dx = np.zeros_like(x)
    dW = np.zeros_like(W)
    dhs = [None] * (T + 1)
    dhs[T] = 2 * hs[T]
    for t in reversed(range(T)):
        dx[t] = (1 - hs[t] ** 2) * dhs[t + 1]
        dW += hs[t].T @ dx[t]
        dhs[t] = dx[t] @ W.T
    dh0 = dhs[0]
"""
    )
    assert report.roots == ("x",)
    assert report["x"].mistake is not None
    assert report["W"].verdict == report["hs[1]"].verdict == "inherited"


def test_the_line_is_that_of_the_branch_that_is_wrong(checked: Checked) -> None:
    """At the default sizes another statement makes it, which is right."""
    report = checked(
        """
import numpy as np

def inputs(rng, *, n=4):
    return {"x": rng.normal(size=n)}

def forward(x):
    y = x * x if len(x) == 4 else x**3
    return y

def backward(x, dy):
    if len(x) == 4:
        dx = 2 * x * dy
    else:
        dx = 3 * x * dy
"""
    )
    row = report["x"]
    assert row.source == "dx = 3 * x * dy" and row.mistake is not None
    assert row.mistake.code == "wrong-exponent"


@pytest.mark.parametrize(
    ("expression", "root"),
    [
        ("x.T @ (dz := (da := 2 * a * dy) * (1 - a * a))", None),
        ("x.T @ (dz := (da := 2 * a * dy) * (1 - a))", "z"),
        ("x.T @ (dz := (da := 3 * a * dy) * (1 - a * a))", "a"),
        ("-x.T @ (dz := (da := 2 * a * dy) * (1 - a * a))", "w"),
        ("(dz := (da := 2 * a * dy) * (1 - a * a)).T @ x", "w"),
        ("x.T @ (dz := -(da := 2 * a * dy) * (1 - a * a))", "z"),
        ("x.T @ ((da := a * dy) * (dz := 2 * da * (1 - a * a)) / da)", "a"),
    ],
)
def test_what_is_made_of_a_name_within_an_expression_only_inherits(
    checked: Checked, expression: str, root: str | None
) -> None:
    report = checked(
        f"""
import numpy as np

def inputs(rng, *, n=4, d=3, h=2):
    return {{"x": rng.normal(size=(n, d)), "w": rng.normal(size=(d, h))}}

def forward(x, w):
    z = x @ w
    a = np.tanh(z)
    y = a * a
    return y

def backward(dy, x, w, a):
    dw = {expression}
    dx = dz @ w.T
"""
    )
    assert report.roots == (() if root is None else (root,))
    assert report.ok == (root is None)
