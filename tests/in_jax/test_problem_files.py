"""Problem files whose forward is written in JAX: judged line by line, as those in NumPy are."""

from __future__ import annotations

from pathlib import Path

import pytest

import byhand
from byhand.errors import ProblemError, RefereeError, UnsupportedError
from byhand.program.trace import trace_problem

LAYER_NORM = '''\
"""Layer norm (Ba et al., arXiv:1607.06450), after a jitted function of its own."""
import jax
import jax.numpy as jnp


def inputs(rng, *, n=4, d=6):
    return {"x": rng.normal(size=(n, d)), "g": jnp.ones(d), "b": rng.normal(size=d)}


@jax.jit
def stats(x):
    return x.mean(-1, keepdims=True), x.var(-1, keepdims=True)


def forward(x, g, b):
    mean, var = stats(x)
    rstd = jax.lax.rsqrt(var + 1e-5)
    xhat = (x - mean) * rstd
    y = xhat * g + b
    return y


def backward(dy, xhat, rstd, g):
    db = dy.sum(0)
    dg = (dy * xhat).sum(0)
    dxhat = dy * g
    means = dxhat.mean(-1, keepdims=True) + xhat * (dxhat * xhat).mean(-1, keepdims=True)
    dx = rstd * (dxhat - means)
'''

CROSS_ENTROPY = '''\
"""Mean cross-entropy of a linear layer; in place, as JAX has it."""
import jax
import jax.numpy as jnp


def inputs(rng, *, n=6, features=4, classes=3):
    return {
        "x": rng.normal(size=(n, features)),
        "W": rng.normal(size=(features, classes)),
        "y": rng.integers(0, classes, n),
    }


def forward(x, W, y):
    logits = x @ W
    logp = jax.nn.log_softmax(logits, axis=1)
    loss = -logp[jnp.arange(len(y)), y].mean()
    return loss


def backward(x, W, y, logits):
    probs = jax.nn.softmax(logits, axis=1)
    dlogits = probs.at[jnp.arange(len(y)), y].add(-1)
    dlogits /= len(y)
    dW = x.T @ dlogits
    dx = dlogits @ W.T
'''

LISTS = '''\
"""A recurrence over a list of inputs; the states are a list, too."""
import jax.numpy as jnp


def inputs(rng, *, n=3):
    return {"xs": [rng.normal(size=n) for _ in range(3)], "w": rng.normal(size=(n, n))}


def forward(xs, w):
    h = jnp.zeros(w.shape[0])
    hs = []
    for x in xs:
        h = jnp.tanh(w @ h + x)
        hs.append(h)
    loss = sum((each**2).sum() for each in hs)
    return loss


def backward(xs, w, hs):
    dw = jnp.zeros_like(w)
    dxs = [None] * len(xs)
    dh = jnp.zeros_like(hs[0])
    for t in reversed(range(len(xs))):
        dh = dh + 2 * hs[t]
        dz = dh * (1 - hs[t] ** 2)
        dxs[t] = dz
        if t > 0:
            dw += jnp.outer(dz, hs[t - 1])
        dh = w.T @ dz
'''


def loaded(folder: Path, text: str, *changes: tuple[str, str]) -> byhand.Problem:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "problem.py"
    file.write_text(text)
    found = byhand.load(file)
    assert isinstance(found, byhand.Problem)
    return found


long = pytest.mark.long  # JAX compiles every op anew for each shape


@pytest.mark.parametrize(
    "text", [LAYER_NORM, pytest.param(CROSS_ENTROPY, marks=long), pytest.param(LISTS, marks=long)]
)
def test_right_ones_are_right(tmp_path: Path, text: str) -> None:
    report = byhand.check(loaded(tmp_path, text))
    assert report.ok, str(report)
    assert report.dtype == "float64"


