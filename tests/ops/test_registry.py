"""Every op of the registry, each of its samples: value and local derivatives against referees.

An op can't escape: whatever `REGISTRY` holds is tested, and fails without its counterparts in
`op_referees`.
"""

from __future__ import annotations

import zlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from op_referees import JAX, TORCH
from printing import Symbol, evaluated

from byhand.engine.backward import fit
from byhand.ops import REGISTRY
from byhand.ops.op import Op, Sample

OPS = [pytest.param(op, id=name) for name, op in REGISTRY.items()]
DIFFERENTIABLE = [pytest.param(op, id=name) for name, op in REGISTRY.items() if op.differentiable]
DTYPES = (np.float32, np.float64)
LAYOUTS = {
    "row-major": lambda x: np.array(x, order="C"),
    "column-major": lambda x: np.array(x, order="F"),
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
    "reversed": lambda x: np.flip(np.flip(x).copy()),
}


def drawn(op: Op, case: Sample, dtype: Any) -> list[np.ndarray]:
    """The arrays of a sample, the same at every call."""
    rng = np.random.default_rng(zlib.crc32(f"{op.name}{case.shapes}{case.params}".encode()))
    arrays = [np.asarray(op.domain(i).draw(rng, shape)) for i, shape in enumerate(case.shapes)]
    return [x if x.dtype == bool else x.astype(dtype) for x in arrays]


def upstream(op: Op, case: Sample, out: Any) -> np.ndarray:
    rng = np.random.default_rng(len(case.shapes) + zlib.crc32(op.name.encode()))
    return np.asarray(rng.normal(size=np.shape(out))).astype(out.dtype)


def differentiable_positions(op: Op, case: Sample) -> list[int]:
    return [i for i in range(len(case.shapes)) if op.vjp(0 if op.variadic else i) is not None]


def derivative(op: Op, i: int, g: Any, out: Any, xs: list[Any], case: Sample) -> Any:
    vjp = op.vjp(i)
    assert vjp is not None
    return vjp(g, out, *xs, **case.params)


