"""Where no mistake has a name, the message holds a fact that helps; and nothing that isn't so."""

from __future__ import annotations

import pytest
from verdicts import Checked

SOURCE = """
import numpy as np

def inputs(rng, *, n=5, m=3):
    return {"x": rng.normal(size=(n, m)), "gain": rng.normal(size=m)}

def forward(x, gain):
    h = np.maximum(x, 0)
    out = gain * h
    first = out[:, 0]
    return first

def backward(x, gain, h, out, dfirst):
    DOUT
    dh = DH
    dx = DX
"""
DOUT = "dout = np.zeros_like(out)\n    dout[:, 0] = dfirst"


@pytest.mark.parametrize(
    ("dout", "dh", "dx", "said"),
    [
        (DOUT, "dout * gain", "np.maximum(x, 0) * dh", "dx is x times what it should be"),
        (DOUT, "gain * gain * dout", "(x > 0) * dh", "without `gain` the line is right"),
        (
            DOUT,
            "dout * gain",
            "(x > 0) * dh * len(x) / (len(x) + 1)",
            "without `1` the line is right",
        ),
        (
            DOUT.replace("zeros", "ones"),
            "dout * gain",
            "(x > 0) * dh",
            "dout is wrong in the columns 1, 2, right in the others, where it should be 0",
        ),
        (
            DOUT,
            "np.full_like(h, 2)\n    for i in range(len(h)):\n        dh[i] += dout[i] * gain",
            "(x > 0) * dh",
            "every element of dh is 2 more than it should be: what it is added up in begins at 0",
        ),
    ],
)
def test_a_fact_that_helps(checked: Checked, dout: str, dh: str, dx: str, said: str) -> None:
    source = SOURCE.replace("DOUT", dout).replace("DH", dh).replace("DX", dx)
    report = checked(source)
    (root,) = report.roots
    mistake = report[root].mistake
    assert mistake is not None
    assert (mistake.code, mistake.message) == ("unknown", said)


def test_a_factor_that_changes_with_the_sizes(checked: Checked) -> None:
    source = SOURCE.replace("DOUT", DOUT).replace("DH", "dout * gain")
    report = checked(source.replace("DX", "(x > 0) * dh * (1 + x.shape[1]) ** 0.5 / len(x) ** 0.5"))
    mistake = report["x"].mistake
    assert mistake is not None and mistake.code == "unknown"
    assert mistake.message.startswith("dx is 0.894 times what it should be, and off by another")
    report = checked(source.replace("DX", "(x > 0) * dh / np.sqrt(1 + dfirst[0] ** 2)"))
    mistake = report["x"].mistake
    assert mistake is not None and "times what" not in mistake.message


BY_DIFFERENCES = """
import numpy as np

def inputs(rng, *, n=4):
    return {"x": rng.normal(size=n)}

def forward(x):
    parts = x / np.arange(1, len(x) + 1)
    loss = (1 + parts.sum()) ** 2
    return loss

def backward(x):
    h = 1e-5
    dx = np.zeros_like(x)
    for i in range(len(x)):
        up, down = x, x.copy()
        up[i] += h
        down[i] -= h
        dx[i] = (forward(up) - forward(down)) / (2 * h)
"""


def test_a_factor_that_only_makes_a_copy_is_not_what_is_missing(checked: Checked) -> None:
    """x * 1 would mend it, as the upstream gradient is 1."""
    report = checked(BY_DIFFERENCES)
    mistakes = {name: report[name].mistake for name in report.roots}
    codes = {name: mistake and mistake.code for name, mistake in mistakes.items()}
    assert codes == {"x": "unknown", "backward": "aliased"}


