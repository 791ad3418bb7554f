"""Mistakes in locals and in statements that only change something, by their names."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

GATED = """
import numpy as np

def inputs(rng, *, n=4, e=3, d=2):
    W, V = rng.normal(size=(2, d, e))
    return {"x": rng.normal(size=(n, d)), "W": W, "V": V}

def forward(x, W, V):
    s = x @ W
    gate = np.exp(s - np.log(np.exp(s).sum(axis=AXIS, keepdims=True)))
    out = (gate * (x @ V)).sum(axis=1)
    return out

def backward(x, W, V, gate, dout):
    dgate = dout[:, None] * (x @ V)
    dz = gate * (dgate - (gate * dgate).sum(axis=AXIS, keepdims=True))
    dW = x.T @ dz
    dV = x.T @ (gate * dout[:, None])
    dx = dz @ W.T + (gate * dout[:, None]) @ V.T
"""


@pytest.mark.parametrize("axis", ["0", "1"])
@pytest.mark.parametrize(
    "wrong", ["gate * (1 - gate) * dgate", "dgate * gate * (1 - gate)", "(1 - gate) * dgate * gate"]
)
def test_the_diagonal_of_a_softmax_alone(checked: Checked, wrong: str, axis: str) -> None:
    source = GATED.replace("AXIS", axis)
    assert checked(source).ok
    right = f"gate * (dgate - (gate * dgate).sum(axis={axis}, keepdims=True))"
    assert source.count(right) == 1
    report = checked(source.replace(right, wrong))
    assert report.roots == ("W", "x")
    for name in report.roots:
        mistake = report[name].mistake
        assert mistake is not None and mistake.code == "softmax-diagonal"


SQUEEZED = """
import numpy as np

def inputs(rng, *, n=2, c=4, h=2, w=3):
    return {"u": rng.normal(size=(n, c, h, w))}

def forward(u):
    squeezed = u.mean(axis=(2, 3))
    excited = np.tanh(squeezed)
    out = u * excited[:, :, None, None]
    return out

def backward(u, excited, dout):
    n, c, h, w = u.shape
    dexcited = (dout * u).sum(axis=(2, 3))
    dsqueezed = dexcited * (1 - excited**2)
    du = dout * excited[:, :, None, None] + dsqueezed[:, :, None, None] / (h * w)
"""


def test_a_mean_over_two_axes(checked: Checked) -> None:
    assert checked(SQUEEZED).ok
    report = checked(SQUEEZED.replace(" / (h * w)", ""))
    assert report.roots == ("u",)
    mistake = report["u"].mistake
    assert mistake is not None and mistake.code == "unnormalised"
    assert "u.shape[2] * u.shape[3]" in mistake.message


ADAPTED = """
import numpy as np

def inputs(rng, *, n=4, d=5, r=2):
    x, A, B = rng.normal(size=(n, d)), rng.normal(size=(r, d)), rng.normal(size=(3, r))
    return {"x": x, "A": A, "B": B}

def forward(x, A, B):
    scaling = 16.0 / A.shape[0]
    h = x @ A.T
    y = scaling * (h @ B.T)
    return y

def backward(x, A, B, scaling, h, dy):
    dB = scaling * dy.T @ h
    dA = scaling * (dy @ B).T @ x
    dx = scaling * dy @ B @ A
"""


@pytest.mark.parametrize(
    ("right", "root"), [("scaling * (dy @ B).T", "A"), ("scaling * dy @ B @ A", "x")]
)
def test_a_number_that_forward_computes(checked: Checked, right: str, root: str) -> None:
    """It may stand at a step that the statement jumps over, and differ from size to size."""
    assert checked(ADAPTED).ok
    report = checked(ADAPTED.replace(right, right.removeprefix("scaling * ")))
    assert report.roots == (root,)
    mistake = report[root].mistake
    assert mistake is not None and mistake.code in ("missing-local", "factor")


IN_PLACE = """
import torch

def inputs(rng, *, n=3, d=4):
    x, g = rng.normal(size=(n, d)), rng.normal(size=d)
    return {"x": torch.from_numpy(x), "g": torch.from_numpy(g)}

def forward(x, g):
    mu = x.mean(-1, keepdim=True)
    sd = ((x - mu) ** 2).mean(-1, keepdim=True).add(1e-5).sqrt()
    y = torch.div(x - mu, sd) * g
    return y