def assert_close(actual: Any, expected: Any, dtype: Any, where: str) -> None:
    """Equal up to a few hundred roundings of the largest element."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, where
    largest = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    tolerance = 500 * float(np.finfo(dtype).eps) * largest
    np.testing.assert_allclose(actual, expected, rtol=0.0, atol=tolerance, err_msg=where)


@pytest.mark.parametrize("op", OPS)
def test_the_record_is_complete(op: Op) -> None:
    assert REGISTRY[op.name] is op
    assert op.name in TORCH and op.name in JAX, f"name {op.name}'s counterparts in op_referees"
    assert len(op.vjps) == len(op.domains)
    for case in op.samples:
        assert op.variadic or len(case.shapes) == len(op.vjps)
    sizes = [shape for case in op.samples for shape in case.shapes]
    assert any(0 in shape for shape in sizes), "give a sample with an axis of size 0"
    assert any(1 in shape for shape in sizes), "give a sample with an axis of size 1"


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("referee", ["torch", "jax"])
def test_value_and_vjp_agree_with(referee: str, op: Op) -> None:
    judge = {"torch": torch_value_and_vjp, "jax": jax_value_and_vjp}[referee]
    for case in op.samples:
        for dtype in DTYPES:
            where = f"{op.name}: {case}, {dtype.__name__}"
            xs = drawn(op, case, dtype)
            g = upstream(op, case, op.forward(*xs, **case.params))
            positions = differentiable_positions(op, case)
            their_out, theirs = judge(op, case, g, xs, positions)
            for layout, arranged in LAYOUTS.items():
                arrays = [arranged(x) for x in xs]
                out = op.forward(*arrays, **case.params)
                assert out.dtype == (dtype if out.dtype.kind == "f" else their_out.dtype), where
                assert_close(out, their_out, dtype, f"{where}, {layout}, value")
                for i, their in zip(positions, theirs, strict=True):
                    here = f"{where}, {layout}, gradient of argument {i}"
                    rule = derivative(op, i, arranged(g), out, arrays, case)
                    assert rule.dtype == dtype, f"{here}: gives {rule.dtype}"
                    assert_close(fit(rule, xs[i].shape), their, dtype, here)


def torch_value_and_vjp(
    op: Op, case: Sample, g: Any, xs: list[Any], positions: list[int]
) -> tuple[Any, list[Any]]:
    tensors = [torch.from_numpy(x.copy()).requires_grad_(i in positions) for i, x in enumerate(xs)]
    out = TORCH[op.name](*tensors, **case.params)
    if not positions:
        return out.numpy(), []
    wanted = [tensors[i] for i in positions]
    grads = torch.autograd.grad(out, wanted, torch.from_numpy(g.copy()))
    return out.detach().numpy(), [d.numpy() for d in grads]


def jax_value_and_vjp(
    op: Op, case: Sample, g: Any, xs: list[Any], positions: list[int]
) -> tuple[Any, list[Any]]:
    def value(wanted: list[Any]) -> Any:
        arrays = [jnp.asarray(x) for x in xs]
        for i, x in zip(positions, wanted, strict=True):
            arrays[i] = x
        return JAX[op.name](*arrays, **case.params)

    @jax.jit  # one compilation, not one for each step
    def value_and_vjp(g: Any, wanted: list[Any]) -> tuple[Any, Any]:
        out, pullback = jax.vjp(value, wanted)
        return out, pullback(g)[0] if positions else []

    out, grads = value_and_vjp(g, [xs[i] for i in positions])
    return np.asarray(out), [np.asarray(d) for d in grads]


@pytest.mark.parametrize("op", OPS)
def test_vjp_agrees_with_finite_differences(op: Op) -> None:
    """An argument without a derivative must be one that changes nothing."""
    step = 1e-6
    for case in op.samples:
        xs = drawn(op, case, np.float64)
        out = op.forward(*xs, **case.params)
        if out.dtype.kind != "f":
            assert not op.differentiable
            continue
        g = upstream(op, case, out)
        for i, x in enumerate(xs):
            if x.dtype == bool:
                continue
            measured = np.zeros(x.shape)
            for place in np.ndindex(x.shape):
                ends = []
                for sign in (1, -1):
                    moved = [*xs[:i], x.copy(), *xs[i + 1 :]]
                    moved[i][place] += sign * step
                    ends.append(np.vdot(g, op.forward(*moved, **case.params)))
                measured[place] = (ends[0] - ends[1]) / (2 * step)
            if i in differentiable_positions(op, case):
                mine = fit(derivative(op, i, g, out, xs, case), x.shape)
            else:
                mine = np.zeros(x.shape)
            where = f"{op.name}: {case}, argument {i}"
            np.testing.assert_allclose(mine, measured, rtol=2e-6, atol=2e-7, err_msg=where)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_rules_print(op: Op) -> None:
    """Fed symbols, a rule gives the text of an expression with the same value as fed arrays."""
    for case in op.samples:
        xs = drawn(op, case, np.float64)
        out = op.forward(*xs, **case.params)
        g = upstream(op, case, out)
        names = {"g": g, "out": out} | {f"x{i}": x for i, x in enumerate(xs)}
        symbols = {name: Symbol(name, value) for name, value in names.items()}
        inputs = [symbols[f"x{i}"] for i in range(len(xs))]
        for i in differentiable_positions(op, case):
            printed = derivative(op, i, symbols["g"], symbols["out"], inputs, case)
            assert isinstance(printed, Symbol), "a rule must be linear in g, so it depends on g"
            mine = derivative(op, i, g, out, xs, case)
            assert printed.shape == mine.shape
            assert_close(evaluated(printed, **names), mine, np.float64, printed.text)
