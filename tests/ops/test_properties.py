"""What holds for every index and every product, on inputs that Hypothesis makes up."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import torch
from hypothesis import given, settings

from byhand.engine.backward import fit
from byhand.ops import REGISTRY

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)
QUICKLY = settings(deadline=None, derandomize=True, max_examples=150)


def numbers(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@st.composite
def indexed(draw: Any) -> tuple[tuple[int, ...], Any]:
    """A shape and an index into it: basic, integer arrays, a mask, or arrays after a slice."""
    shape = draw(SHAPES)
    basic = hnp.basic_indices(shape, allow_newaxis=True)
    mask = hnp.arrays(bool, shape)
    kinds = [basic, mask]
    if 0 not in shape:
        arrays = hnp.integer_array_indices(shape)
        last = hnp.integer_array_indices(shape[-1:])
        kinds += [arrays, last.map(lambda index: (..., *index))]
    return shape, draw(st.one_of(kinds))


@QUICKLY
@given(indexed())
def test_scatter_adds_where_getitem_reads(drawn: tuple[tuple[int, ...], Any]) -> None:
    shape, index = drawn
    x = numbers(shape)
    out = REGISTRY["getitem"](x, index=index)
    np.testing.assert_array_equal(out, x[index])
    g = numbers(np.shape(out), seed=1)
    expected = np.zeros(shape)
    np.add.at(expected, index, g)
    for dtype in (np.float64, np.float32):
        scattered = REGISTRY["scatter"](np.asarray(g, dtype), index=index, shape=shape)
        assert scattered.dtype == dtype
        np.testing.assert_allclose(scattered, expected, atol=(4 + g.size) * np.finfo(dtype).eps)


@QUICKLY
@given(indexed())
def test_put_splits_the_gradient_without_loss(drawn: tuple[tuple[int, ...], Any]) -> None:
    """Each output element comes from one place, so with g = 1 the gradients count the outputs."""
    shape, index = drawn
    put = REGISTRY["put"]
    x = numbers(shape)
    value = numbers(x[index].shape, seed=1)
    out = put(x, value, index=index)
    g = np.ones(shape)
    dx = put.vjps[0](g, out, x, value, index=index)
    dvalue = put.vjps[1](g, out, x, value, index=index)
    assert np.sum(dx) + np.sum(dvalue) == out.size
    np.testing.assert_allclose(np.sum(dx * x) + np.sum(dvalue * value), np.sum(out), atol=1e-12)


@QUICKLY
@given(
    hnp.mutually_broadcastable_shapes(
        signature="(n?,k),(k,m?)->(n?,m?)", max_dims=2, min_side=0, max_side=4
    )
)
def test_matmul_of_any_shapes(shapes: Any) -> None:
    xs = [numbers(shape, seed) for seed, shape in enumerate(shapes.input_shapes)]
    agrees_with_torch("matmul", torch.matmul, xs, {})


@st.composite
def summed_products(draw: Any) -> tuple[str, list[tuple[int, ...]]]:
    """Subscripts of one to three arguments, some with an ellipsis, and shapes that fit."""
    sizes = dict(zip("abcd", draw(st.tuples(*[st.integers(0, 3)] * 4)), strict=True))
    term = st.lists(st.sampled_from("abcd"), unique=True, max_size=3).map("".join)
    terms = draw(st.lists(term, min_size=1, max_size=3))
    used = sorted(set("".join(terms)))
    batch = draw(st.lists(st.integers(1, 3), max_size=2))
    dotted = draw(st.lists(st.integers(0, len(batch)), min_size=len(terms), max_size=len(terms)))
    with_dots = draw(st.booleans())
    shapes = [
        (*(batch[len(batch) - n :] if with_dots else ()), *(sizes[c] for c in term))
        for term, n in zip(terms, dotted, strict=True)
    ]
    dots = "..." if with_dots else ""
    inputs = ",".join(dots + term for term in terms)
    if draw(st.booleans()):
        return inputs, shapes
    kept = draw(st.lists(st.sampled_from(used), unique=True)) if used else []
    return f"{inputs}->{dots}{''.join(kept)}", shapes


@QUICKLY
@given(summed_products())
def test_einsum_of_any_subscripts(drawn: tuple[str, list[tuple[int, ...]]]) -> None:
    subscripts, shapes = drawn
    xs = [numbers(shape, seed) for seed, shape in enumerate(shapes)]
    agrees_with_torch(
        "einsum", lambda *ts: torch.einsum(subscripts, *ts), xs, {"subscripts": subscripts}
    )


def agrees_with_torch(name: str, judge: Any, xs: list[np.ndarray], params: dict[str, Any]) -> None:
    op = REGISTRY[name]
    tensors = [torch.from_numpy(x).requires_grad_() for x in xs]
    theirs = judge(*tensors)
    out = op(*xs, **params)
    np.testing.assert_allclose(out, theirs.detach().numpy(), atol=1e-12)
    g = numbers(np.shape(out), seed=9)
    grads = torch.autograd.grad(theirs, tensors, torch.from_numpy(np.asarray(g)))
    for i, (x, expected) in enumerate(zip(xs, grads, strict=True)):
        vjp = op.vjp(i)
        assert vjp is not None
        mine = fit(vjp(np.asarray(g), out, *xs, **params), x.shape)
        np.testing.assert_allclose(mine, expected.numpy(), atol=1e-12)