def test_what_is_off_by_next_to_nothing_follows_from_nothing(checked: Checked) -> None:
    """The upstream gradient is 1, so the right gradient is what one would give that leaves it
    out."""
    report = checked("""
import numpy as np

def inputs(rng):
    return {"a": np.array(rng.uniform(0.5, 1.5)), "b": np.array(rng.uniform(0.5, 1.5))}

def forward(a, b):
    grown = np.exp(a * b)
    loss = grown / b
    return loss

def backward(a, b, grown, loss):
    da = grown * (1 + 1e-10)
    db = loss * (a - 1 / b)
""")
    mistake = report["a"].mistake
    assert report.roots == ("a",)
    assert mistake is not None and mistake.code == "unknown", mistake


def test_a_step_that_is_taken_on_one_side_lacks_no_term(checked: Checked) -> None:
    """The result isn't linear in h: no term that is added to it makes it right."""
    report = checked(
        BY_DIFFERENCES.replace("up, down = x,", "up, down = x.copy(),")
        .replace("x / np.arange", "x * np.arange")
        .replace("1e-5", "1 / 1024")
        .replace("forward(down)) / (2 * h)", "forward(x)) / h")
        .replace("rng.normal(size=n)", "rng.integers(-16, 17, size=n) / 8")
    )
    mistake = report["x"].mistake
    assert mistake is not None and mistake.code == "unknown", mistake


COARSE = """
import numpy as np
def inputs(rng, *, n=32, k=64, c=27):
    return {"x": rng.normal(size=(n, k)), "W": rng.normal(size=(k, c)), "y": rng.integers(0, c, n)}
def forward(x, W, y):
    logits = x @ W
    e = np.exp(logits - logits.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    return loss
def backward(x, W, y, p):
    dlogits = p.copy()
    dlogits[np.arange(len(y)), y] -= 1
    dlogits = (dlogits / len(y)TIMES).astype(np.float16)
"""


@pytest.mark.parametrize(
    ("times", "said"),
    [("", "right as far as float16 goes"), (" * 1.01", "about 1.01 times what it should be")],
)
def test_a_type_that_is_too_coarse_excuses_no_factor(
    checked: Checked, times: str, said: str
) -> None:
    mistake = checked(COARSE.replace("TIMES", times))["logits"].mistake
    assert mistake is not None and mistake.code == "unknown"
    assert said in mistake.message and "too coarse" in mistake.message


PRODUCTS = """
import torch
def inputs(rng, *, b=2, n=4, d=3):
    draw = lambda: torch.from_numpy(rng.normal(size=(b, n, d)))
    return {"q": draw(), "k": draw(), "v": draw()}
def forward(q, k, v):
    scale = q.shape[-1] ** -0.5
    s = torch.einsum("bid,bjd->bij", q, k) * scale
    p = torch.softmax(s, -1)
    out = torch.einsum("bij,bjd->bid", p, v)
    return out
def backward(q, k, v, p, scale, dout):
    dv = torch.einsum("bij,bid->bjd", p, dout)
    dp = torch.einsum("bid,bjd->bij", dout, v)
    ds = p * (dp - (dp * p).sum(-1, keepdim=True)) * scale
    dq = torch.einsum("bij,bjd->bid", ds, k)
    dk = torch.einsum("bij,bid->bjd", ds, q)
"""


def test_a_value_without_a_name_may_have_commas(checked: Checked) -> None:
    """ds is the gradient of what is scaled; dq is scaled once more."""
    report = checked(PRODUCTS.replace('bid", ds, k)', 'bid", ds, k) * scale'))
    assert report.roots == ("q",)
    mistake = report["q"].mistake
    assert mistake is not None and mistake.code == "unknown"
    assert "without `scale` the line is right" in mistake.message


