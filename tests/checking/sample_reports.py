"""Reports made by hand, with a row of every kind."""

from __future__ import annotations

from dataclasses import replace

from byhand.checking.report import Finding, Mistake, Report, Row

ROWS = (
    Row("logprobs", "exact", 31, "dlogprobs = -onehot / n", (32, 27), (32, 27), 0.0, 1.1e-18, 0.0),
    Row(
        "probs",
        "rounding",
        32,
        "dprobs = dlogprobs / probs",
        (32, 27),
        (32, 27),
        max_error=2.2e-16,
        tolerance=1.1e-15,
        ulps=0.3,
    ),
    Row(
        "counts",
        "wrong",
        36,
        "dcounts = counts_sum_inv * dprobs",
        (32, 27),
        (32, 27),
        max_error=0.006123,
        tolerance=1.4e-16,
        ulps=3e13,
        mistake=Mistake(
            "missing-path", "counts is used twice: the path through counts_sum is missing"
        ),
    ),
    Row(
        "norm_logits",
        "inherited",
        37,
        "dnorm_logits = counts * dcounts",
        (32, 27),
        (32, 27),
        max_error=0.0103,
        tolerance=1.4e-16,
        ulps=3e13,
    ),
    Row(
        "logit_maxes",
        "exact",
        41,
        "dlogit_maxes = 0 * dnorm_logits.sum(1, keepdims=True)",
        (32, 1),
        (32, 1),
        max_error=0.0,
        tolerance=1.0e-18,
        ulps=0.0,
        note="holds only because the rows of dnorm_logits sum to 0, whatever the logits are",
    ),
    Row("bnbias", "shape", 40, "dbnbias = dhpreact.sum(0)", (64,), (1, 64)),
    Row(
        "h",
        "wrong",
        44,
        "dh = dlogits @ W2.T / 32",
        (7, 13),
        (7, 13),
        max_error=0.021,
        tolerance=1.0e-17,
        ulps=8e15,
        at={"n": 7, "hidden": 13},
        mistake=Mistake("hard-coded-size", "32 is right only where n = 32: write x.shape[0]"),
    ),
    Row("W1", "nonfinite", 45, "dW1 = embcat.T @ dhprebn", (30, 64), (30, 64)),
    Row(
        "b1",
        "error",
        46,
        "db1 = dhprebn.sum(0).foo",
        expected_shape=(64,),
        note="raised AttributeError: 'numpy.ndarray' object has no attribute 'foo'",
    ),
    Row("C", "missing", expected_shape=(27, 10), note="backward has no dC"),
)


def report(*names: str, roots: tuple[str, ...] = (), notes: tuple[str, ...] = ()) -> Report:
    """A report with the rows of these names; without names, with all of them."""
    rows = tuple(row for row in ROWS if not names or row.name in names)
    return Report("mlp.py", "engine", "float64", 0.0123, rows, roots, notes)


WRONG = report(
    roots=("counts", "bnbias", "h", "b1"), notes=("not tried at n=1: bnvar isn't finite there",)
)
RIGHT = report("logprobs", "probs", "logit_maxes")
INCOMPLETE = report("logprobs", "probs", "C")
UNTAKEN = report("probs", "counts", notes=("backward isn't a plain Python function",))
EMPTY = Report("mlp.py", "engine", "float64", 0.5, ())

DANGEROUS = replace(
    RIGHT,
    findings=(
        Finding(
            "in-place", "compared with a copy what backward was given", "it wrote into upstream"
        ),
        Finding("low-precision", "ran in bfloat16", "half the error of the reference", wrong=False),
    ),
)

HOSTILE = Report(
    "<b>&.py",
    "engine",
    "float64",
    0.1,
    (
        Row(
            "x" * 60,
            "wrong",
            7,
            "dx = a < b  # <script>alert(1)</script> \x1b[31m [red]red[/red]",
            (2,) * 12,
            (2,) * 12,
            max_error=1.0,
            tolerance=0.0,
            mistake=Mistake("sign", "a & b < c\nsecond line"),
        ),
        Row("y", "exact", 8, "dy = 0", (), (), 0.0, 0.0, 0.0, note="<i>note</i>"),
    ),
    ("x" * 60,),
    ("a long note " * 20 + "<script>",),
)
"""Names and lines that could break a table, a page or a terminal."""

EVERY = {
    "wrong": WRONG,
    "right": RIGHT,
    "incomplete": INCOMPLETE,
    "untaken": UNTAKEN,
    "empty": EMPTY,
    "dangerous": DANGEROUS,
    "hostile": HOSTILE,
}
