"""NumPy's functions on an operand: each gives what NumPy gives, or says what to write instead.

Every function of `FUNCTIONS` and every method of `ArrayLike` has a call here, or the test fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
from printing import Symbol, evaluated, number

from byhand.errors import UnsupportedError
from byhand.ops import numpy_names
from byhand.ops.arraylike import ArrayLike
from byhand.values.numpy_composites import COMPOSITES

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 4))
Y = rng.normal(size=(3, 4))
V = rng.normal(size=4)
S = np.array(1.5)
T = rng.normal(size=(2, 3, 4))
ROW = rng.normal(size=(1, 4))
SQUARE = rng.normal(size=(3, 3)) + 3 * np.eye(3)
COUNTED = np.array([0, 2, 2, 5])
PLACES = np.array([[0, 1], [2, 2], [3, 0]])

windows = np.lib.stride_tricks.sliding_window_view

# Each is called with the arrays as symbols, and as arrays: the results are equal.
CALLS: dict[Callable[..., Any], list[Callable[[Any, Any], Any]]] = {
    np.sum: [lambda f, x: f(x(X)), lambda f, x: f(x(X), 0, keepdims=True), lambda f, x: f(a=x(X))],
    np.mean: [lambda f, x: f(x(X)), lambda f, x: f(x(T), axis=(0, 2))],
    np.prod: [lambda f, x: f(x(X), -1)],
    np.max: [lambda f, x: f(x(X)), lambda f, x: f(x(X), axis=1, keepdims=True)],
    np.amax: [lambda f, x: f(x(X), 0)],
    np.min: [lambda f, x: f(x(X), axis=1)],
    np.amin: [lambda f, x: f(x(X), 0)],
    np.var: [lambda f, x: f(x(X), 0, ddof=1), lambda f, x: f(x(X), axis=1, correction=1)],
    np.std: [lambda f, x: f(x(X)), lambda f, x: f(x(X), axis=1, keepdims=True, ddof=1)],
    np.average: [
        lambda f, x: f(x(X), 0),
        lambda f, x: f(x(X), axis=1, weights=x(np.abs(Y))),
        lambda f, x: f(X, weights=x(np.abs(Y))),
    ],
    np.cumsum: [lambda f, x: f(x(X)), lambda f, x: f(x(X), axis=1)],
    np.cumprod: [lambda f, x: f(x(X)), lambda f, x: f(x(X), axis=0)],
    np.argmax: [lambda f, x: f(x(X)), lambda f, x: f(x(X), 1, keepdims=True)],
    np.argmin: [lambda f, x: f(x(X)), lambda f, x: f(x(X), axis=1)],
    np.where: [
        lambda f, x: f(x(X)),
        lambda f, x: f(X > 0, x(X), 0.0),
        lambda f, x: f(x(X) > 0, 1.0, 0.0),
    ],
    np.clip: [
        lambda f, x: f(x(X), -0.5, 0.5),
        lambda f, x: f(x(X), None, 0.5),
        lambda f, x: f(x(X), 0, None),
        lambda f, x: f(x(X), min=0.1),
        lambda f, x: f(x(X), max=0.1),
    ],
    np.round: [lambda f, x: f(x(X))],
    np.around: [lambda f, x: f(x(X))],
    np.fix: [lambda f, x: f(x(X))],
    np.copy: [lambda f, x: f(x(X))],
    np.diff: [
        lambda f, x: f(x(X)),
        lambda f, x: f(x(X), 2, axis=0),
        lambda f, x: f(x(X), prepend=0.0),
        lambda f, x: f(x(X), 2, 0, prepend=x(X)[:1] ** 2, append=1),
    ],
    np.reshape: [
        lambda f, x: f(x(X), -1),
        lambda f, x: f(x(X), [2, 6]),
        lambda f, x: f(x(X), shape=(4, 3)),
        lambda f, x: f(x(X), (2, 6), order="F"),
        lambda f, x: f(x(T), -1, order="F"),
    ],
    np.ravel: [
        lambda f, x: f(x(X)),
        lambda f, x: f(x(V)),
        lambda f, x: f(x(S)),
        lambda f, x: f(x(X), order="F"),
        lambda f, x: x(X).flatten(order="F"),
    ],
    np.transpose: [lambda f, x: f(x(X)), lambda f, x: f(x(T), [2, 0, -2])],
    np.swapaxes: [lambda f, x: f(x(T), 0, -1)],
    np.matrix_transpose: [lambda f, x: f(x(T))],
    np.linalg.matrix_transpose: [lambda f, x: f(x(X))],
    np.moveaxis: [
        lambda f, x: f(x(T), 0, -1),
        lambda f, x: f(x(T), -1, 0),
        lambda f, x: f(x(T), (0, 1), (2, 0)),
    ],
    np.expand_dims: [lambda f, x: f(x(X), 1), lambda f, x: f(x(X), (0, -1))],
    np.squeeze: [lambda f, x: f(x(ROW)), lambda f, x: f(x(ROW), axis=0)],
    np.atleast_1d: [lambda f, x: f(x(S)), lambda f, x: f(x(X))],
    np.atleast_2d: [lambda f, x: f(x(S)), lambda f, x: f(x(V)), lambda f, x: f(x(T))],
    np.broadcast_to: [lambda f, x: f(x(V), (3, 4)), lambda f, x: f(x(S), 5)],
    np.broadcast_arrays: [lambda f, x: f(x(V), X), lambda f, x: f(x(ROW), x(S))],
    np.concatenate: [
        lambda f, x: f([x(X), Y]),
        lambda f, x: f((X, x(Y)), axis=-1),
        lambda f, x: f((x(X), V), axis=None),
    ],
    np.stack: [lambda f, x: f([x(X), x(Y)]), lambda f, x: f((x(X), Y), axis=-1)],
    np.vstack: [lambda f, x: f([x(V), X]), lambda f, x: f([x(V), V])],
    np.hstack: [lambda f, x: f([x(V), V]), lambda f, x: f([X, x(Y)]), lambda f, x: f([x(S), V])],
    np.column_stack: [lambda f, x: f([x(V), X.T])],
    np.append: [lambda f, x: f(x(X), V), lambda f, x: f(x(X), x(Y), axis=0)],
    np.array_split: [
        lambda f, x: f(x(V), 3),
        lambda f, x: f(x(X), 5, axis=1),
        lambda f, x: f(x(V), [1, -1]),
        lambda f, x: f(x(V), [3, 1, 9]),
    ],
    np.split: [lambda f, x: f(x(X), 2, axis=1), lambda f, x: f(x(X), [1], axis=-1)],
    np.vsplit: [lambda f, x: f(x(X), 3)],
    np.hsplit: [lambda f, x: f(x(X), 2), lambda f, x: f(x(V), 2)],
    np.pad: [
        lambda f, x: f(x(X), 1),
        lambda f, x: f(x(X), (1, 2), constant_values=3.0),
        lambda f, x: f(x(X), 1, "constant", constant_values=((0, 0), (0, 0))),
        lambda f, x: f(x(X), ((0, 1), (2, 0)), mode="constant"),
        lambda f, x: f(x(X), [(1, 2)]),
        lambda f, x: f(x(X), 2, mode="reflect"),
        lambda f, x: f(x(X), ((0, 0), (2, 1)), "edge"),
        lambda f, x: f(x(X), (1, 3), mode="wrap"),
        lambda f, x: f(x(X), 2, mode="symmetric"),
    ],
    np.flip: [lambda f, x: f(x(X)), lambda f, x: f(x(X), axis=1)],
    np.flipud: [lambda f, x: f(x(X))],
    np.fliplr: [lambda f, x: f(x(X))],
    np.roll: [lambda f, x: f(x(X), 2), lambda f, x: f(x(X), (1, -1), (0, 1))],
    np.repeat: [
        lambda f, x: f(x(X), 2),
        lambda f, x: f(x(X), 2, axis=1),
        lambda f, x: f(x(X), [0, 1, 2], axis=0),
        lambda f, x: f(x(X), np.array([3]), axis=0),
    ],
    np.tile: [lambda f, x: f(x(X), 2), lambda f, x: f(x(X), (2, 1, 1))],
    np.tril: [lambda f, x: f(x(X)), lambda f, x: f(x(T), k=-1)],
    np.triu: [lambda f, x: f(x(X), 1)],
    np.diagonal: [lambda f, x: f(x(X)), lambda f, x: f(x(T), 1, axis1=-2, axis2=-1)],
    np.linalg.diagonal: [lambda f, x: f(x(T), offset=1)],
    windows: [lambda f, x: f(x(V), 2), lambda f, x: f(x(X), (2, 3)), lambda f, x: f(x(X), 2, -1)],
    np.linalg.matmul: [lambda f, x: f(x(X), V)],
    np.dot: [
        lambda f, x: f(x(X), V),
        lambda f, x: f(x(V), V),
        lambda f, x: f(x(X), 2.0),
        lambda f, x: f(T, x(X.T)),
        lambda f, x: f(x(T), T.transpose(0, 2, 1)),
    ],
    np.vdot: [lambda f, x: f(x(X), Y)],
    np.inner: [lambda f, x: f(x(X), T), lambda f, x: f(x(X), 2.0)],
    np.outer: [lambda f, x: f(x(V), X)],
    np.linalg.outer: [lambda f, x: f(x(V), V)],
    np.tensordot: [
        lambda f, x: f(x(X), Y),
        lambda f, x: f(x(X), T, axes=([1], [2])),
        lambda f, x: f(x(X), T, (1, 2)),
    ],
    np.linalg.tensordot: [lambda f, x: f(x(X), Y, axes=2)],
    np.einsum: [
        lambda f, x: f("ij,kj->ik", x(X), Y),
        lambda f, x: f("...j,j", T, x(V), optimize=True),
    ],
    np.trace: [lambda f, x: f(x(X)), lambda f, x: f(x(T), 1, 1, 2)],
    np.linalg.trace: [lambda f, x: f(x(T), offset=1)],
    np.linalg.inv: [lambda f, x: f(x(SQUARE))],
    np.linalg.det: [lambda f, x: f(x(SQUARE)), lambda f, x: f(x(T[..., :3]))],
    np.linalg.slogdet: [
        lambda f, x: f(x(-SQUARE)),
        lambda f, x: f(x(T[..., :3])).logabsdet * f(x(T[..., :3])).sign,
    ],
    np.linalg.cholesky: [
        lambda f, x: f(x(SQUARE @ SQUARE.T)),
        lambda f, x: f(x(SQUARE @ SQUARE.T), upper=True),
    ],
    np.linalg.solve: [lambda f, x: f(SQUARE, x(X))],
    np.linalg.norm: [
        lambda f, x: f(x(V)),
        lambda f, x: f(x(X)),
        lambda f, x: f(x(X), axis=1, keepdims=True),
        lambda f, x: f(x(X), 2, axis=0),
        lambda f, x: f(x(X), "fro"),
        lambda f, x: f(x(V), ord=1),
    ],
    np.linalg.vector_norm: [lambda f, x: f(x(X), axis=1), lambda f, x: f(x(X), ord=1)],
    np.take: [lambda f, x: f(x(X), PLACES), lambda f, x: f(x(X), [0, 0], axis=1)],
    np.take_along_axis: [
        lambda f, x: f(x(X), PLACES, axis=1),
        lambda f, x: f(x(X), PLACES[0], axis=None),
    ],
    np.sort: [
        lambda f, x: f(x(X), kind="stable"),
        lambda f, x: f(x(X), axis=0),
        lambda f, x: f(x(X), axis=None),
    ],
    np.argsort: [
        lambda f, x: f(x(X)),
        lambda f, x: f(x(X), axis=None),
        lambda f, x: f(x(np.sign(X)), kind="stable"),
    ],
    np.bincount: [
        lambda f, x: f(COUNTED, x(V)),
        lambda f, x: f(COUNTED, weights=x(V), minlength=9),
    ],
    np.shape: [lambda f, x: f(x(X))],
    np.ndim: [lambda f, x: f(x(X))],
    np.size: [lambda f, x: f(x(X)), lambda f, x: f(x(X), 1)],
    np.zeros_like: [lambda f, x: f(x(X))],
    np.ones_like: [lambda f, x: f(x(X)), lambda f, x: f(x(X), dtype=bool)],
    np.full_like: [lambda f, x: f(x(X), 7.0), lambda f, x: f(x(X), x(S))],
}
SHAPE_ALONE = {np.empty_like}

METHODS: dict[str, list[Callable[[Any], Any]]] = {
    "sum": [lambda x: x.sum(), lambda x: x.sum(0, keepdims=True)],
    "mean": [lambda x: x.mean(1)],
    "prod": [lambda x: x.prod()],
    "max": [lambda x: x.max(axis=1, keepdims=True)],
    "min": [lambda x: x.min()],
    "var": [lambda x: x.var(0, ddof=1)],
    "std": [lambda x: x.std()],
    "cumsum": [lambda x: x.cumsum(), lambda x: x.cumsum(1)],
    "cumprod": [lambda x: x.cumprod(), lambda x: x.cumprod(1)],
    "argmax": [lambda x: x.argmax(1), lambda x: x.argmax(keepdims=True)],
    "argmin": [lambda x: x.argmin()],
    "argsort": [lambda x: x.argsort(), lambda x: x.argsort(0)],
    "reshape": [lambda x: x.reshape(4, 3), lambda x: x.reshape((2, -1)), lambda x: x.reshape(-1)],
    "ravel": [lambda x: x.ravel()],
    "flatten": [lambda x: x.flatten()],
    "transpose": [
        lambda x: x.transpose(),
        lambda x: x.transpose(1, 0),
        lambda x: x.transpose((0, 1)),
        lambda x: x.transpose(None),
    ],
    "swapaxes": [lambda x: x.swapaxes(0, 1)],
    "squeeze": [lambda x: x[:1].squeeze(), lambda x: x[:1].squeeze(0)],
    "repeat": [lambda x: x.repeat(2), lambda x: x.repeat([1, 0, 2], axis=0)],
    "take": [lambda x: x.take([1, 1]), lambda x: x.take(0, axis=1)],
    "clip": [lambda x: x.clip(-0.1, 0.1), lambda x: x.clip(0), lambda x: x.clip(max=0)],
    "dot": [lambda x: x.dot(V)],
    "trace": [lambda x: x.trace()],
    "diagonal": [lambda x: x.diagonal()],
    "copy": [lambda x: x.copy()],
    "round": [lambda x: x.round()],
    "compress": [lambda x: x.compress([True, False, True], axis=1)],
    "any": [lambda x: x.any(), lambda x: x.any(axis=0)],
    "all": [lambda x: x.all(1)],
    "nonzero": [lambda x: x.nonzero()],
    "searchsorted": [lambda x: np.sort(x[0]).searchsorted(Y, side="right")],
    "argpartition": [lambda x: x.argpartition(2, axis=0)],
    "astype": [lambda x: x.astype(np.float64), lambda x: x.astype(int), lambda x: x.astype(bool)],
    "T": [lambda x: x.T],
    "mT": [lambda x: x.mT],
    "size": [lambda x: x.size],
    "ndim": [lambda x: x.ndim],
    "shape": [lambda x: x.shape],
    "dtype": [lambda x: x.dtype],
}
NOT_NUMPYS = {"apply", "cast", "without_op"}

OPERATORS: list[Callable[[Any], Any]] = [
    lambda x: (-x, +x, abs(x), x + 1, 1 + x, x - 1, 1 - x, x * 2, 2 * x, x / 2, 2 / x),
    lambda x: (x**2, 2**x, x @ Y.T, Y.T @ x, x < 0, x <= 0, x > 0, x >= 0, x == 0, x != 0),
    lambda x: (X + x, X - x, X * x, X / x, X @ x.T, X < x, X == x),  # noqa: SIM300
    lambda x: ((x > 0) & (x < 1), (X > 0) & (x < 1), (x > 0) | (X > 1), ~(x > 0)),
    lambda x: ((X > 0) | (x > 1), True & (x > 0), False | (x > 0)),
    lambda x: (x[0], x[:, 1:], x[..., None], x[[0, 0]], x[X > 0], x[np.arange(3), [3, 0, 3]]),
    lambda x: (len(x), *x),
    lambda x: (np.add.reduce(x), np.add.reduce(x, axis=1, keepdims=True), np.add.reduce(x, None)),
    lambda x: (np.multiply.reduce(x, 1), np.maximum.reduce(x), np.minimum.reduce(x, axis=(0, 1))),
    lambda x: (np.logaddexp.reduce(x, axis=1), np.add.accumulate(x), np.multiply.accumulate(x, 1)),
    lambda x: (np.subtract.outer(x, V), np.multiply.outer(V, x)),
    lambda x: (np.abs(x), np.true_divide(x, 2), np.pow(x, 2), np.isnan(x), np.sign(x), np.fabs(x)),
    lambda x: (scipy.special.expit(x), scipy.special.erf(x), scipy.special.log1p(abs(x))),
    lambda x: X.clip(x, 1.0),
    lambda x: (x % 0.3, 0.7 // x, np.fmod(x, -0.3), np.trunc(x), np.conj(x), np.float_power(x, 2)),
]

REFUSED: list[tuple[str, Callable[[Any], Any]]] = [
    ("np.sum.*dtype.*leave dtype out", lambda x: np.sum(x, dtype=np.float64)),
    ("write x = x \\+ y", lambda x: X.copy().__iadd__(x)),
    ("np.where\\(condition, x, y\\)", lambda x: np.exp(x, where=X > 0)),
    ("leave dtype out", lambda x: np.exp(x, dtype=np.float32)),
    ("np.eye\\(n\\)\\[index\\].T @ rows", lambda x: np.add.at(np.zeros((9, 4)), [1, 1, 2], x)),
    ("np.sin.reduce|reduce has no rule", lambda x: np.subtract.reduce(x)),
    ("np.modf has no rule", lambda x: np.modf(x)),
    ("np.unwrap has no rule", lambda x: np.unwrap(x)),
    (r"np.fft.irfft has no rule.*complex numbers.*x @ np.cos", lambda x: np.fft.irfft(x)),
    ("np.unique has no rule", lambda x: np.unique(x, return_inverse=True)),
    ("np.linalg.invv|np.linalg.pinv has no rule.*np.linalg.inv", lambda x: np.linalg.pinv(x)),
    ("np.diagonal", lambda x: np.einsum("ii->i", x[:, :3])),
    ("np.einsum\\(", lambda x: np.einsum(x, [0, 1], [1])),
    ("names 2 arguments, but 1", lambda x: np.einsum("ij,jk->ik", x)),
    ("mode=constant, edge", lambda x: np.pad(x, 1, mode="mean")),
    ("2-norm", lambda x: np.linalg.norm(x, 2)),
    ("2-norm", lambda x: np.linalg.vector_norm(x, ord=3)),
    ("shape of the values", lambda x: np.average(x, axis=1, weights=V)),
    ("one window along each axis", lambda x: windows(x, (2, 2), (0, 0))),
    ("decimals", lambda x: np.round(x, decimals=2)),
    ("keep it a float", lambda x: x.astype(complex)),
]


def assert_same(by_symbol: Any, by_array: Any) -> None:
    if isinstance(by_array, tuple | list):
        assert len(by_symbol) == len(by_array)
        for one, other in zip(by_symbol, by_array, strict=True):
            assert_same(one, other)
        return
    assert np.shape(number(by_symbol)) == np.shape(by_array)
    np.testing.assert_allclose(number(by_symbol), by_array, rtol=1e-12)
    if isinstance(by_symbol, Symbol):
        names = {text: value for text, value in NAMED.items() if text in by_symbol.text}
        np.testing.assert_allclose(evaluated(by_symbol, **names), by_array, rtol=1e-12)


NAMED: dict[str, Any] = {}


def symbol(x: np.ndarray) -> Symbol:
    name = f"array{len(NAMED)}"
    NAMED[name] = x
    return Symbol(name, x)


def itself(x: np.ndarray) -> np.ndarray:
    return x


@pytest.mark.parametrize(
    "function", [f for f in numpy_names.FUNCTIONS if f not in COMPOSITES], ids=lambda f: f.__name__
)
def test_functions(function: Callable[..., Any]) -> None:
    if function in SHAPE_ALONE:
        assert function(symbol(X)).shape == X.shape
        return
    for call in CALLS[function]:
        assert_same(call(function, symbol), call(function, itself))


@pytest.mark.parametrize("name", [n for n in dir(ArrayLike) if not n.startswith("_")])
def test_methods(name: str) -> None:
    if name not in NOT_NUMPYS:
        for call in METHODS[name]:
            if name == "dtype":
                assert call(symbol(X)) == X.dtype
            else:
                assert_same(call(symbol(X)), call(X))


@pytest.mark.parametrize("call", OPERATORS)
def test_operators_and_ufuncs(call: Callable[[Any], Any]) -> None:
    assert_same(call(symbol(X)), call(X))


@pytest.mark.parametrize(("message", "call"), REFUSED)
def test_refusals_say_what_to_do(message: str, call: Callable[[Any], Any]) -> None:
    with pytest.raises(UnsupportedError, match=message):
        call(symbol(X))
