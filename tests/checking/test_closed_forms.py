"""Mistakes in closed forms, which a person sees at once: a term, a factor or a sum isn't there."""

from __future__ import annotations

import pytest
from edited import changed
from verdicts import Checked, assert_right

NORM = """
import numpy as np

def inputs(rng, *, n=6, features=4):
    return {"x": rng.normal(size=(n, features)), "gain": rng.normal(size=features) + 1}

def forward(x, gain):
    features = x.shape[1]
    mean = x.sum(axis=1, keepdims=True) / features
    centred = x - mean
    var = (centred * centred).sum(axis=1, keepdims=True) / features
    std_inv = (var + 1e-5) ** -0.5
    normed = centred * std_inv
    out = normed * gain
    return out

def backward(gain, std_inv, normed, dout):
    g = dout * gain
    mean_g = g.mean(axis=1, keepdims=True)
    along = (g * normed).mean(axis=1, keepdims=True)
    dx = std_inv * (g - mean_g - normed * along)
    dgain = (dout * normed).sum(axis=0)
"""
BATCH = """
import numpy as np

def inputs(rng, *, n=6, features=4):
    return {"x": rng.normal(size=(n, features)), "gain": rng.normal(size=features) + 1,
            "bias": rng.normal(size=features)}

def forward(x, gain, bias):
    std = np.sqrt(x.var(axis=0) + 1e-5)
    normed = (x - x.mean(axis=0)) / std
    out = normed * gain + bias
    return out

def backward(gain, std, normed, dout):
    n = len(normed)
    dgain = (dout * normed).sum(axis=0)
    dbias = dout.sum(axis=0)
    dx = gain / std * (dout - dbias / n - normed * dgain / n)
"""
SOFTMAX = """
import numpy as np

def inputs(rng, *, n=6, classes=4):
    return {"x": rng.normal(size=(n, classes)), "y": rng.integers(0, classes, n)}

def forward(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    logprobs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -logprobs[np.arange(len(y)), y].mean()
    return loss

def backward(y, logprobs):
    n = len(y)
    dx = np.exp(logprobs) / n
    dx[np.arange(n), y] -= 1 / n
"""
TANH = """
import numpy as np

def inputs(rng, *, n=6, wide=4):
    return {"x": rng.normal(size=(n, wide))}

def forward(x):
    h = np.tanh(x)
    out = np.log1p(h * h)
    return out

def backward(h, dout):
    dh = dout * 2 * h / (1 + h * h)
    dx = dh * (1 - h**2)
"""
WRONG: dict[str, tuple[str, tuple[str, str], str, str]] = {
    "the first term": (NORM, ("(g - mean_g - normed", "(-mean_g - normed"), "x", "missing-path"),
    "two terms": (NORM, ("(g - mean_g - normed", "(-normed"), "x", "missing-path"),
    "a term with its number": (BATCH, (" - dbias / n", ""), "x", "missing-path"),
    "two terms with their numbers": (
        BATCH,
        ("(dout - dbias / n - normed * dgain / n)", "-(normed * dgain / n)"),
        "x",
        "missing-path",
    ),
    "what is picked": (
        SOFTMAX,
        ("    dx[np.arange(n), y] -= 1 / n\n", ""),
        "x",
        "missing-path",
    ),
    "the labels' 1 / n": (SOFTMAX, ("-= 1 / n", "-= 1"), "x", "unnormalised"),
    "two factors": (BATCH, ("gain / std * (", "1.0 * ("), "x", "missing-local"),
    "a sum": (NORM, ("(g * normed).mean(axis=1, keepdims=True)", "g * normed"), "x",
              "missing-reduction"),
    "a gradient": (NORM, ("normed * along", "normed"), "x", "missing-upstream"),
    "a gradient and a number": (TANH, ("dout * 2 * h", "h"), "h", "missing-upstream"),
    "a derivative that forward doesn't have": (
        TANH,
        (" / (1 + h * h)", ""),
        "h",
        "missing-local",
    ),
    "the 1 of tanh": (TANH, ("(1 - h**2)", "-(h**2)"), "x", "missing-local"),
    "times for divided by": (TANH, ("/ (1 + h * h)", "* (1 + h * h)"), "h", "wrong-exponent"),
}  # fmt: skip


@pytest.mark.parametrize("source", [NORM, BATCH, SOFTMAX, TANH])
def test_right(checked: Checked, source: str):
    assert_right(checked(source))


@pytest.mark.parametrize("missing", WRONG)
def test_what_is_missing_is_named(checked: Checked, missing: str):
    source, change, root, code = WRONG[missing]
    report = checked(changed(source, change))
    assert report.roots == (root,)
    mistake = report[root].mistake
    assert mistake is not None
    assert mistake.code == code, mistake.message


def test_a_hard_coded_size_beside_an_axis_is_named(checked: Checked):
    mean = "g.mean(axis=1, keepdims=True)"
    report = checked(changed(NORM, (mean, "g.sum(axis=1, keepdims=True) / 4")))
    assert report.roots == ("x",)
    mistake = report["x"].mistake
    assert mistake is not None
    assert mistake.code == "hard-coded-size"
    assert "the number 4 is a hard-coded size" in mistake.message


def test_a_local_that_raises_at_other_sizes_is_seen(checked: Checked):
    reshaped = "g = g.reshape(-1, 4)\n    dx = std_inv * (g"
    report = checked(changed(NORM, ("dx = std_inv * (g", reshaped)))
    assert not report.ok
    assert report.roots == ("x",)
    row = report["x"]
    assert (row.verdict, row.source) == ("error", "g = g.reshape(-1, 4)")
    assert row.note is not None
    assert "cannot reshape" in row.note
    assert row.at == {"n": 5, "features": 3}
    assert row.mistake is not None
    assert row.mistake.code == "hard-coded-size"
