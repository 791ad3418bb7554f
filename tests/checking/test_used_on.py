"""Locals that are used on: each version is the gradient of its name or of another value."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right, verdicts

NET = """
import numpy as np
data = ("x", "t")

def inputs(rng, *, n=5, d=4, k=3, c=2):
    return {"W": rng.normal(size=(d, k)), "b": rng.normal(size=k), "V": rng.normal(size=(k, c)),
            "x": rng.normal(size=(n, d)), "t": rng.normal(size=(n, c))}

def forward(x, t, W, b, V):
    hidden = np.maximum(0, x @ W + b)
    scores = hidden @ V
    loss = ((scores - t) ** 2).sum()
    return loss

def backward(x, t, V, hidden, scores):
    dscores = 2 * (scores - t)
    dV = hidden.T @ dscores
    dhidden = dscores @ V.T
    {mask}
    dW = x.T @ {after}
    db = {after}.sum(0)
"""
RELU = """
import numpy as np

def inputs(rng, *, n=4, d=3):
    return {"x": rng.normal(size=(n, d)), "w": rng.normal(size=d), "b": rng.normal(size=d)}

def forward(x, w, b):
    out = np.maximum(x * w + b, 0)
    return out

def backward(dout, x, w, out):
    {mask}
    dw = (dout * x).sum(0)
    db = dout.sum(0)
    dx = dout * w
"""


def net(mask: str, after: str = "dhidden") -> str:
    return NET.replace("{mask}", mask).replace("{after}", after)


@pytest.mark.parametrize(
    ("mask", "after"),
    [
        ("dhidden[hidden <= 0] = 0", "dhidden"),
        ("dhidden *= hidden > 0", "dhidden"),
        ("dhidden = dhidden * (hidden > 0)", "dhidden"),
        ("dhidden = np.where(hidden > 0, dhidden, 0)", "dhidden"),
        ("dhidden *= hidden > 0; dz = dhidden; del dhidden", "dz"),
        ("np.multiply(dhidden, hidden > 0, out=dhidden)", "dhidden"),
        ("for row, h in zip(dhidden, hidden): row[h <= 0] = 0", "dhidden"),
        ("for i in range(len(dhidden)): dhidden[i] *= hidden[i] > 0", "dhidden"),
    ],
)
def test_masked_in_place(checked: Checked, mask: str, after: str) -> None:
    report = checked(net(mask, after))
    assert_right(report)
    assert verdicts(report).keys() == {"scores", "V", "hidden", "W", "b"}
    assert "dhidden holds the gradient of x @ W + b in hidden" in (report["hidden"].note or "")


@pytest.mark.parametrize(
    "mask", ["dhidden[hidden > 0] = 0", "dhidden *= hidden < 0.5", "dhidden *= 2 * (hidden > 0)"]
)
def test_a_wrong_mask_is_the_only_root(checked: Checked, mask: str) -> None:
    report = checked(net(mask))
    assert report.roots == ("hidden",)
    assert report["hidden"].source == mask
    assert verdicts(report) == {
        "scores": "exact", "V": "exact", "hidden": "wrong", "W": "inherited", "b": "inherited",
    }  # fmt: skip


def test_what_came_before_is_wrong(checked: Checked) -> None:
    report = checked(net("dhidden[hidden <= 0] = 0").replace("= dscores @ V.T", "= -dscores @ V.T"))
    assert report.roots == ("hidden",)
    assert report["hidden"].mistake is not None and report["hidden"].mistake.code == "sign"


def test_a_mask_that_is_missing(checked: Checked) -> None:
    report = checked(net("pass"))
    assert set(report.roots) == {"W", "b"}
    assert report["hidden"].right


def test_a_gradient_that_is_asked_for_must_stay(checked: Checked) -> None:
    regularized = net("dhidden[hidden <= 0] = 0") + "    dW += 0.1 * W\n"
    report = checked(regularized.replace("def backward(x,", "def backward(W, x,"))
    assert report.roots == ("W",)


@pytest.mark.parametrize(
    "mask", ["dout[out <= 0] = 0", "dout = dout * (out > 0)", "dout *= out > 0"]
)
def test_an_upstream_gradient(checked: Checked, mask: str) -> None:
    report = checked(RELU.replace("{mask}", mask))
    assert_right(report)
    assert verdicts(report).keys() == {"w", "b", "x"}


def test_a_wrong_mask_of_an_upstream_gradient(checked: Checked) -> None:
    report = checked(RELU.replace("{mask}", "dout = dout * (out < 1)"))
    assert report.roots == ("out",)
    assert set(verdicts(report).values()) == {"wrong", "inherited"}


@pytest.mark.parametrize("through", ["dz", "dout"])
def test_a_wrong_upstream_gradient_has_one_root_under_whatever_name(
    checked: Checked, through: str
) -> None:
    text = RELU.replace("(dout * x)", f"({through} * x)").replace("= dout", f"= {through}")
    on = "" if through == "dout" else f"; {through} = dout"
    report = checked(text.replace("{mask}", f"dout *= -1 * (out > 0){on}"))
    assert report.roots == ("out",)
    mistake = report["out"].mistake
    assert mistake is not None and mistake.code == "sign"


TWO_LAYERS = """
import numpy as np
data = ("x",)

