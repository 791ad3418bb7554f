"""A slip in a local that several gradients need is one mistake, in the line of that local."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

from sweeps import a_few

CRITIC = """
import numpy as np

def inputs(rng, *, n=4, d=3, h=4):
    return {
        "s": rng.normal(size=(n, d)), "W1": rng.normal(size=(d, h)), "b1": rng.normal(size=h),
        "W2": rng.normal(size=(h, 1)), "b2": rng.normal(size=1), "t": rng.normal(size=(n, 1)),
    }

data = ("t",)

def forward(s, W1, b1, W2, b2, t):
    z1 = s @ W1 + b1
    a1 = np.where(z1 > 0, z1, 0.01 * z1)
    q = a1 @ W2 + b2
    td = q - t
    loss = np.mean(td ** 2)
    return loss

def backward(s, W1, b1, W2, b2, t, z1, a1, q, td):
    delta = 2.0 * td / s.shape[0]
    dW2 = a1.T.dot(delta)
    db2 = delta.sum(axis=0)
    delta = delta.dot(W2.T)
    delta[z1 <= 0] *= 0.01
    dW1 = s.T.dot(delta)
    db1 = delta.sum(axis=0)
    ds = delta.dot(W1.T)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "s": ds}
"""
PAIRS = """
import numpy as np

def inputs(rng, *, V=6, D=3, K=4):
    return {
        "Win": rng.normal(size=(V, D)), "Wout": rng.normal(size=(V, D)),
        "c": int(rng.integers(0, V)), "o": int(rng.integers(0, V)),
        "neg": rng.integers(0, V, size=K),
    }

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward(Win, Wout, c, o, neg):
    v = Win[c]
    u = Wout[o]
    un = Wout[neg]
    loss = -np.log(sigmoid(u @ v)) - np.log(sigmoid(-un @ v)).sum()
    return loss

def backward(Win, Wout, c, o, neg, v, u, un):
    g = sigmoid(u @ v) - 1
    gn = sigmoid(un @ v)
    dv = g * u + un.T @ gn
    dWin = np.zeros_like(Win)
    dWin[c] += dv
    dWout = np.zeros_like(Wout)
    dWout[o] += g * v
    np.add.at(dWout, neg, gn[:, None] * v)
    return {"Win": dWin, "Wout": dWout}
"""
DISTILLATION = """
import numpy as np

data = ("zt",)

def inputs(rng, *, n=3, k=4):
    y = rng.integers(0, k, size=n)
    return {"zs": rng.normal(size=(n, k)), "zt": rng.normal(size=(n, k)), "y": y}

def softmax(z, T=1.0):
    e = np.exp((z - z.max(1, keepdims=True)) / T)
    return e / e.sum(1, keepdims=True)

def forward(zs, zt, y):
    T, alpha = 2.0, 0.3
    ps = softmax(zs, T)
    pt = softmax(zt, T)
    soft = T * T * (pt * (np.log(pt) - np.log(ps))).sum(1).mean()
    p = softmax(zs)
    hard = -np.log(p[np.arange(len(y)), y]).mean()
    loss = alpha * hard + (1 - alpha) * soft
    return loss

def backward(zs, zt, y, T, alpha, ps, pt, p):
    onehot = np.zeros_like(p)
    onehot[np.arange(len(y)), y] = 1
    dhard = (p - onehot) / len(y)
    dsoft = T * (ps - pt) / len(y)
    dzs = alpha * dhard + (1 - alpha) * dsoft
    return {"zs": dzs}
"""
GATED = """
import numpy as np

def inputs(rng, *, n=4, h=3):
    r = rng.normal
    return {"a": r(size=(n, h)), "b": r(size=(n, h)), "W": r(size=(2 * h, h)), "U": r(size=(h, h))}

def forward(a, b, W, U):
    gate = 1 / (1 + np.exp(-(np.concatenate([a, b], 1) @ W)))
    out = np.tanh(gate * a + (1 - gate) * b) @ U
    return out

def backward(a, b, W, U, gate, dout):
    h = a.shape[1]
    t = np.tanh(gate * a + (1 - gate) * b)
    dU = t.T @ dout
    mixed = (dout @ U.T) * (1 - t ** 2)
    dgate = mixed * (a - b)
    before = dgate * gate * (1 - gate)
    dW = np.concatenate([a, b], 1).T @ before
    joined = before @ W.T
    da = mixed * gate + joined[:, :h]
    db = mixed * (1 - gate) + joined[:, h:]
    return da, db, dW, dU