SMOOTHED = """
import numpy as np
def inputs(rng, *, n=6, k=5):
    return {"logits": rng.normal(size=(n, k)), "y": rng.integers(0, k, n)}
def forward(logits, y):
    ls = 0.1
    n, k = logits.shape
    lp = logits - logits.max(1, keepdims=True)
    lp = lp - np.log(np.exp(lp).sum(1, keepdims=True))
    nll = -lp[np.arange(n), y]
    loss = ((1 - ls) * nll - ls * lp.mean(1)).sum() / n
    return loss
def backward(logits, y, lp, n, k, ls):
    target = np.full((n, k), ls / k)
    target[np.arange(n), y] += 1 - ls
    dlogits = (np.exp(lp) - target) / n
"""


def test_one_less_is_no_variance_where_nothing_is_squared(checked: Checked) -> None:
    """Label smoothing over the other classes: 4/5 and 2/3 of it are no size on these draws, either,
    though both are 2/15 of one."""
    report = checked(SMOOTHED.replace("ls / k)", "ls / (k - 1))"))
    assert report.roots == ("logits",)
    mistake = report["logits"].mistake
    assert mistake is not None and mistake.code == "unknown"


WINDOWS = """
import numpy as np
def inputs(rng, *, N=2, L=7, F=3):
    return {"x": rng.normal(size=(N, L)), "w": rng.normal(size=(F, 3)), "b": rng.normal(size=F)}
def forward(x, w, b):
    N, L = x.shape
    F, K = w.shape
    out = np.zeros((N, F, L - K + 1))
    for f in range(F):
        for i in range(L - K + 1):
            out[:, f, i] = x[:, i:i + K] @ w[f] + b[f]
    pooled = out.mean(axis=2)
    return pooled
def backward(x, w, out, dpooled):
    F, K = w.shape
    Lo = x.shape[1] - K + 1
    dout = np.repeat(dpooled[:, :, None], Lo, axis=2) / Lo
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros(F)
    for f in range(F):
        for i in range(Lo):
            dx[:, i:i + K] += dout[:, f, i, None] * w[f]
            dw[f] += dout[:, f, i] @ x[:, i:i + K]
        db[f] += dout[:, f, 0].sum()
"""


def test_how_many_there_are_is_no_derivative(checked: Checked) -> None:
    """A sum that is left out lacks no factor of a step, though all its terms are equal here."""
    report = checked(WINDOWS)
    assert report.roots == ("b",)
    mistake = report["b"].mistake
    assert mistake is not None and mistake.code not in ("missing-local", "mean-for-sum")


POOL = """
import numpy as np

def inputs(rng, *, n=4, h=6):
    return {"x": rng.normal(size=(n, h, 4))}

def forward(x):
    out = np.zeros((len(x), x.shape[1]))
    for i in range(x.shape[1]):
        out[:, i] = np.max(x[:, i], axis=1)
    return out

def backward(x, out, dout):
    dx = np.zeros_like(x)
    for i in range(x.shape[1]):
        row = x[:, i]
        MASK
        dx[:, i] += mask * dout[:, i : i + 1]
"""


@pytest.mark.parametrize(
    "mask",
    [
        "mask = row == np.min(row, axis=1, keepdims=True)",
        "mask = row == row.min(axis=1, keepdims=True)",
    ],
)
def test_the_least_for_the_largest(checked: Checked, mask: str) -> None:
    """With -x, or 1 - x, the mask would be right; yet nobody forgot a minus."""
    report = checked(POOL.replace("MASK", mask))
    (root,) = report.roots
    mistake = report[root].mistake
    assert mistake is not None
    said = "`min` is the other end: with `max` the line is right"
    assert (mistake.code, mistake.message) == ("unknown", said)
    assert report[root].line == 1 + POOL[: POOL.index("MASK")].count("\n")