def inputs(rng, *, n=3, d=4, k=5, c=6):
    return {{"x": rng.normal(size=(n, d)), "W": rng.normal(size=(d, k)),
            "V": rng.normal(size=(k, c))}}

def forward(x, W, V):
    z = x @ W
    h = 1 / (1 + np.exp(-z))
    u = h @ V
    y = 1 / (1 + np.exp(-u))
    loss = (y**2).sum()
    return loss

def backward(x, V, h, y):
    dy = 2 * y
    dy = {upper}
    dV = h.T @ dy
    dh = dy @ V.T
    dh *= {lower}
    dW = x.T @ dh
"""


@pytest.mark.parametrize(
    ("upper", "lower", "root"),
    [
        ("-(dy * y * (1 - y))", "h * (1 - h)", "y"),  # what it is the gradient of, is -u
        ("dy * y * (1 - y)", "-(h * (1 - h))", "h"),
        ("2 * dy * y * (1 - y)", "h * (1 - h)", "y"),
    ],
)
def test_a_wrong_line_before_another_local_that_is_used_on(
    checked: Checked, upper: str, lower: str, root: str
) -> None:
    assert_right(checked(TWO_LAYERS.format(upper="dy * y * (1 - y)", lower="h * (1 - h)")))
    report = checked(TWO_LAYERS.format(upper=upper, lower=lower))
    assert report.roots == (root,)


def test_an_upstream_gradient_that_raises(checked: Checked) -> None:
    report = checked(RELU.replace("{mask}", "dout *= bias"))
    assert report.roots == ("out",)
    assert report["out"].verdict == "error"


def test_an_upstream_gradient_that_is_still_needed(checked: Checked) -> None:
    scaled = """
import numpy as np

def inputs(rng, *, n=4, d=3):
    return {"x": rng.normal(size=(n, d)), "w": rng.normal(size=d)}

def forward(x, w):
    out = x * w
    return out

def backward(dout, x, w):
    dout *= w
    dx = dout
    dw = (dout * x).sum(0)