"""
DECAY = """
import numpy as np

def inputs(rng, *, n=2, t=4, k=3):
    x, delta = rng.normal(size=(n, t, k)), rng.uniform(0.1, 0.9, size=(n, t, k))
    return {"x": x, "delta": delta, "a": -rng.uniform(0.2, 1, size=k)}

def forward(x, delta, a):
    h = np.zeros(x[:, 0].shape)
    hs = []
    for t in range(x.shape[1]):
        h = np.exp(delta[:, t] * a) * h + x[:, t]
        hs.append(h)
    out = np.stack(hs, 1)
    return out

def backward(x, delta, a, out, dout):
    dx, ddelta, da = np.zeros_like(x), np.zeros_like(delta), np.zeros_like(a)
    dh = np.zeros_like(x[:, 0])
    for t in reversed(range(x.shape[1])):
        dh = dh + dout[:, t]
        dx[:, t] = dh
        kept = np.exp(delta[:, t] * a)
        before = out[:, t - 1] if t > 0 else np.zeros_like(dh)
        dlog = dh * before * kept
        ddelta[:, t] = dlog * a
        da += (dlog * delta[:, t]).sum(0)
        dh = dh * kept
    return dx, ddelta, da
"""
CAUSAL = """
import torch

def inputs(rng, *, t=4, d=3, e=2):
    def drawn(*shape):
        return torch.tensor(rng.normal(size=shape))
    return {"q": drawn(t, d), "k": drawn(t, d), "v": drawn(t, e), "g": drawn(t, e)}

def forward(q, k, v, g):
    hidden = torch.triu(torch.ones(len(q), len(q), dtype=torch.bool), 1)
    p = (q @ k.T).masked_fill(hidden, -torch.inf).softmax(-1)
    out = torch.tanh(0.5 * g) * (p @ v)
    return out

def backward(q, k, v, g, dout):
    place = torch.arange(len(q))
    later = torch.triu(torch.ones(len(q), len(q), dtype=torch.bool), 1)
    scores = (q @ k.T).masked_fill(place[:, None] < place, -torch.inf)
    weights = scores.softmax(-1)
    gate = torch.tanh(0.5 * g)
    up = dout * gate
    dv = weights.T @ up
    back = weights * (up @ v.T - (up * (weights @ v)).sum(-1, keepdim=True))
    back = back.masked_fill(later, 0)
    dq = back @ k
    dk = back.T @ q
    dg = dout * (weights @ v) * 0.5 * (1 - gate * gate)
    return dq, dk, dv, dg
"""
DIAGONAL = """
import numpy as np

def inputs(rng, *, n=3, k=4):
    return {"x": rng.normal(size=(n, k)), "W": rng.normal(size=(k, k)), "b": rng.normal(size=k)}

def forward(x, W, b):
    y = np.tanh(0.5 * x) @ np.tril(W) * b
    return y

def backward(x, W, b, dy):
    seen = np.tanh(0.5 * x)
    lower = np.tril(W)
    up = dy * b
    dW = np.tril(seen.T @ up)
    db = (dy * (seen @ lower)).sum(0)
    dx = up @ lower.T * 0.5 * (1 - np.tanh(0.5 * x) ** 2)
    return dx, dW, db
"""
SAMPLES = """
import numpy as np

def inputs(rng, *, n=3, c=4, t=5):
    return {"x": rng.normal(size=(n, c, t)), "w": rng.normal(size=c)}

def forward(x, w):
    mean = x.mean((1, 2))
    xhat = x - mean[:, None, None]
    y = w[:, None] * xhat
    return y

def backward(x, w, mean, dy):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(len(x)):
        seen = x[i] - mean[i]
        dw += (dy[i] * seen).sum(1)
        up = dy[i] * w[:, None]
        dx[i] = up - up.mean()
    return dx, dw