@pytest.mark.parametrize(
    ("text", "change", "root", "code"),
    [
        pytest.param(
            LAYER_NORM,
            (" + xhat * (dxhat * xhat).mean(-1, keepdims=True)", ""),
            "x",
            None,
            marks=long,
        ),
        pytest.param(
            LAYER_NORM, ("dg = (dy * xhat).sum(0)", "dg = (dy * x).sum(0)"), "g", None, marks=long
        ),
        (LAYER_NORM, ("db = dy.sum(0)", "db = dy"), "b", "missing-reduction"),
        pytest.param(CROSS_ENTROPY, (".add(-1)", ".add(1)"), "logits", None, marks=long),
        pytest.param(CROSS_ENTROPY, ("    dlogits /= len(y)\n", ""), "logits", None, marks=long),
        pytest.param(
            CROSS_ENTROPY,
            ("[jnp.arange(len(y)), y].add", "[:, y].add"),
            "logits",
            None,
            marks=long,
        ),
        pytest.param(
            CROSS_ENTROPY, ("dW = x.T @ dlogits", "dW = -x.T @ dlogits"), "W", "sign", marks=long
        ),
        pytest.param(LISTS, ("1 - hs[t] ** 2", "1 - hs[t]"), "xs[0]", None, marks=long),
        (LISTS, ("dw += ", "dw = "), "w", "overwritten"),
    ],
)
def test_the_line_is_named(
    tmp_path: Path, text: str, change: tuple[str, str], root: str, code: str | None
) -> None:
    text = text.replace("def backward(dy, xhat", "def backward(dy, x, xhat")
    report = byhand.check(loaded(tmp_path, text, change))
    assert root in report.roots, str(report)
    if code is not None:
        mistake = report[root].mistake
        assert mistake is not None, str(report)
        assert mistake.code == code


@pytest.mark.parametrize("referee", ["jax", pytest.param("finite", marks=long)])
def test_others_agree(tmp_path: Path, referee: str) -> None:
    problem = loaded(tmp_path, CROSS_ENTROPY, ("dW = x.T @ dlogits", "dW = -x.T @ dlogits"))
    report = byhand.check(problem, referee=referee)
    assert report.referee == referee
    assert {row.name for row in report.rows if not row.right} == {"W"}


def test_the_steps_are_those_of_the_file(tmp_path: Path) -> None:
    problem = loaded(tmp_path, LAYER_NORM)
    program = trace_problem(problem, problem.inputs())
    assert [(step.name, step.line) for step in program.steps] == [
        *(("mean", 16), ("var", 16), ("rstd", 17), ("xhat", 18), ("y", 19)),
    ]
    assert program["y"].inputs == ("xhat", "g", "b")


def test_nothing_is_left_changed(tmp_path: Path) -> None:
    import jax
    import jax.numpy as jnp

    before = jax.config.jax_enable_x64, jnp.ones(2).dtype
    byhand.check(loaded(tmp_path, LAYER_NORM))
    assert (jax.config.jax_enable_x64, jnp.ones(2).dtype) == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("y = jax.scipy.special.erfinv(jnp.tanh(xhat)) * g + b", "erf_inv has no rule"),
        ("y = jax.pure_callback(lambda a: a, x, x)", "pure_callback has no rule"),
        ("y = x if x.sum() > 0 else -x", "looks at the value of an array"),
        ("y = x; y[0] = 0", "JAX arrays are immutable"),
    ],
)
def test_what_can_not_be_followed_is_one_line(tmp_path: Path, line: str, said: str) -> None:
    problem = loaded(tmp_path, LAYER_NORM, ("y = xhat * g + b", line))
    with pytest.raises(ProblemError) as caught:
        byhand.check(problem)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_for_numpy_is_refused(tmp_path: Path) -> None:
    problem = loaded(tmp_path, LAYER_NORM)
    with pytest.raises(UnsupportedError, match="forward is in JAX, but what is derived is in"):
        byhand.derive(problem)
    with pytest.raises(RefereeError, match="use --referee jax"):
        byhand.check(problem, referee="torch")