"""
    report = checked(scaled)
    assert report.roots == ("w",)
    mistake = report["w"].mistake
    assert mistake is not None and mistake.code == "aliased"
    assert report["w"].source == "dout *= w"
    unharmed = scaled.replace("    dout *= w\n    dx = dout\n", "").replace(
        ".sum(0)\n", ".sum(0)\n    dx = dout\n    dx *= w\n"
    )
    report = checked(unharmed)
    assert_right(report)
    assert any("dout, which backward was given" in note for note in report.notes)


def test_one_local_all_the_way(checked: Checked) -> None:
    lines = "d = dscores @ V.T\n    d = d * (hidden > 0)\n    dW = x.T @ d\n    db = d.sum(0)"
    plain = net("pass").replace("dhidden = dscores @ V.T", lines).split("    pass")[0]
    assert_right(checked(plain))
    running = plain.replace("d = dscores", "dscores = dscores").replace("d = d *", "dscores *=")
    running = running.replace("x.T @ d\n", "x.T @ dscores\n").replace("= d.sum", "= dscores.sum")
    report = checked(running.replace("dscores *= (hidden > 0)", "dscores = dscores * (hidden > 0)"))
    assert_right(report)
    note = report["scores"].note or ""
    assert "holds the gradient of hidden" in note
    assert "holds the gradient of what add takes in hidden" in note or "x @ W + b" in note


ATTENTION = """
import numpy as np

def inputs(rng, *, b=2, t=3, d={d}):
    return {{n: rng.normal(size=(b, t, d)) for n in "qkv"}}

def forward(q, k, v):
    scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
    e = np.exp(scores)
    probs = e / e.sum(-1, keepdims=True)
    out = probs @ v
    return out

def backward(dout, q, k, v, probs, out):
    dv = probs.swapaxes(1, 2) @ dout
    dprobs = dout @ v.swapaxes(1, 2)
    delta = (dout * out).sum(-1, keepdims=True)
    dscores = probs * (dprobs - delta) / np.sqrt(q.shape[-1])
    dq = dscores @ k
    dk = dscores.swapaxes(1, 2) @ q
"""


@pytest.mark.parametrize("d", [4, 5])  # with 4 the factor is 1 / b, too
def test_a_local_that_is_never_what_its_name_says(checked: Checked, d: int) -> None:
    source = ATTENTION.format(d=d)
    report = checked(source)
    assert_right(report)
    said = "dscores holds the gradient of q @ k.swapaxes(1, 2) in scores"
    assert said in (report["scores"].note or "")
    assert checked(source.replace(" - delta", "")).roots == ("scores",)
    assert checked(source.replace("dscores @ k", "dscores @ q")).roots == ("q",)
    assert checked(source.replace(" / np.sqrt(q.shape[-1])\n    dq", "\n    dq")).roots in (
        ("q", "k"),
        ("scores",),
    )


SWALLOWED = """
import torch

def inputs(rng, *, n=3, d=4):
    draw = lambda *shape: torch.from_numpy(rng.normal(size=shape))
    return {"z": draw(n, d), "w": draw(d)}

def forward(z, w):
    p = torch.sigmoid(z)
    top = p * w
    total = p.sum(1)
    loss = (top.sum(1) / (1 + total)).sum()
    return loss

def backward(w, p, top, total):
    dtop = (1 / (1 + total))[:, None].expand(top.shape)
    dtotal = -top.sum(1) / (1 + total) ** 2
    dw = (dtop * p).sum(0)
    dp = dtop * w + dtotal[:, None]
    dz = dp.mul_(p).mul_(1 - p)
"""


def test_a_wrong_gradient_that_another_is_made_of_in_place(checked: Checked) -> None:
    assert_right(checked(SWALLOWED))
    report = checked(SWALLOWED.replace(" + dtotal[:, None]", ""))
    assert report.roots == ("p",)
    assert report["z"].verdict == "inherited"
    mistake = report["p"].mistake
    assert mistake is not None and mistake.code == "missing-path"


CROSSED = """
import numpy as np

def inputs(rng, *, n=3):
    return {"q": rng.normal(size=4), "p": rng.normal(size=(n, 3))}

def forward(q, p):
    w, u = q[0], q[1:]
    t = 2 * np.cross(np.broadcast_to(u, p.shape), p)
    out = p + w * t + np.cross(np.broadcast_to(u, p.shape), t)
    return out