"""
SLIPS = (
    (CAUSAL, "place[:, None] < place", "place[:, None] <= place", {"q", "k", "v", "g"}, "unknown"),
    (DIAGONAL, "lower = np.tril(W)", "lower = np.tril(W, 1)", {"x", "b"}, "unknown"),
    (DIAGONAL, "seen = np.tanh(0.5 * x)", "seen = np.tanh(0.25 * x)", {"W", "b"}, "unknown"),
    (SAMPLES, "mean[i]", "mean[0]", {"w"}, "wrong-index"),
    (DECAY, "else np.zeros_like(dh)", "else out[:, t]", {"delta", "a"}, "wrong-operand"),
    (
        DECAY,
        "if t > 0 else np.zeros_like(dh)",
        "if t else x[:, 0]",
        {"delta", "a"},
        "wrong-operand",
    ),
    (
        DECAY,
        "out[:, t - 1] if t > 0 else np.zeros_like(dh)",
        "np.where(t > 0, out[:, t - 1], dh)",
        {"delta", "a"},
        "wrong-operand",
    ),
    (GATED, "gate * (1 - gate)\n", "(1 - gate ** 2)\n", {"W", "a", "b"}, "unknown"),
    (GATED, "before = dgate * gate *", "before = dgate *", {"W", "a", "b"}, "missing-local"),
    (GATED, "before @ W.T", "np.abs(before @ W.T)", {"a", "b"}, "unknown"),
    (CRITIC, "delta[z1 <= 0] *= 0.01", "delta[z1 <= 0] = 0", {"W1", "b1", "s"}, "unknown"),
    (CRITIC, "delta[z1 <= 0] *", "delta[z1 > 0] *", {"W1", "b1", "s"}, "sign"),
    (CRITIC, "delta.dot(W2.T)", "delta.dot(W2.T) * a1", {"W1", "b1", "s"}, "unknown"),
    (CRITIC, "delta.dot(W2.T)", "-delta.dot(W2.T)", {"W1", "b1", "s"}, "sign"),
    (CRITIC, "2.0 * td", "td", {"W1", "b1", "W2", "b2", "s"}, "factor"),
    (CRITIC, "= 2.0 * td", "= -2.0 * td", {"W1", "b1", "W2", "b2", "s"}, "sign"),
    (PAIRS, "g = sigmoid(u @ v) - 1", "g = 1 - sigmoid(u @ v)", {"v", "Wout"}, "sign"),
    (PAIRS, "gn = sigmoid(un @ v)", "gn = -sigmoid(un @ v)", {"v", "Wout"}, "sign"),
    (PAIRS, "gn = sigmoid(un @ v)", "gn = sigmoid(-un @ v)", {"v", "Wout"}, "sign"),
    (PAIRS, "gn = sigmoid(un @ v)", "gn = 2 * sigmoid(un @ v)", {"v", "Wout"}, "factor"),
)
MISFITS = (
    ("T * (ps - pt)", "T * (pt - ps)", "sign"),
    ("T * (ps - pt)", "(ps - pt)", "factor"),
    ("(p - onehot)", "(ps - onehot)", "wrong-operand"),
    ("(1 - alpha) * dsoft", "dsoft", "factor"),
)


@pytest.mark.parametrize(
    "source", [CRITIC, PAIRS, DISTILLATION, GATED, DECAY, CAUSAL, DIAGONAL, SAMPLES]
)
def test_right(checked: Checked, source: str) -> None:
    assert_right(checked(source))


@pytest.mark.parametrize(("source", "right", "wrong", "roots", "code"), a_few(SLIPS))
def test_its_line(
    checked: Checked, source: str, right: str, wrong: str, roots: set[str], code: str
) -> None:
    assert source.count(right) == 1
    source = source.replace(right, wrong)
    report = checked(source)
    assert {*report.roots} == roots
    for row in (each for each in report.rows if each.name in roots):
        assert row.line is not None
        assert wrong.strip() in source.splitlines()[row.line - 1]
        assert row.mistake is not None
        assert row.mistake.code == code


@pytest.mark.parametrize(("right", "wrong", "code"), MISFITS)
def test_parts_of_a_loss_that_are_no_gradients_of_it(
    checked: Checked, right: str, wrong: str, code: str
) -> None:
    assert DISTILLATION.count(right) == 1
    report = checked(DISTILLATION.replace(right, wrong))
    assert report.roots == ("zs",)
    (row,) = (row for row in report.rows if row.name == "zs")
    assert row.mistake is not None
    assert row.mistake.code == code
