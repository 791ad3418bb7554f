"""What rounding explains, and what it doesn't, in every type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import wrong_kernels as wrong
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import NAMES, kernel
from kernel_mistakes import MISTAKES
from kernels_of_tensors import kernel_of

from byhand.kernels.bench import Bench
from byhand.kernels.frameworks.pytorch import TORCH
from byhand.kernels.options import Options
from byhand.values.precision import HALVES
from sweeps import a_few

AS_SMALL_AS_ROUNDING = {("rms_norm", 2), ("cross_entropy", 0), ("cross_entropy", 1), ("geglu", 1)}
"""Mistakes that change less than bfloat16 rounds: a sum in float16, terms of a hundredth."""


@pytest.mark.parametrize("name", NAMES)
def test_a_right_kernel_is_right_in_half_precision(name: str) -> None:
    case = kernel(name)
    made = kernel_of(case.call, case.reference, case.inputs)
    larger = {n: size if n == "experts" else 3 * size for n, size in made.sizes.items()}
    for dtype, sizes in zip((*HALVES, "float32"), (made.sizes, larger, larger), strict=True):
        first = Bench(replace(made, sizes=sizes), Options(dtype=dtype)).first
        assert not first.wrong, dtype
        assert not any(one.unjudged for one in first.judgement.gradients.values())


@pytest.mark.parametrize("name", a_few(NAMES))
def test_mistakes_are_wrong_in_bfloat16(name: str) -> None:
    for place, mistake in enumerate(MISTAKES[name]):
        case = kernel(name, mistake)
        made = kernel_of(case.call, case.reference, case.inputs)
        found = Bench(made, Options(dtype="bfloat16")).first
        passed = found.ran is not None and not found.wrong
        assert passed == ((name, place) in AS_SMALL_AS_ROUNDING), mistake.new


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 9),
    width=st.integers(1, 9),
    kind=st.sampled_from(["float64", "float32", "float16", "bfloat16"]),
    scale=st.sampled_from([1e-2, 1.0, 10.0]),
    seed=st.integers(0, 99),
)
def test_any_shape_and_scale(rows: int, width: int, kind: str, scale: float, seed: int) -> None:
    def inputs(rng: Any, **_: int) -> dict[str, Any]:
        given = wrong.inputs(rng, rows=rows, width=width)
        return {**given, "x": scale * given["x"]}

    right = Bench(kernel_of(wrong.Square.apply, wrong.square, inputs), Options(kind, seed=seed))
    assert not right.first.wrong
    for name, comparison in right.first.judgement.gradients.items():
        units = 40 if kind in HALVES else 1000
        far = units * right.usual.eps * np.max(terms(right, name))
        if comparison.unjudged:  # its terms cancel: nothing is left but rounding
            assert np.max(np.abs(right.usual.true[name])) <= far
        else:
            assert comparison.tolerance is not None
            assert comparison.tolerance <= far


def terms(bench: Bench, name: str) -> Any:
    """As large as the terms of a gradient are, added up."""
    x, w = (np.abs(TORCH.numpy(bench.usual.inputs[n])) for n in ("x", "w"))
    g = np.abs(TORCH.numpy(bench.usual.upstream[0]))
    return 2 * g * x * w if name == "x" else (g * x * x).sum(0)


class Scaled(wrong.Square):
    """A backward that is off by a third in one column."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        dx = 2 * g * x * w
        dx[:, 0] *= 4 / 3
        return dx, (g * x * x).sum(0)


@pytest.mark.parametrize("kind", ["float64", "float32", *HALVES])
def test_a_third_is_more_than_rounding_in_any_type(kind: str) -> None:
    bench = Bench(kernel_of(Scaled.apply, wrong.square, wrong.inputs), Options(dtype=kind))
    assert set(bench.first.wrong) == {"x"}


@pytest.mark.parametrize("kind", ["float64", "float32", *HALVES])
def test_none_is_right_where_all_terms_cancel_and_nowhere_else(kind: str) -> None:
    class Centred(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any) -> Any:
            return x - x.mean(-1, keepdim=True)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g - g.mean(-1, keepdim=True), None

    def centred(x: Any, w: Any) -> Any:
        shifted = x + w.mean()
        return shifted - shifted.mean(-1, keepdim=True)

    def scaled(x: Any, w: Any) -> Any:
        return centred(x, w) + (w - w.detach()).mean()

    for reference, verdict in ((centred, "exact"), (scaled, "missing")):
        made = replace(kernel_of(Centred.apply, reference, wrong.inputs), differentiable=("x", "w"))
        found = Bench(made, Options(dtype=kind)).first.judgement.gradients
        assert found["x"].right
        assert found["w"].verdict == verdict


def test_float32_inside_is_allowed_for_and_float16_is_not() -> None:
    def narrow(kind: torch.dtype) -> Any:
        class Narrow(wrong.Square):
            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                x, w = ctx.saved_tensors
                return (2 * g * x * w).to(kind).to(x.dtype), (g * x * x).sum(0)

        return Bench(kernel_of(Narrow.apply, wrong.square, wrong.inputs), Options())

    single, half = narrow(torch.float32), narrow(torch.float16)
    assert not single.first.wrong
    assert single.usual.dtype == "float32"
    assert set(half.first.wrong) == {"x"}