def backward(q, p, t, dout):
    w, u = q[0], np.broadcast_to(q[1:], p.shape)
    dt = w * dout + np.cross(dout, u)
    dp = dout + 2 * np.cross(dt, u)
    du = np.cross(t, dout) + 2 * np.cross(p, dt)
    dq = np.concatenate([[np.sum(dout * t)], du.sum(0)])
"""


def test_a_local_of_another_shape_is_a_local_like_others(checked: Checked) -> None:
    report = checked(CROSSED)
    assert_right(report)
    assert any(note.startswith("du isn't the gradient of u") for note in report.notes)


@pytest.mark.parametrize(
    ("old", "new", "root"),
    [
        ("2 * np.cross(dt, u)", "2 * np.cross(u, dt)", "p"),
        ("np.sum(dout * t)", "np.mean(dout * t)", "q"),
        ("w * dout + np", "dout + np", "t"),
    ],
)
def test_beside_it_mistakes_are_seen(checked: Checked, old: str, new: str, root: str) -> None:
    assert root in checked(CROSSED.replace(old, new)).roots


BY_COLUMNS = """
import numpy as np

def inputs(rng, *, n=4, d=5):
    return {"x": rng.normal(size=(n, d)), "gain": rng.normal(size=d)}

def forward(x, gain):
    xt = x.T
    std = np.sqrt(xt.var(axis=0) + 1e-5)
    xhat = ((xt - xt.mean(axis=0)) / std).T
    out = gain * xhat
    return out

def backward(dout, gain, xhat, std):
    d = len(gain)
    dgain = (dout * xhat).sum(axis=0)
    dxhat = (dout * gain).T
    h = xhat.T
    dxt = (d * dxhat - dxhat.sum(axis=0) - h * (dxhat * h).sum(axis=0)) / (d * std)
    dx = dxt.T
"""


def test_a_layout_of_its_own_beside_a_mistake(checked: Checked) -> None:
    """dxhat is the gradient before forward's last transpose, right or wrong what reads it is."""
    assert_right(checked(BY_COLUMNS))
    report = checked(BY_COLUMNS.replace("d = len(gain)", "d = len(dout)"))
    assert report.roots == ("xt",)
    mistake = report["xt"].mistake
    assert mistake is not None and mistake.code == "unnormalised"


GRID = """
import numpy as np
data = ("x", "t")

def inputs(rng, *, n=8):
    return {"x": np.linspace(0.0, 1.0, n), "t": np.linspace(0.0, 0.01, 3),
            "u0": rng.normal(size=n), "nu": np.array(0.1)}

def forward(x, t, u0, nu):
    FORWARD
    lap = np.roll(u0, -1) - 2 * u0 + np.roll(u0, 1)
    u1 = u0 + nu * lap * STEP
    energy = 0.5 * np.sum(u1**2)
    return energy

def backward(x, t, u0, nu, lap, u1):
    dx = x[1] - x[0]
    dt = t[1] - t[0]
    du1 = u1
    c = nu * dt / dx**2
    du0 = du1 + c * (np.roll(du1, 1) - 2 * du1 + np.roll(du1, -1))
    dnu = np.sum(du1 * lap) * dt / dx**2
"""


@pytest.mark.parametrize(
    ("forward", "step"),
    [
        ("dx, dt = x[1] - x[0], t[1] - t[0]", "dt / dx**2"),
        ("pass", "(t[1] - t[0]) / (x[1] - x[0]) ** 2"),
    ],
)
def test_steps_of_a_grid_are_no_gradients(checked: Checked, forward: str, step: str) -> None:
    source = GRID.replace("FORWARD", forward).replace("STEP", step)
    assert_right(checked(source))
    report = checked(source.replace("np.sum(du1 * lap) * dt", "np.sum(du1 * u0) * dt"))
    assert "nu" in report.roots