TABLE = """
import numpy as np

VJPS = {
    "sin": lambda g, x, y: g * np.cos(x),
    "sqrt": lambda g, x, y: g / (2 * y),
    "inverse": lambda g, x, y: -g * y * y,
}
OPS = {"sin": np.sin, "sqrt": np.sqrt, "inverse": lambda x: 1 / x}

def inputs(rng, *, n=5):
    return {"x": rng.uniform(0.3, 1.2, n)}

def forward(x):
    words = ["sin", "sqrt", "inverse"]
    values = [x]
    for word in words:
        values.append(OPS[word](values[-1]))
    out = values[-1]
    return out

def backward(words, values, dout):
    g = dout
    for word, x, y in zip(reversed(words), values[-2::-1], values[:0:-1]):
        g = VJPS[word](g, x, y)
    dx = g
"""
TAKEN_OUT = TABLE.replace(
    "word, x, y in zip(reversed(words),", "vjp, x, y in zip(map(VJPS.get, reversed(words)),"
).replace("VJPS[word](g, x, y)", "vjp(g, x, y)")

HELD = TABLE.replace("VJPS[word](g, x, y)", "vjp(g, x, y)").replace(
    "        g = ", "        vjp = VJPS[word]\n        g = "
)


@pytest.mark.parametrize(
    "source", [TABLE, TAKEN_OUT, HELD], ids=["by its key", "by a loop", "held"]
)
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("g / (2 * y)", "g / (2 * x)"),  # as if `dx = g` lacked a factor 1 / out
        ("-g * y * y", "-g * y"),
        ("g * np.cos(x)", "g * x * np.cos(x)"),
        ("values[-2::-1], values[:0:-1]", "values[-2::-1], values[-2::-1]"),
    ],
)
def test_what_a_table_of_functions_does_wrong_is_not_missing_elsewhere(
    checked: Checked, source: str, right: str, wrong: str
) -> None:
    assert checked(source).ok
    assert source.count(right) == 1
    report = checked(source.replace(right, wrong))
    assert report.roots == ("x",)
    mistake = report["x"].mistake
    assert mistake is not None
    assert mistake.code not in ("missing-local", "missing-path"), mistake


def test_a_lambda_or_another_name_for_a_function_hides_nothing(checked: Checked) -> None:
    source = """
import numpy as np

def inputs(rng, *, n=5, m=3):
    return {"x": rng.normal(size=(n, m)), "W": rng.normal(size=(m, 2))}

def forward(x, W):
    z = x @ W
    out = 1 / (1 + np.exp(-z))
    return out

def backward(x, W, z, dout):
    E, sigmoid = np.einsum, lambda v: 1 / (1 + np.exp(-v))
    squash = lambda v: sigmoid(v)
    dz = dout * squash(z) * (1 - squash(z))
    dW = E("nm,nk->mk", x, dz)
    dx = E("nk,mk->nm", dz, W)
"""
    assert checked(source).ok
    report = checked(source.replace(" * (1 - squash(z))", ""))
    assert report.roots == ("z",)
    mistake = report["z"].mistake
    assert mistake is not None and mistake.code == "missing-local"


@pytest.mark.parametrize("scale", ["np.multiply(g, w, out=g)", "g.__imul__(w)", "g"])
def test_a_gradient_that_was_multiplied_too_early_lacks_nothing(
    checked: Checked, scale: str
) -> None:
    source = """
import numpy as np

def inputs(rng, *, n=5, d=3):
    return {"x": rng.normal(size=(n, d)), "w": rng.normal(size=d)}

def forward(x, w):
    t = np.maximum(x * w, 0)
    y = t.mean(axis=0)
    return y

def backward(x, w, t, dy):
    g = np.tile(dy / len(x), (len(x), 1))
    g[t <= 0] = 0
    dw = (g * x).sum(axis=0)
    dx = SCALED
"""
    early = "    g *= w\n" if scale == "g" else ""
    source = source.replace("    dx = SCALED\n", f"{early}    dx = {scale}\n")
    assert checked(source).ok
    dw = "    dw = (g * x).sum(axis=0)\n"
    report = checked(source.replace(dw, "") + dw)
    assert report.roots == ("w",)
    mistake = report["w"].mistake
    assert mistake is not None and mistake.code != "missing-local", mistake
