"""JAX's primitives on the engine's tensors: values and gradients, with JAX as the referee."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from byhand.engine import Tensor
from byhand.errors import UnsupportedError
from byhand.jax_dialect.arrays import float64
from byhand.jax_dialect.primitives import RULES
from byhand.jax_dialect.stage import staged
from byhand.values.arrays import Array
from sweeps import a_few

LABELS = np.array([0, 1, 1, 0])
RNG = np.random.default_rng(0)
X, W, V = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2)), RNG.uniform(0.3, 0.9, size=(4, 2))

Results = Sequence[Any]


def elementwise(x: Any, w: Any, v: Any) -> Results:
    y = x @ w
    return [
        *(jnp.exp(y), jnp.exp2(y), jnp.expm1(y), jnp.log(v), jnp.log1p(v), jnp.sqrt(v)),
        *(jnp.cbrt(y), jnp.sin(y), jnp.cos(y), jnp.tan(v), jnp.sinh(y), jnp.cosh(y), jnp.tanh(y)),
        *(jnp.arcsin(v), jnp.arccos(v), jnp.arctan(y), jnp.arcsinh(y), jnp.arccosh(1 + v)),
        *(jnp.arctanh(v), jnp.arctan2(y, v), jnp.abs(y), jnp.sign(y), -y, y - v, y * v, y / v),
        *(y**2, y**3, y**-1, v**1.5, 2.0**y, v**y, jnp.square(y), jax.lax.rsqrt(v)),
        *(jnp.maximum(y, v), jnp.minimum(y, 0.1), jnp.clip(y, -0.5, 0.5), jnp.where(y > v, y, v)),
        *(jax.nn.sigmoid(y), jax.scipy.special.erf(y), jax.scipy.special.erfc(y), jnp.round(y)),
        *(jnp.floor(y), jnp.ceil(y), y + jax.lax.stop_gradient(y), jnp.logaddexp(y, v)),
        *(jnp.isfinite(y) * y, (y != v) * y, (y <= v) * y, (y == v) * y, ~(y > v) * y),
        *(x.astype(int) * x, jnp.nan_to_num(y), jax.lax.select_n(LABELS, y[:, 0], v[:, 0])),
    ]


def along_axes(x: Any, w: Any, v: Any) -> Results:
    return [
        *(x.sum(), x.sum(0), x.sum(1, keepdims=True), x.mean(axis=(0, 1)), x.prod(1), x.max(0)),
        *(x.min(1), x.var(0), x.std(1, ddof=1), jnp.cumsum(x, 1), jnp.cumprod(x, 0)),
        *(jax.lax.cumsum(x, reverse=True), jnp.sort(x, 0), jnp.sort(x, 1, descending=True)),
        *(jax.lax.top_k(x, 2)[0], jax.lax.sort([x, x * x])[1], x[jnp.argmax(x, 0), jnp.arange(3)]),
        *(x[jnp.argmin(x, 0), jnp.arange(3)], jnp.linalg.norm(x), jnp.median(x, axis=0)),
        *(jax.lax.cummax(x, 0), jax.lax.cummin(x, 1, reverse=True), jax.lax.cumlogsumexp(x, 1)),
        *(jnp.remainder(x, 0.7), x % (v[:, :1] + x[:1] ** 2), jax.lax.rem(x, 0.3 + x * x)),
        *(jnp.all(x > -9, 0) * x[0], jnp.any(x > 9, 0) * x[0]),
    ]


def products(x: Any, w: Any, v: Any) -> Results:
    y = x @ w
    stacked = jnp.stack([x, 2 * x])
    return [
        *(y, x[0] @ w, x @ w[:, 0], x[0] @ x[1], stacked @ w, w.T @ x.T),
        *(jnp.einsum("ij,kj->ik", x, x), jnp.einsum("bij,bkj->bik", stacked, stacked)),
        *(jnp.einsum("ij,ij->i", y, v), jnp.tensordot(x, w, 1), jnp.outer(x[0], v[0])),
        *(stacked @ jnp.stack([w, w]), jnp.einsum("bij,bjk->bki", stacked, jnp.stack([w, w]))),
    ]


def windows(x: Any, w: Any, v: Any) -> Results:
    pictures = jnp.stack([x, x * x, jnp.sin(x)])[:, None] + w[0, 0]  # batch, channel, 4, 3
    kernel = jnp.stack([w, w * w, -w])[:, None]  # out, in, 3, 2
    in_last = pictures.transpose(0, 2, 3, 1)

    def pooled(init: float, best: Any, *options: Any) -> Any:
        return jax.lax.reduce_window(in_last, init, best, *options)

    def convolved(*options: Any, **more: Any) -> Any:
        return jax.lax.conv_general_dilated(pictures, kernel, *options, **more)

    two = jnp.concatenate([pictures, 2 * pictures], 1)
    return [
        *(
            convolved((1, 1), "VALID"),
            convolved((2, 1), "SAME"),
            convolved((1, 2), [(2, 1), (0, 1)]),
        ),
        convolved((1, 1), [(2, 2), (1, 1)], rhs_dilation=(2, 1)),
        convolved((1, 1), [(1, 1), (1, 2)], lhs_dilation=(2, 3)),
        jax.lax.conv(two, jnp.concatenate([kernel, kernel], 1), (1, 1), "VALID"),
        jax.lax.conv_general_dilated(
            two,
            jnp.concatenate([kernel, v[:3, :1, None, None] * kernel]),
            (1, 1),
            "VALID",
            feature_group_count=2,
        ),
        jax.lax.conv_general_dilated(
            in_last,
            kernel.transpose(2, 3, 1, 0),
            (1, 1),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        ),
        jnp.convolve(x[:, 0], w[:, 1]),
        pooled(-jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 1, 1), "VALID"),
        pooled(jnp.inf, jax.lax.min, (1, 2, 2, 1), (1, 1, 1, 1), "SAME"),
        pooled(0.0, jax.lax.add, (1, 3, 2, 1), (1, 1, 2, 1), "SAME"),
    ]


def moved(x: Any, w: Any, v: Any) -> Results:
    rows = jnp.arange(4)
    far = jnp.array([0, 7, -1])
    return [
        *(x.T, x.reshape(2, 6), x[None], x[..., None].squeeze(-1), x[::-1], x[1:3, ::2], x[-1]),
        *(jnp.concatenate([x, 2 * x]), jnp.stack([x, x], 1), jnp.tile(x, (2, 1)), jnp.tril(x)),
        *(jnp.roll(x, 1, 0), jnp.flip(x, 1), jnp.pad(x, ((1, 2), (0, 1))), jnp.repeat(x, 2, 0)),
        *(
            jnp.pad(x, 1, constant_values=3.0),
            *jnp.split(x, [1, 3]),
            jnp.broadcast_to(x, (2, 4, 3)),
        ),
        *(x[LABELS], x[rows, LABELS], x[:, LABELS], x[rows[:, None], jnp.array([[2, 0]])]),
        *(jnp.take_along_axis(x, LABELS[:, None], 1), jnp.take(x, far, axis=0)),
        *(jnp.take(x, far, axis=0, mode="clip"), x.at[far].get(mode="fill", fill_value=0.5)),
        *(jax.lax.dynamic_slice(x, (1, 0), (2, 2)), jax.lax.dynamic_slice(x, (3, 2), (2, 2))),
        *(jax.lax.dynamic_update_slice(x, w, (1, 1)), x.at[rows, LABELS].add(v[:, 0])),
        *(jnp.zeros(3).at[LABELS].add(x[:, 0]), x.at[0].set(w[:, 0]), x.at[rows, LABELS].set(0.0)),
        *(x.at[1:3].add(1.5), jnp.zeros((4, 3)).at[rows, LABELS].set(v[:, 1]), x.at[9].add(x[0])),
        *(jnp.diag(x[:, 0]), jnp.trace(x), x.ravel()[rows], jnp.squeeze(x[:, :1])),
    ]


def functions(x: Any, w: Any, v: Any) -> Results:
    y = x @ w

    def step(carry: Any, row: Any) -> Any:
        return carry * 0.5 + row, carry * row

    def branch(which: int) -> Any:
        return jax.lax.switch(which, [lambda a: a * 2, jnp.sin], y)

    return [
        *(jax.nn.relu(y), jax.nn.silu(y), jax.nn.gelu(y), jax.nn.gelu(y, approximate=False)),
        *(jax.nn.softmax(y), jax.nn.log_softmax(y, 0), jax.nn.logsumexp(y, 1), jax.nn.softplus(y)),
        *(jax.nn.one_hot(LABELS, 2) * y, jax.nn.leaky_relu(y), jax.nn.elu(y), jax.nn.glu(y)),
        *(*jax.lax.scan(step, jnp.zeros(2), y), *jax.lax.scan(step, y[0], y, reverse=True)),
        jax.lax.fori_loop(0, 3, lambda i, c: c * y[i], y[0]),
        *(branch(0), branch(1), jax.vmap(lambda a: a.sum() * a)(y), jax.jit(lambda a: a * 3)(y)),
        jax.checkpoint(lambda a: jnp.sin(jnp.sin(a)))(y),
        *(y * jax.random.normal(jax.random.key(0), y.shape), y.astype(jnp.float64)),
    ]


@pytest.mark.parametrize(
    "function", a_few([elementwise, along_axes, products, windows, moved, functions])
)
def test_values_and_gradients(function: Callable[..., Results]) -> None:
    given = {"x": X, "w": W, "v": V}
    tensors = {name: Tensor(value) for name, value in given.items()}
    found, _ = staged(lambda named: function(**named), tensors)
    rng = np.random.default_rng(1)
    upstream = [rng.normal(size=np.shape(each)) for each in found]

    @jax.jit
    def theirs(given: Any) -> Any:
        def loss(given: Any) -> Any:
            results = function(**given)
            pairs = zip(results, upstream, strict=True)
            finite = [jnp.where(jnp.isfinite(each), each, 0.0) * g for each, g in pairs]
            return sum(each.sum() for each in finite), results

        return jax.grad(loss, has_aux=True)(given)

    with float64():
        gradients, true = theirs(given)
    total: Any = Tensor(0.0)
    for place, (mine, theirs, g) in enumerate(zip(found, true, upstream, strict=True)):
        value: Array = mine.value if isinstance(mine, Tensor) else np.asarray(mine)
        np.testing.assert_allclose(
            value, np.asarray(theirs), rtol=1e-12, atol=1e-13, err_msg=str(place)
        )
        if isinstance(mine, Tensor):
            total = total + (np.where(np.isfinite(value), mine, 0.0) * g).sum()
    total.backward()
    for name, tensor in tensors.items():
        mine = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad
        np.testing.assert_allclose(mine, np.asarray(gradients[name]), rtol=1e-9, err_msg=name)


def test_a_loop_of_unknown_length() -> None:
    def cubed(named: Any) -> Results:
        def more(carry: Any) -> Any:
            return carry[0] + 1, carry[1] * named["v"]

        return [jax.lax.while_loop(lambda carry: carry[0] < 2, more, (0, named["v"]))[1]]

    (found,), _ = staged(cubed, {"v": (tensor := Tensor(V))})
    np.testing.assert_allclose(found.value, V**3)
    found.sum().backward()
    np.testing.assert_allclose(tensor.grad, 3 * V**2)


def test_what_has_no_rule_is_said() -> None:
    assert "cholesky" not in RULES
    with pytest.raises(UnsupportedError, match="JAX's cholesky has no rule here"):
        staged(lambda named: [jnp.linalg.cholesky(named["x"] @ named["x"].T)], {"x": Tensor(X)})


def test_a_value_that_is_not_known_yet_is_said() -> None:
    with pytest.raises(UnsupportedError, match="it looks at the value of an array"):
        staged(lambda named: [named["x"] if named["x"].sum() > 0 else 0], {"x": Tensor(X)})


def test_constants_keep_the_type_of_what_they_meet() -> None:
    (found,), _ = staged(lambda named: [named["x"] * 1e-5 + 1], {"x": Tensor(np.float32(X))})
    assert found.value.dtype == np.float32