def test_steps_that_forward_has_are_none_beside_a_mistake(checked: Checked) -> None:
    source = GRID.replace("FORWARD", "dx, dt = x[1] - x[0], t[1] - t[0]")
    source = source.replace("STEP", "dt / dx**2").replace("- 2 * du1 +", "+ 2 * du1 +")
    assert checked(source).roots == ("u0",)


SCORES = """
import numpy as np

def inputs(rng, *, n=3, m=5, d=4):
    return {"q": rng.normal(size=(n, d)), "k": rng.normal(size=(m, d))}

def forward(q, k):
    scores = q @ k.T / np.sqrt(q.shape[1])
    e = np.exp(scores)
    weights = e / e.sum(1, keepdims=True)
    return weights

def backward(dweights, q, k, weights):
    d = q.shape[1]
    dscores = weights * (dweights - (dweights * weights).sum(1, keepdims=True))
    dscores /= np.sqrt(d)
    dq = dscores @ k
    dk = dscores.T @ q
"""


def test_as_many_times_its_gradient_is_another_once_it_was_itself(checked: Checked) -> None:
    assert_right(checked(SCORES))
    report = checked(SCORES.replace("dscores /= np.sqrt(d)", "dscores /= d"))
    assert report.roots == ("scores",)
    assert report["scores"].line == 1 + SCORES[: SCORES.index("dscores /=")].count("\n")
    mistake = report["scores"].mistake
    assert mistake is not None
    assert mistake.code != "missing-local"


BIAS = """
import numpy as np
data = ("x", "t")

def inputs(rng, *, n=5, d=4, c=3):
    t = np.eye(c)[rng.integers(c, size=n)]
    x, w, b = rng.normal(size=(n, d)), rng.normal(size=(d, c)), rng.normal(size=c)
    return {"x": x, "w": w, "b": b, "t": t}

def forward(x, w, b, t):
    scores = x @ w + b
    e = np.exp(scores)
    p = e / e.sum(1, keepdims=True)
    loss = -(np.log(p) * t).sum() / len(x)
    return loss

def backward(x, w, t, p):
    dscores = p - t
    dscores /= len(x)
    dw = x.T @ dscores
    db = dscores.sum(0)
"""


def test_what_a_bias_is_added_to_is_no_other_gradient(checked: Checked) -> None:
    assert_right(checked(BIAS))
    report = checked(BIAS.replace("/= len(x)", "/= 2 * len(x)"))
    assert report.roots == ("scores",)
    assert report["scores"].line == 1 + BIAS[: BIAS.index("dscores /=")].count("\n")


SLOPES = """
import numpy as np
data = ("X", "t")

def inputs(rng, *, n=5, d=3, h=4):
    return {"X": rng.normal(size=(n, d)), "t": rng.normal(size=(n, 1)),
            "W1": rng.normal(size=(d, h)), "W2": rng.normal(size=(h, h)),
            "W3": rng.normal(size=(h, 1))}

def forward(X, t, W1, W2, W3):
    h1 = VALUE(X @ W1)
    h2 = VALUE(h1 @ W2)
    y = h2 @ W3
    loss = ((y - t) ** 2).mean()
    return loss

def backward(X, t, W2, W3, h1, h2, y):
    delta3 = 2 * (y - t) / y.size
    dh2 = SLOPE2
    delta2 = delta3 @ W3.T * dh2
    dh1 = SLOPE1
    delta1 = delta2 @ W2.T * dh1
    dW3 = h2.T @ delta3
    dW2 = h1.T @ delta2
    dW1 = X.T @ delta1
"""
FUNCTIONS = {"np.tanh(": "1 - h**2", "(lambda z: 1 / (1 + np.exp(-z)))(": "h * (1 - h)"}
FUNCTIONS["(lambda z: np.maximum(z, 0))("] = "(h > 0) * 1.0"


def slopes(value: str) -> str:
    source = SLOPES.replace("VALUE(", value)
    for layer in ("h1", "h2"):
        source = source.replace(f"SLOPE{layer[1]}", FUNCTIONS[value].replace("h", layer))
    return source


