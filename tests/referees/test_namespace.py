"""NumPy's operators, methods and functions on PyTorch's and JAX's arrays: values and gradients.

Each call is tried on plain NumPy, on both libraries, and on the rehearsal's own arrays; gradients
are compared with central differences of plain NumPy. On JAX a call is one program, as it is for the
referee: op by op, every single one would be compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import jax
import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from referee_forwards import normal
from scipy import special

from byhand.ops import REGISTRY
from byhand.referees.jax import NUMPY as JAX
from byhand.referees.namespace import Library, LibraryArray
from byhand.referees.torch import NUMPY as TORCH
from sweeps import a_few, some

ITSELF = Library("NumPy", np, np.ndarray, np.asarray, np.asarray)
LIBRARIES = {library.name: library for library in (ITSELF, TORCH, JAX)}

X = np.random.default_rng(0).permutation(24).reshape(2, 3, 4) / 10 - 1.03  # no ties, no zeros
Y = np.random.default_rng(1).permutation(24).reshape(2, 3, 4) / 10 - 1.07
I3 = np.array([[2, 0, 0], [1, 1, 2]])

CALLS = """
# operators
-x + y - 2 * x / (y * y + 1) + 1 / (x * x + 2) - (+y) * 3
x**2 + (x * x + 1) ** y + 2**x + (y**2) ** 0.5
x @ y.mT
(x @ Y[0].T)[:, :, :3] + np.ones((3, 3)) @ (y @ X[1].T)
x @ y[0, 0] + x[0, 0] @ y.mT
x[0, 0] @ y[0, 0] * x
x % 0.7 + y // 0.3 + 1.5 % (x * x + 1)
abs(x) * np.fabs(y)
X + x - (Y * y) / (X * x + 9) + np.float64(2) * x
x * [1.0, 2.0, 3.0, 4.0] + [[1.0], [2.0], [3.0]] * y
np.maximum(x, [0.1, 0.2, 0.3, 0.4])
x * (x > 0) + y * (x <= y) + x * (0.2 < y) * (x != 5) + (x == y) * y
x * ((x > 0) & ~(y > 0) | (x > y))
np.where(np.logical_or(x > 0, y > 0), x, y)
x * np.arange(4) + (y > 0).astype(int) * x + x.argmax(-1).sum()
# methods
x.sum() * x.sum(0, keepdims=True) + x.sum(axis=(0, 2), keepdims=True)
x.mean() + x.mean(1, keepdims=True) * x.mean(axis=-1, keepdims=True)
x.max() * x.max(1, keepdims=True) - y.min(axis=(0, 1)) * x.min(-1).sum()
x.var(0, ddof=1) * x.std() + y.var(axis=(1, 2), keepdims=True) + y.std(2).sum()
x.prod() + x.prod(1, keepdims=True) + x.prod(axis=(0, 2), keepdims=True)
y.cumprod(1) + y.cumsum(0) + y.cumsum()[3]
x.reshape(2, -1) + y.reshape((2, 12)) + y.reshape([2, 12])
x.ravel() * y.flatten() + x.reshape(-1)
x.T + y.transpose() + x.transpose(2, 1, 0) + y.transpose((2, 1, 0)) + x.swapaxes(0, 2)
x[:1].squeeze() + x[:1].squeeze(0) + x[:1, :, :, None].squeeze(axis=(0, 3))
x.repeat(2, axis=1) + y.repeat([0, 3, 3], 1)
x.take([3, 0, 3], axis=2) + y.take(5) + x.take(np.array([-1, 1]))[1]
x.clip(-0.5, 0.5) + x.clip(0.1) + x.clip(max=0.2)
y.round() + y.copy() + x[0].dot(y[0].T).trace() + x.diagonal()[0, 0]
x.astype(np.float64) * x.astype(int) + y.astype(float)
x * x.ndim + y * x.size * len(x) / x.shape[-1] + np.zeros(x.shape, x.dtype)
# indexing
x[0, 1] * y[-1, ..., 2, None] + x[1, 1, 1]
x[:, ::-1, 1::2] * y[::-1, :, -1:-4:-2]
x[[0, 1, 0]] + y[np.array([1, 1, 1])] * x[0][[2, 0, 0]]
x[0, :, [0, 3, 3]] * y[[[1]], [0, 1, 1], 2].sum()
x[:, I3[0], I3[1]] + x[1, I3[0][:, None], [[1, 1, 0]]].sum()
x[x > 0].sum() * y[Y > 0.5]
x[np.array([True, False])] * y[1, np.array([True, False, True])].mean()
x[0][np.arange(3), y[0].argmax(1)]
sum(row * i for i, row in enumerate(x))
# elementwise functions
np.exp(x) + np.sin(y) * np.cos(x) + np.tanh(x) * np.arctan(y) + np.expm1(x)
np.log(x * x) + np.sqrt(y * y + 1) + np.log1p(x * x) + np.cbrt(y)
np.log2(x * x) + np.log10(y * y) + np.exp2(x) + np.sinh(x) * np.cosh(y)
np.maximum(x, y) * np.minimum(x, 0.3) + np.hypot(x, y)
np.logaddexp(x, y) + np.arctan2(x, y) + np.logaddexp(x, 0)
np.where(x > 0.1, x * y, 3.0) + np.where(x > y, 1, y)
np.clip(x, -0.3, None) + np.clip(y, None, 0.4) + np.clip(x, a_min=-1, a_max=0.2)
np.sign(x) * np.square(y) + np.reciprocal(x) + np.abs(y) + np.positive(x) + np.negative(y)
special.expit(x) * special.erf(y)
# reductions
np.average(x, 0, weights=np.exp(y)) + np.average(y, axis=1).mean()
np.mean(x) + np.var(x, ddof=1) * np.std(y, axis=0, correction=1) + np.sum(x, axis=1)[0]
np.diff(x, axis=1)[:, :1] + np.diff(y, n=2)[..., :1]
np.add.reduce(x, axis=1) * np.maximum.reduce(y, 1) + np.minimum.reduce(x)[0]
np.multiply.reduce(x, axis=(0, 1)) + np.add.reduce(y, axis=None, keepdims=True)[0, 0]
np.logaddexp.reduce(x, axis=-1) + np.logaddexp.reduce(y, axis=None)
np.add.accumulate(x) + np.multiply.accumulate(y, axis=2)
np.add.outer(x[0, 0], y[0, 0]) * np.multiply.outer(x[1, 0], y[1, 1])
# shape
np.concatenate([x, y], 1)[:, 1:4] + np.stack((x, y), axis=1)[:, 1] + np.vstack([x, y])[2:]
np.concatenate([x, Y], axis=None) + np.append(y, X) + np.append(x, y, axis=0).ravel()
np.hstack([x[0], y[0]])[:, 2:6] + np.column_stack([x[0, :, 0], y[0, :, 1:]])
np.hstack([x[0, 0], y[0, 0]])[3:7]
np.split(x, 2, axis=2)[1] * np.split(y, [1, 3], -1)[1] + np.array_split(x, 3, 2)[0][0, 0, 0]
np.hsplit(y[0], 2)[0] + np.vsplit(x[0], 3)[2][:, :2]
np.pad(x, ((0, 0), (1, 2), (2, 0))) + np.pad(y, [(0, 0), (2, 1), (0, 2)], constant_values=1.5)
np.pad(x[0], 1) * np.pad(y[0], 1)
np.roll(x, 1, axis=1) + np.roll(y, (1, -2), axis=(0, 2)) + np.roll(x, 3)
np.flip(x) + np.flip(y, axis=1) + np.flip(x, (0, 2)) + np.flipud(x) + np.fliplr(y)
np.repeat(x, 2, axis=0)[1:3] + np.tile(y, (1, 1, 2))[..., 2:6]
np.repeat(x[0, 0, :2], 2) + np.tile(y[0, 0, :2], 2)
np.tril(x) + np.triu(y, 1) + np.tril(x, -1)
np.diagonal(x, 1, 1, 2) * np.linalg.diagonal(y, offset=1) + np.trace(x[0]) + np.linalg.trace(x)[0]
np.diag(x[0][:, :3]) * np.diag(y[0], 1)
np.moveaxis(x, 0, -1) + np.transpose(y, (1, 2, 0)) + np.swapaxes(np.swapaxes(x, 0, 1), 1, 2)
np.matrix_transpose(x) + np.linalg.matrix_transpose(y)
np.expand_dims(x, 1) * np.expand_dims(y, (0, 2))[0, :, 0][:, None]
np.squeeze(x[:, :1], 1) + np.squeeze(y[:, 1:2])
np.broadcast_to(x[0], (2, 3, 4)) * np.broadcast_arrays(x, y[:1])[1]
np.atleast_1d(x[0, 0, 0]) + np.atleast_2d(y[0, 0])
sliding_window_view(x, (2, 3), axis=(1, 2)) * sliding_window_view(y[0], (2, 3))
sliding_window_view(x[0, 0], 3)
np.sort(x, axis=1) + np.take_along_axis(y, np.argsort(x, axis=1), 1) + np.sort(x.ravel())[-1]
np.take_along_axis(x, I3[..., None], axis=2) * np.take(y, [1, 0], axis=0)[..., :1]
np.copy(x) + np.ravel(y).reshape(x.shape) + np.reshape(x, -1).reshape(2, 3, 4)
# linear algebra
np.einsum("bij,bkj->bik", x, y) + np.einsum("bij->b", y)[:, None, None]
np.einsum("...ij,jk->...ik", x, Y[0].T) + np.einsum("bij,bij,bij", x, y, x)
np.tensordot(x, y, axes=([0, 2], [0, 2])) + np.inner(x[0], y[1]) + np.tensordot(x, y, 3)
np.dot(x, y.mT) + np.dot(x[0], y.mT).sum() + np.dot(x, y[0].T)[..., None, 0, None]
np.dot(x[0], y[0].T) + np.outer(x[0, :, 0], y[0, 0, :3]) + np.linalg.matmul(x[1], y[1].T)
np.outer(x[0], y[0]) + np.linalg.outer(x[0].ravel(), y[1].ravel())
np.vdot(x, y) + np.dot(x[0, 0], y[0, 0]) * x[0, 0]
np.linalg.norm(x) * np.linalg.norm(y, axis=1, keepdims=True) + np.linalg.norm(x, 1, axis=2).sum()
np.linalg.vector_norm(y, axis=-1) + np.linalg.vector_norm(x, ord=1)
np.linalg.inv(x[0, :, :3]) @ np.linalg.solve(y[0, :, :3], x[1])
np.linalg.det(x[..., :3]) * np.linalg.slogdet(y[0, :, :3]).logabsdet
np.linalg.slogdet(x[0, 1:, :2])[0] * y + np.linalg.det(x[0, :2, 1:3])
np.linalg.solve(x[..., :3], y[0, :, 0]) + np.linalg.solve(y[0, :, :3], x[1, :, 3])
np.linalg.solve(x[..., :3], y) + np.linalg.solve(x[..., :3], y[0])
# a few ops each
x[0, np.nonzero(x[0] > 0)[0]] * np.count_nonzero(y > 0) + np.flatnonzero(x[0, 0] > y[0, 0]).sum()
x * np.any(y > 1) + y * np.all(x > y)
np.where(np.isclose(x, y, atol=0.3), x, y) * np.allclose(x, y)
x[0, 0][np.searchsorted(np.sort(y[0, 0]), x[1]) - 1] + np.argwhere(x > 0).sum() * y[0]
np.take_along_axis(x, np.argpartition(y, 1, axis=-1), -1) + y[..., np.digitize(x[0, 0], [0, 1])]
x[:, np.argsort(y[0, :, 0], kind="stable")] * (x // 0.5).astype(int) + x.round().astype(bool)
np.median(x) + np.median(x, axis=1) + np.median(y, axis=(0, 2), keepdims=True)[0, 0]
np.quantile(x, 0.3) + np.percentile(y, 30, axis=1) + np.quantile(x, [0.2, 0.9], axis=1)
np.ptp(x) * np.ptp(y, axis=-1, keepdims=True)
np.nan_to_num(np.where(x > 1, np.nan, x)) + np.nansum(np.where(y > 1, np.nan, y), axis=0)
np.nanmean(np.where(y > 1, np.nan, y)) * x + np.nanmean(np.where(x > 1, np.nan, x), axis=0)
np.rot90(x[0]) @ np.rot90(y[1], 2) + np.rollaxis(x, 2).sum()
np.rot90(x, k=-1, axes=(1, 2)) + np.rollaxis(x, 2, 1)
np.dstack([x, y]) + np.block([x, y]) + np.atleast_3d(x[0])[0, 0] + np.block([[x], [y]])[0, 0, 0]
np.kron(x[0], y[0, :2]) + np.kron(x[0, 0], y[0, 0])[0]
np.cross(x[..., :3], y[..., 1:]) + np.cross(x[0], y[1], axis=0)[:, :3]
np.linalg.cross(x[0, :, 1:], y[1, :, 1:]) + np.vecdot(x, y).sum() + np.linalg.vecdot(x, y).mean()
np.select([x > 0.5, x > 0], [x * y, y], default=0.3)
np.choose(I3[:, :1] % 2, [x[0, :2], y[1, 1:]]).sum()
np.compress([True, False, True], x, axis=1) + np.extract(X > 0, y)[:4]
np.delete(x, 1, axis=2) + np.delete(y, [0, 3]).sum() + np.insert(x, 1, y[0], axis=0)[..., :3].sum(0)
np.fmax(x, y) + np.fmin(x, 0.2) * np.heaviside(y, 0.5) + np.sinc(x) + np.deg2rad(x) + np.degrees(y)
np.convolve(x[0, 0], y[0, 0, :3]) + np.convolve(x[0, 0], y[0].ravel()[:6], "same")
np.correlate(x[0, 0], y[0, 0], "full")[:4] + np.correlate(x[0].ravel()[:6], y[1, 1, :3])
np.cov(x[0]) + np.cov(x[0], rowvar=False)[:3, :3] + np.corrcoef(y[1])
np.cov(x[0, 0], y[0, 0])[0, 1]
np.gradient(x, axis=-1) + np.gradient(y[0], 0.5)[0] + np.ediff1d(y).sum()
np.trapezoid(x) * np.trapezoid(y, dx=0.3) + np.trapezoid(x, np.sort(y[0, 0]))
np.interp(x, [-1.0, 0.1, 1.3], y[0, 0, :3])[0, 0, 0]
np.interp(x, np.sort(y[0, 0]), y[1, 1], left=0.2) + np.apply_along_axis(np.cumsum, 1, x)
np.linalg.multi_dot([x[0], y[1].T, x[1]]) + np.linalg.matrix_power(x[0, :, :3], 2) @ y[0]
np.vander(x[0, 0], 3) + np.polyval(y[0, 0], x[0])[:, :3].sum()
np.vander(y[0, 0], 3, increasing=True)
np.meshgrid(x[0, 0], y[0, 0])[0] + np.meshgrid(x[0, 0], y[0, 0], indexing="ij")[1]
np.linspace(x[0, 0, 0], y[0, 0, 0], 5) + np.linspace(x[0, 0, 0], 2.0, 5, endpoint=False)
np.diag(x[0, 0]) + np.diag(y[0, :, :3], 1)[0] + np.diagflat(x[0, 0, :3], 1)
np.partition(x, 2) + np.bincount([0, 2, 2, 3], weights=y[0, 0]) + np.trunc(x) + np.fmod(y, 0.3)
np.pad(x, 1, mode="edge")[1:, 1:, 1:] * 2 + np.pad(x, ((0, 1), (1, 0), (0, 1)), mode="reflect")
np.conj(x).sum()
# what depends on the shape alone
np.ones_like(x) * y + np.zeros_like(x, shape=(4,)) + np.full_like(y, 2.0) * x
x * np.shape(x)[0] + np.ndim(y) * y + np.size(x, 1)
np.full_like(x, y[0, 0, 0]) * x
"""
CALLS = [line for line in CALLS.splitlines() if line and not line.startswith("#")]
NAMES = {"np": np, "special": special, "sliding_window_view": sliding_window_view}
NAMES |= {"X": X, "Y": Y, "I3": I3}


def run(call: str, x: Any, y: Any) -> Any:
    return eval(call, NAMES | {"x": x, "y": y})


def float64() -> Any:
    """JAX in float64; its older versions have that elsewhere."""
    return (jax if hasattr(jax, "enable_x64") else jax.experimental).enable_x64(True)


def values(x: Any) -> np.ndarray:
    if isinstance(x, LibraryArray):
        x = x.value
    return np.asarray(x.tensor.detach() if hasattr(x, "tensor") else x)


Values: TypeAlias = tuple[np.ndarray, ...]


@pytest.mark.parametrize("call", some(CALLS))
def test_values_in_a_rehearsal(call: str) -> None:
    assert_value(run(call, ITSELF.lend(X), ITSELF.lend(Y)), call)


def assert_value(found: Any, call: str) -> None:
    assert isinstance(found, LibraryArray)
    expected = np.asarray(run(call, X, Y))
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(values(found), expected, rtol=1e-12, atol=1e-12)


def by_torch(call: str, g: np.ndarray) -> tuple[Any, Values]:
    lent = [TORCH.lend(value) for value in (X, Y)]
    for each in lent:
        each.value.tensor.requires_grad_()
    found = run(call, *lent)
    leaves = [each.value.tensor for each in lent]
    loss = (found.value.tensor * torch.from_numpy(g)).sum()
    gradients = torch.autograd.grad(loss, leaves, materialize_grads=True)
    return found, tuple(each.detach().numpy() for each in gradients)


def by_jax(call: str, g: np.ndarray) -> tuple[Any, Values]:
    on_jax, looked_at = traceable(lambda x, y: run(call, x, y), X, Y)

    def loss(x: Any, y: Any) -> Any:
        found, asked = on_jax(x, y)
        return (found.value * g).sum(), (found.value, asked)

    with float64():
        program = jax.jit(jax.grad(loss, (0, 1), has_aux=True))
        gradients, (value, asked) = program(jax.numpy.array(X), jax.numpy.array(Y))
        assert_seen(asked, looked_at)
        return LibraryArray(value, JAX), tuple(map(np.asarray, gradients))


def traceable(function: Callable[..., Any], *arrays: Any) -> tuple[Callable[..., Any], list[Any]]:
    """A function of NumPy on JAX's arrays whose values aren't known yet, and what it looks at: it
    finds what it found for NumPy's arrays. With its result it gives what JAX found there."""
    looked_at: list[Any] = []
    recording = replace(ITSELF, plain=lambda value: looked_at.append(value) or value)
    function(*map(recording.lend, arrays))

    def traced(*arrays: Any) -> tuple[Any, list[Any]]:
        known, asked = iter(looked_at), []
        library = replace(JAX, plain=lambda value: asked.append(value) or next(known))
        return function(*map(library.lend, arrays)), asked

    return traced, looked_at


def assert_seen(asked: list[Any], looked_at: list[Any]) -> None:
    for mine, theirs in zip(asked, looked_at, strict=True):
        np.testing.assert_allclose(np.asarray(mine), theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("by", [by_torch, by_jax])
@pytest.mark.parametrize("call", some(CALLS))
def test_values_and_gradients(call: str, by: Callable[..., tuple[Any, Values]]) -> None:
    g = normal(*np.shape(run(call, X, Y)))
    value, gradients = by(call, g)
    assert_value(value, call)
    for position, gradient in enumerate(gradients):
        way, h = normal(*X.shape, seed=position), 1e-5
        ends = []
        for step in (h, -h):
            moved = [X, Y]
            moved[position] = moved[position] + step * way
            ends.append(float((np.asarray(run(call, *moved)) * g).sum()))
        slope = (ends[0] - ends[1]) / (2 * h)
        np.testing.assert_allclose((gradient * way).sum(), slope, rtol=1e-5, atol=1e-5)


# Not by functions of NumPy's.
WRITES = ("put", "scatter", "scatter_along_axis", "overlap_add", "erf")


@pytest.mark.parametrize("library", a_few(LIBRARIES))
@pytest.mark.parametrize("name", [name for name in REGISTRY if name not in WRITES])
def test_every_op_of_the_engine_is_known(name: str, library: str) -> None:
    op, rng = REGISTRY[name], np.random.default_rng(0)
    drawn = [
        [op.domain(i).draw(rng, shape) for i, shape in enumerate(sample.shapes)]
        for sample in op.samples
    ]
    floats = [x for inputs in drawn for x in inputs if x.dtype.kind == "f"]

    def results(*floats: Any) -> list[Any]:
        given = iter(floats)
        lent = [[next(given) if x.dtype.kind == "f" else x for x in inputs] for inputs in drawn]
        return [op.forward(*x, **case.params) for x, case in zip(lent, op.samples, strict=True)]

    with float64():
        for found, expected in zip(every(results, floats, library), results(*floats), strict=True):
            assert values(found).shape == np.shape(expected)
            np.testing.assert_allclose(values(found), expected, rtol=1e-12, atol=1e-12)


def every(results: Callable[..., list[Any]], floats: list[Any], library: str) -> list[Any]:
    """What a function gives on a library's arrays."""
    if library != JAX.name:
        return results(*map(LIBRARIES[library].lend, floats))
    on_jax, looked_at = traceable(results, *floats)

    def program(*floats: Any) -> Any:
        found, asked = on_jax(*floats)
        return [each.value if isinstance(each, LibraryArray) else each for each in found], asked

    found, asked = jax.jit(program)(*map(jax.numpy.array, floats))
    assert_seen(asked, looked_at)
    return found


@pytest.mark.parametrize("library", LIBRARIES)
def test_item_assignment(library: str) -> None:
    lent = LIBRARIES[library]
    indices = [
        (0, 7.0),
        ((slice(None), 1), normal(2, 4)),
        (([0, 0, 1], slice(None), 2), normal(3, 3)),  # what is assigned last stays
        (X > 0, 0.0),
        ((..., slice(None, None, -2)), normal(1, 1, 2, 3, 2)[..., 0, :, :]),
        ((0, [1, 1], [2, 2]), [5.0, 6.0]),
        (np.zeros((2, 3, 4), dtype=bool), 1.0),
    ]
    with float64():
        for index, value in indices:
            expected = X.copy()
            expected[index] = value
            before = lent.lend(X)
            assigned = lent.lend(np.asarray(value))
            np.testing.assert_array_equal(values(lent.put(before, index, assigned)), expected)
            np.testing.assert_array_equal(values(before), X)
            before[index] = value
            np.testing.assert_array_equal(values(before), expected)


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_is_no_float_is_plain(library: str) -> None:
    with float64():
        x = LIBRARIES[library].lend(X)
        for found, expected in (
            (x > 0, X > 0),
            (x.argmax(), X.argmax()),
            (np.argsort(x, axis=1), np.argsort(X, axis=1)),
            ((x > 0).mean(), (X > 0).mean()),
            (x.astype(int), X.astype(int)),
            (np.isfinite(x), np.isfinite(X)),
        ):
            assert type(found) is type(expected)
            np.testing.assert_array_equal(found, expected)
        assert bool(x[0, 0, 0] > 0) is bool(X[0, 0, 0] > 0)
        assert float(x[0, 1, 2]) == X[0, 1, 2]
        assert int(x[1, 1, 2] * 10) == int(X[1, 1, 2] * 10)


def test_len_of_a_number() -> None:
    with pytest.raises(TypeError, match="without axes"):
        len(TORCH.lend(np.array(1.0)))
