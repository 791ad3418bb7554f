"""NumPy's functions that are a few ops: values as NumPy's, gradients as finite differences say.

Every function of `COMPOSITES` has a call here, or the test fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from printing import Symbol
from test_numpy_names import assert_same, itself, symbol

from byhand.engine.tensor import Tensor
from byhand.errors import UnsupportedError
from byhand.values.no_floats import NO_FLOATS
from byhand.values.numpy_composites import COMPOSITES

Call = Callable[[Any, Any], Any]

rng = np.random.default_rng(3)
X = rng.permutation(12).reshape(3, 4) / 5 - 1.03  # no ties, no zeros
Y = rng.permutation(12).reshape(3, 4) / 5 - 1.07
T = rng.permutation(24).reshape(2, 3, 4) / 10 - 1.13
U = rng.normal(size=(2, 4, 3))
V, W = rng.normal(size=5), rng.normal(size=4)
FIVE = np.arange(5) / 2 + 0.1 * V
S = np.array(0.7)
HOLES = np.where(X > 0.7, np.nan, X)
PLACES = np.array([[0, 1], [2, 2], [3, 0]])
ENDS = np.array([np.nan, np.inf, -np.inf, 0.5])

CALLS: dict[Callable[..., Any], list[Call]] = {
    np.fmax: [lambda f, x: f(x(X), x(Y)), lambda f, x: f(x(HOLES), 0.3)],
    np.fmin: [lambda f, x: f(x(X), x(W)), lambda f, x: f(0.3, x(HOLES))],
    np.heaviside: [lambda f, x: f(X, x(W)), lambda f, x: f(np.sign(X) + 1, x(Y))],
    np.sinc: [lambda f, x: f(x(X)), lambda f, x: f(x(np.zeros(3)))],
    **{ufunc: [lambda f, x: f(x(X))] for ufunc in (np.deg2rad, np.radians, np.rad2deg, np.degrees)},
    np.nan_to_num: [
        lambda f, x: f(x(ENDS)) / 1e308,
        lambda f, x: f(x(ENDS), nan=1.0, posinf=2.0, neginf=-3.0),
    ],
    np.median: [
        lambda f, x: f(x(X)),
        lambda f, x: f(x(X), axis=0),
        lambda f, x: f(x(X), 1, keepdims=True),
        lambda f, x: f(x(T), axis=(0, -1), keepdims=True),
        lambda f, x: f(x(T), axis=(2, 1)),
        lambda f, x: f(x(X), keepdims=True),
        lambda f, x: f(x(S)),
    ],
    np.quantile: [
        lambda f, x: f(x(X), 0.3),
        lambda f, x: f(x(X), [0.0, 0.5, 1.0], axis=0),
        lambda f, x: f(x(T), np.array([[0.2], [0.9]]), axis=1, keepdims=True),
        lambda f, x: f(x(T), 0.61, axis=(0, 2)),
        lambda f, x: f(x(T), [0.1, 0.25], axis=(0, 2), keepdims=True),
    ],
    np.percentile: [lambda f, x: f(x(X), 25), lambda f, x: f(x(X), [10, 99], axis=-1)],
    np.ptp: [lambda f, x: f(x(X)), lambda f, x: f(x(X), 1, keepdims=True)],
    np.nansum: [lambda f, x: f(x(HOLES)), lambda f, x: f(x(HOLES), axis=0)],
    np.nanmean: [lambda f, x: f(x(HOLES)), lambda f, x: f(x(HOLES), 0, keepdims=True)],
    np.cov: [
        lambda f, x: f(x(X)),
        lambda f, x: f(x(X), rowvar=False),
        lambda f, x: f(x(V), x(FIVE), ddof=0),
        lambda f, x: f(x(X), bias=True),
        lambda f, x: f(x(V)),
    ],
    np.corrcoef: [lambda f, x: f(x(X)), lambda f, x: f(x(V), x(FIVE)), lambda f, x: f(x(V))],
    np.gradient: [
        lambda f, x: f(x(V)),
        lambda f, x: f(x(X), 0.5),
        lambda f, x: f(x(X), 0.5, 2.0),
        lambda f, x: f(x(T), axis=-1),
        lambda f, x: f(x(T), 0.5, x(S), axis=(0, 2)),
    ],
    np.trapezoid: [
        lambda f, x: f(x(X)),
        lambda f, x: f(x(X), dx=x(S), axis=0),
        lambda f, x: f(x(T), x(W)),
        lambda f, x: f(x(T), x(W[:3]), axis=1),
        lambda f, x: f(x(X), x(Y)),
    ],
    np.ediff1d: [lambda f, x: f(x(X)), lambda f, x: f(x(X), to_end=x(S), to_begin=[1.0, 2.0])],
    np.interp: [
        lambda f, x: f(x(X), FIVE, V),
        lambda f, x: f(x(X), x(FIVE), x(V)),
        lambda f, x: f(X, FIVE, x(V), left=x(S), right=0.2),
        lambda f, x: f(x(X), [0.0, 1.0], [2.0, 5.0]),
        lambda f, x: f(x(FIVE[:3] + 0.01), FIVE, V),
    ],
    np.apply_along_axis: [
        lambda f, x: f(np.sum, 0, x(X)),
        lambda f, x: f(lambda row: np.outer(row, row), 1, x(T)),
        lambda f, x: f(lambda row, k: row[::-1] * k, -1, x(X), 3.0),
    ],
    np.convolve: [
        *(lambda f, x, m=m: f(x(V), x(W), m) for m in ("full", "same", "valid")),
        *(lambda f, x, m=m: f(x(W[:2]), x(V), mode=m) for m in ("full", "same", "valid")),
        lambda f, x: f(V, x(W[:3])),
    ],
    np.correlate: [
        *(lambda f, x, m=m: f(x(V), x(W), m) for m in ("full", "same", "valid")),
        *(lambda f, x, m=m: f(x(W[:2]), x(V), mode=m) for m in ("full", "same", "valid")),
        *(lambda f, x, m=m: f(x(W), V, mode=m) for m in ("full", "same", "valid")),
        lambda f, x: f(x(V), x(FIVE)),
    ],
    np.kron: [
        lambda f, x: f(x(X), x(Y[:2])),
        lambda f, x: f(x(W), x(X)),
        lambda f, x: f(x(T), W),
        lambda f, x: f(x(S), X),
    ],
    np.cross: [
        lambda f, x: f(x(X[:, :3]), x(Y[:, 1:])),
        lambda f, x: f(x(X), x(Y), axis=0),
        lambda f, x: f(x(W[:3]), Y[:, :3]),
    ],
    np.linalg.cross: [lambda f, x: f(x(X[0, :3]), x(W[1:]))],
    np.linalg.multi_dot: [lambda f, x: f([x(X), x(Y.T), x(W[:3])]), lambda f, x: f([W, x(X.T)])],
    np.linalg.matrix_power: [
        *(lambda f, x, n=n: f(x(X[:, :3]), n) for n in (-2, -1, 1, 3)),
        lambda f, x: f(x(X[:, :3]), 0) * x(S),
    ],
    np.vecdot: [lambda f, x: f(x(X), x(W)), lambda f, x: f(X, x(Y))],
    np.linalg.vecdot: [lambda f, x: f(x(X), x(Y)), lambda f, x: f(x(X), x(Y), axis=0)],
    np.vander: [
        lambda f, x: f(x(W)),
        lambda f, x: f(x(np.array([0.0, 2.0])), 4),
        lambda f, x: f(x(W), 3, increasing=True),
        lambda f, x: f(x(W), N=1) * x(W)[:, None],
    ],
    np.polyval: [lambda f, x: f(x(W), x(X)), lambda f, x: f([1.0, 2.0, 3.0], x(X))],
    np.select: [
        lambda f, x: f([X > 0.5, X > 0], [x(X), x(Y)], default=x(S)),
        lambda f, x: f([X > 0.5, X > 0], [x(W), 2.0]),
    ],
    np.choose: [lambda f, x: f(PLACES % 3, [x(S), x(W[:2]), 3.0])],
    np.compress: [
        lambda f, x: f([True, False, True], x(X), axis=0),
        lambda f, x: f([False, True, True], x(X)),
    ],
    np.extract: [lambda f, x: f(X > 0, x(Y))],
    np.delete: [
        lambda f, x: f(x(X), 1),
        lambda f, x: f(x(X), [0, -1], axis=1),
        lambda f, x: f(x(X), slice(1, None), 0),
        lambda f, x: f(x(X), np.array([True, False, True]), axis=0),
    ],
    np.insert: [
        lambda f, x: f(x(X), 1, x(S)),
        lambda f, x: f(x(X), 1, x(W), axis=0),
        lambda f, x: f(x(X), [0, 2], x(Y[:, :2]), axis=1),
        lambda f, x: f(x(W), slice(0, 2), 7.0),
    ],
    np.partition: [
        lambda f, x: f(x(X), 2),
        lambda f, x: f(x(T), (0, 2), axis=1),
        lambda f, x: f(x(X), 5, axis=None),
    ],
    np.rot90: [
        *(lambda f, x, k=k: f(x(X), k) for k in range(-1, 4)),
        *(lambda f, x, k=k: f(x(T), k, axes=(2, 0)) for k in range(4)),
    ],
    np.rollaxis: [
        *(lambda f, x, a=a, s=s: f(x(T), a, s) for a in (0, 1, -1) for s in (0, 1, 3, -1, -3)),
        lambda f, x: f(x(T), 1),
    ],
    np.atleast_3d: [
        lambda f, x: f(x(S)),
        lambda f, x: f(x(W)),
        lambda f, x: f(x(X)),
        lambda f, x: f(x(T)) * 2,
    ],
    np.dstack: [lambda f, x: f([x(W), W]), lambda f, x: f((x(X), x(Y)))],
    np.block: [
        lambda f, x: f([[x(X), x(Y)], [np.ones((2, 4)), x(Y)[:2]]]),
        lambda f, x: f([x(W), 1.0, x(V)]),
        lambda f, x: f([[x(W)], [x(X)]]),
        lambda f, x: f([x(T), T]),
    ],
    np.meshgrid: [
        lambda f, x: f(x(V), x(W)),
        lambda f, x: f(x(V), W, x(S), indexing="ij"),
        lambda f, x: f(x(V), x(W), [1.0, 2.0], sparse=True),
        lambda f, x: [f(x(V))[0] * 2],
    ],
    np.linspace: [
        lambda f, x: f(x(S), 2.0, 5),
        lambda f, x: f(x(W), x(W * W + 1), 4, endpoint=False, axis=1),
        lambda f, x: f(0.0, x(W), num=1),
    ],
    np.diag: [lambda f, x: f(x(X), 1), lambda f, x: f(x(W)), lambda f, x: f(x(W), -2)],
    np.diagflat: [lambda f, x: f(x(X)), lambda f, x: f(x(W), k=1)],
}
EACH = [
    pytest.param(f, call, id=f"{f.__name__}{i}")
    for f in COMPOSITES
    for i, call in enumerate(CALLS[f])
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("function", "call"), EACH)
def test_values(function: Callable[..., Any], call: Call) -> None:
    assert_same(call(function, symbol), call(function, itself))


def flat(found: Any) -> list[Any]:
    return [x for each in found for x in flat(each)] if isinstance(found, tuple | list) else [found]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("function", "call"), EACH)
def test_gradients(function: Callable[..., Any], call: Call) -> None:
    """Of a random combination of the results, by each array, along a random way."""
    tensors: list[Tensor] = []

    def tensor(x: np.ndarray) -> Tensor:
        tensors.append(Tensor(x))
        return tensors[-1]

    found = flat(call(function, tensor))
    weights = [np.random.default_rng(7 + k).normal(size=x.shape) for k, x in enumerate(found)]
    loss = sum(
        np.sum(np.where(np.isfinite(x), x * w, 0.0)) for x, w in zip(found, weights, strict=True)
    )
    assert isinstance(loss, Tensor)
    loss.backward()
    for position, each in enumerate(tensors):
        way = np.random.default_rng(position).normal(size=each.shape)
        ends: list[float] = []
        for step in (1e-6, -1e-6):
            taken = 0

            def moved(x: np.ndarray, step: float = step, position: int = position) -> Any:
                nonlocal taken
                taken += 1
                return x + step * way if taken == position + 1 else x  # noqa: B023

            results = flat(call(function, moved))
            ends.append(
                sum(
                    float(np.sum(np.where(np.isfinite(x), x * w, 0.0)))
                    for x, w in zip(results, weights, strict=True)
                )
            )
        grad = np.zeros(each.shape) if each.grad is None else each.grad
        known = np.isfinite(each.value)
        slope = np.sum(np.where(known, grad * way, 0.0))
        assert np.isfinite(grad).all()
        np.testing.assert_allclose(slope, (ends[0] - ends[1]) / 2e-6, rtol=1e-5, atol=1e-6)


REFUSED: list[tuple[str, Callable[[Any], Any]]] = [
    ("linear", lambda x: np.quantile(x, 0.5, method="lower")),
    ("constant q", lambda x: np.percentile(X, x[0, 0])),
    ("of nothing", lambda x: np.median(x[:0])),
    ("three elements", lambda x: np.cross(x[:, :2], Y[:, :2])),
    ("edge_order=1", lambda x: np.gradient(x, edge_order=2)),
    ("mode is", lambda x: np.convolve(x[0], W, mode="fall")),
    ("write x = ", lambda x: np.nan_to_num(x, copy=False)),
]


@pytest.mark.parametrize(("message", "call"), REFUSED)
def test_refusals_say_what_to_do(message: str, call: Callable[[Any], Any]) -> None:
    with pytest.raises(UnsupportedError, match=message):
        call(symbol(X))


# What gives no floats.

ROW = np.sort(V)
PLAIN: dict[Callable[..., Any], list[Call]] = {
    np.nonzero: [lambda f, x: f(x(X)), lambda f, x: x(X).nonzero()],
    np.flatnonzero: [lambda f, x: f(x(X))],
    np.argwhere: [lambda f, x: f(x(np.maximum(X, 0)))],
    np.argsort: [lambda f, x: f(x(np.sign(X)), axis=0, kind="stable")],
    np.argpartition: [lambda f, x: f(x(X), 1), lambda f, x: x(X).argpartition(2, axis=0)],
    np.lexsort: [lambda f, x: f((x(W), x(np.sign(W))))],
    np.searchsorted: [lambda f, x: f(ROW, x(X)), lambda f, x: f(x(ROW), W, side="right")],
    np.digitize: [lambda f, x: f(x(X), ROW), lambda f, x: f(X, bins=x(ROW))],
    np.nanargmax: [lambda f, x: f(x(HOLES), axis=1)],
    np.nanargmin: [lambda f, x: f(x(HOLES))],
    np.triu_indices_from: [lambda f, x: f(x(X), k=1)],
    np.tril_indices_from: [lambda f, x: f(x(X))],
    np.diag_indices_from: [lambda f, x: f(x(X[:, :3]))],
    np.count_nonzero: [lambda f, x: f(x(X), axis=0)],
    np.any: [lambda f, x: f(x(X), axis=0, keepdims=True), lambda f, x: x(X).any()],
    np.all: [lambda f, x: f(x(X)), lambda f, x: x(X).all(1)],
    np.isin: [lambda f, x: f(x(X), [X[0, 0], 3.0])],
    np.isclose: [lambda f, x: f(x(X), x(Y), atol=0.5)],
    np.allclose: [lambda f, x: f(x(X), X), lambda f, x: f(X, x(Y))],
    np.array_equal: [lambda f, x: f(x(X), x(X)), lambda f, x: f(x(HOLES), HOLES, equal_nan=True)],
    np.array_equiv: [lambda f, x: f(x(X), x(W))],
    np.isposinf: [lambda f, x: f(x(ENDS))],
    np.isneginf: [lambda f, x: f(x(ENDS))],
    np.iscomplex: [lambda f, x: f(x(X))],
    np.isreal: [lambda f, x: f(x(X))],
    np.iscomplexobj: [lambda f, x: f(x(X))],
    np.isrealobj: [lambda f, x: f(x(X))],
    np.signbit: [lambda f, x: f(x(X))],
    np.logical_xor: [lambda f, x: f(x(X), x(Y))],
    np.ndarray.astype: [lambda f, x: x(X).astype(int), lambda f, x: x(X).astype(bool)],
}


@pytest.mark.parametrize("function", sorted(NO_FLOATS, key=lambda f: f.__name__))
def test_what_gives_no_floats_gives_plain_arrays(function: Callable[..., Any]) -> None:
    for call in PLAIN[function]:
        found, expected = call(function, Tensor), call(function, itself)
        for one, other in zip(flat(found), flat(expected), strict=True):
            assert not isinstance(one, Tensor | Symbol)
            assert type(one) is type(other)
            np.testing.assert_array_equal(one, other)