@pytest.mark.parametrize("value", FUNCTIONS)
def test_the_derivative_of_a_step_may_be_called_like_a_gradient(
    checked: Checked, value: str
) -> None:
    """What is made of it is right, and wouldn't be if it were the gradient."""
    report = checked(slopes(value))
    assert_right(report)
    assert any("dh1 isn't the gradient of h1" in note for note in report.notes)


@pytest.mark.parametrize(
    ("old", "new", "roots"),
    [
        ("h1.T @ delta2", "h2.T @ delta2", {"W2"}),
        ("X.T @ delta1", "X.T @ (delta1 * 2)", {"W1"}),
        ("h2.T @ delta3", "h2.T @ delta3 / 3", {"W3"}),
        ("dh2 = 1 - h2**2", "dh2 = 1 - h2", {"W1", "W2"}),
    ],
)
def test_a_mistake_beside_the_derivative_of_a_step(
    checked: Checked, old: str, new: str, roots: set[str]
) -> None:
    assert {*checked(slopes("np.tanh(").replace(old, new)).roots} == roots


@pytest.mark.parametrize("new", ["dy = y * (y - t)", "dy = y - t**2", "dy = t * y / y.size"])
def test_a_wrong_gradient_that_reads_none_is_no_derivative_alone(
    checked: Checked, new: str
) -> None:
    """What reads it is right if it is the gradient."""
    source = ERRORS.replace("dy = 2 * (y - t) / y.size", new)
    assert checked(source).roots == ("y",)


ERRORS = """
import numpy as np
data = ("X", "t")

def inputs(rng, *, n=5, d=3):
    return {"X": rng.normal(size=(n, d)), "t": rng.normal(size=n), "w": rng.normal(size=d)}

def forward(X, t, w):
    y = X @ w
    loss = ((y - t) ** 2).mean()
    return loss

def backward(X, t, w, y):
    dy = 2 * (y - t) / y.size
    dw = X.T @ dy
"""


SQUARED = """
import numpy as np

def inputs(rng, *, n=5, d=4, h=6):
    return {{"x": rng.normal(size=(n, d)), "w": rng.normal(size=(d, h)), "v": rng.normal(size=h)}}

def forward(x, w, v):
    r = np.maximum(x @ w, 0)
    a = r * r
    out = a @ v
    return out

def backward(dout, x, w, v, r, a):
    dv = a.T @ dout
    da = dout[:, None] * v
    dr = {made}
    {masked}
    dw = x.T @ dr
    dx = dr @ w.T
"""


@pytest.mark.parametrize("masked", ["dr[r == 0] = 0", "dr *= r > 0", "dr = np.where(r > 0, dr, 0)"])
def test_a_mask_of_what_is_zero_already_is_not_to_blame(checked: Checked, masked: str) -> None:
    assert_right(checked(SQUARED.format(made="2 * da * r", masked=masked)))
    report = checked(SQUARED.format(made="da * r", masked=masked))
    assert report.roots == ("r",)
    assert report["r"].source == "dr = da * r"


@pytest.mark.parametrize(
    ("slip", "code"),
    [("2.5 * dr @ w.T", "factor"), ("-dr @ w.T", "sign"), ("dr @ w.T / 3", "factor")],
)
@pytest.mark.parametrize("masked", ["pass", "dr[r == 0] = 0"])
def test_a_mask_that_a_real_run_needs_not_is_not_missed(
    checked: Checked, masked: str, slip: str, code: str
) -> None:
    """On random gradients dx lacks the mask, which isn't what is wrong with it."""
    source = SQUARED.format(made="2 * da * r", masked=masked).replace(
        "dx = dr @ w.T", f"dx = {slip}"
    )
    report = checked(source)
    assert report.roots == ("x",)
    assert report["x"].mistake is not None
    assert report["x"].mistake.code == code
