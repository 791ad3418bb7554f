"""Every op of the registry, each of its samples: value and local derivatives against referees.

An op can't escape: whatever `REGISTRY` holds is tested, and fails without its counterparts in
`op_referees`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

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
from sweeps import LONG, SWEEP

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


@dataclass
class Call:
    """A sample with its numbers: the arrays, the upstream gradient, which arguments are judged."""

    op: Op
    case: Sample
    dtype: Any
    xs: list[np.ndarray] = field(init=False)
    g: np.ndarray = field(init=False)
    positions: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.xs = drawn(self.op, self.case, self.dtype)
        self.g = upstream(self.op, self.case, self.op.forward(*self.xs, **self.case.params))
        self.positions = differentiable_positions(self.op, self.case)

    def __str__(self) -> str:
        return f"{self.op.name}: {self.case}, {self.dtype.__name__}"


Verdict: TypeAlias = tuple[np.ndarray, list[np.ndarray]]


def by_torch(calls: list[Call]) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for call in calls:
        tensors = [torch.from_numpy(x.copy()) for x in call.xs]
        wanted = [tensors[i].requires_grad_() for i in call.positions]
        out = TORCH[call.op.name](*tensors, **call.case.params)
        g = torch.from_numpy(call.g)
        # Of no matrices at all, older versions give det no gradient.
        grads = torch.autograd.grad(out, wanted, g, materialize_grads=True) if wanted else ()
        verdicts.append((out.detach().numpy(), [d.detach().numpy() for d in grads]))
    return verdicts


def by_jax(calls: list[Call]) -> list[Verdict]:
    def judged(call: Call, g: Any, wanted: list[Any]) -> tuple[Any, Any]:
        def value(wanted: list[Any]) -> Any:
            arrays = [jnp.asarray(x) for x in call.xs]
            for i, x in zip(call.positions, wanted, strict=True):
                arrays[i] = x
            return JAX[call.op.name](*arrays, **call.case.params)

        out, pullback = jax.vjp(value, wanted)
        return out, pullback(g)[0] if wanted else []

    @jax.jit  # compiling is slow, so all calls are compiled at once
    def all_judged(inputs: list[tuple[Any, list[Any]]]) -> list[tuple[Any, Any]]:
        return [judged(call, *each) for call, each in zip(calls, inputs, strict=True)]

    verdicts = all_judged([(call.g, [call.xs[i] for i in call.positions]) for call in calls])
    return [(np.asarray(out), list(map(np.asarray, grads))) for out, grads in verdicts]


@pytest.mark.parametrize(
    ("referee", "op"),
    [
        *(pytest.param(by_torch, op, id=f"by_torch-{name}") for name, op in REGISTRY.items()),
        # Each is compiled, which takes long.
        *(
            pytest.param(by_jax, op, marks=SWEEP if i % 3 else LONG, id=f"by_jax-{name}")
            for i, (name, op) in enumerate(REGISTRY.items())
        ),
    ],
)
def test_value_and_vjp_agree(referee: Callable[[list[Call]], list[Verdict]], op: Op) -> None:
    calls = [Call(op, case, dtype) for case in op.samples for dtype in DTYPES]
    for call, (their_out, their_grads) in zip(calls, referee(calls), strict=True):
        dtype, params = call.dtype, call.case.params
        for layout, arranged in LAYOUTS.items():
            xs = [arranged(x) for x in call.xs]
            out = op.forward(*xs, **params)
            assert out.dtype == (dtype if out.dtype.kind == "f" else their_out.dtype), call
            assert_close(out, their_out, dtype, f"{call}, {layout}, value")
            for i, theirs in zip(call.positions, their_grads, strict=True):
                where = f"{call}, {layout}, gradient of argument {i}"
                rule = derivative(op, i, arranged(call.g), out, xs, call.case)
                assert rule.dtype == dtype, f"{where}: gives {rule.dtype}"
                assert_close(fit(rule, xs[i].shape), theirs, dtype, where)


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