def backward(x, g, mu, sd, dy):
    xh = (x - mu).div_(sd)
    dg = (dy * xh).sum(0)
    t = dy.mul(g)
    dx = t.clone()
    dx.sub_(t.mean(-1, keepdim=True))
    dx.addcmul_(xh, (t * xh).mean(-1, keepdim=True), value=-1)
    dx.div_(sd)
"""


@pytest.mark.parametrize(
    "wrong", ["dx.sub_(dx.mean(-1, keepdim=True)).sub_(", "dx.sub_(t.abs()).sub_("]
)
def test_what_is_only_changed_has_no_sign(checked: Checked, wrong: str) -> None:
    """With another sign, `dx.sub_(a)` changes something else: that nothing is left of it proves
    nothing of the sign."""
    right = "dx.sub_("
    assert IN_PLACE.count(right) == 1
    report = checked(IN_PLACE.replace(right, wrong))
    assert report.roots == ("x",)
    mistake = report["x"].mistake
    assert mistake is not None and mistake.code in ("unknown", "factor", "double-path")


def test_the_size_less_one_in_several_places(checked: Checked) -> None:
    source = """
import numpy as np

def inputs(rng, *, n=4, d=5):
    return {"x": rng.normal(size=(n, d))}

def forward(x):
    mu = x.mean(axis=1, keepdims=True)
    rstd = 1 / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    xhat = (x - mu) * rstd
    return xhat

def backward(x, rstd, xhat, dxhat):
    L = x.shape[1]
    total, along = dxhat.sum(1, keepdims=True), (dxhat * xhat).sum(1, keepdims=True)
    dx = rstd / L * (L * dxhat - total - xhat * along)
"""
    assert checked(source).ok
    wrong = "rstd / (L - 1) * ((L - 1) * dxhat - total"
    report = checked(source.replace("rstd / L * (L * dxhat - total", wrong))
    assert report.roots == ("x",)
    mistake = report["x"].mistake
    assert mistake is not None and mistake.code == "bessel"


@pytest.mark.parametrize("wrong", ["-(z**2).sum() / sigma", "len(xs) / sigma"])
def test_a_path_through_every_round_of_a_comprehension(checked: Checked, wrong: str) -> None:
    source = """
import numpy as np

data = ("xs",)

def inputs(rng, *, n=5):
    return {"mu": np.array(0.3), "sigma": np.array(1.4), "xs": rng.normal(size=n)}

def forward(mu, sigma, xs):
    ll = np.array([-0.5 * ((x - mu) / sigma) ** 2 - np.log(sigma) for x in xs])
    loss = -ll.sum()
    return loss

def backward(mu, sigma, xs):
    z = (xs - mu) / sigma
    dmu = -z.sum() / sigma
    dsigma = (1 - z**2).sum() / sigma
"""
    assert checked(source).ok
    report = checked(source.replace("(1 - z**2).sum() / sigma", wrong))
    assert report.roots == ("sigma",)
    mistake = report["sigma"].mistake
    assert mistake is not None and mistake.code == "missing-path"


def test_a_mean_in_a_method(checked: Checked) -> None:
    source = """
import numpy as np

class Dense:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, d):
        self.dW = self.x.T @ d
        self.db = d.sum(0)
        return d @ self.W.T

def inputs(rng, *, n=4, d=3, h=5):
    x, W, b = rng.normal(size=(n, d)), rng.normal(size=(d, h)), rng.normal(size=h)
    return {"x": x, "W": W, "b": b}

def forward(x, W, b):
    layer = Dense(W, b)
    y = layer.forward(x)
    loss = (y**2).sum()
    return loss

def backward(layer, y):
    dx = layer.backward(2 * y)
    dW, db = layer.dW, layer.db
"""
    assert checked(source).ok
    report = checked(source.replace("d.sum(0)", "d.mean(0)"))
    assert report.roots == ("b",)
    mistake = report["b"].mistake
    assert mistake is not None and mistake.code == "mean-for-sum"


NARROWED = """
import numpy as np
data = ("t",)

def inputs(rng, *, n=3, m=4):
    return {"x": rng.normal(size=(n, m, 2)), "t": rng.normal(size=(n, m, 2))}

def forward(x, t):
    loss = (x - t) ** 2
    loss = loss.mean()
    return loss

def backward(x, t):
    dx = 2 * (x - t) / x.size
"""


def test_a_name_that_has_other_axes_when_it_is_bound_again(checked: Checked) -> None:
    assert_right(checked(NARROWED))
    report = checked(NARROWED.replace("/ x.size", "/ x.size * np.cos(x)"))
    assert report.roots == ("x",)
