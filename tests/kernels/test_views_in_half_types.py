"""A gradient that is filled by way of views, in types that NumPy hasn't, too."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import byhand.torch
from sweeps import a_few

TYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


class ByView(torch.autograd.Function):
    """y = w * x, whose gradient is added up in a view, part by part."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, w = ctx.saved_tensors
        dx, dw = torch.zeros_like(x), torch.zeros_like(w)
        for start in range(0, x.shape[1], 2):
            part = dx[:, start : start + 2]
            part.copy_(dy[:, start : start + 2] * w[start : start + 2])
            narrow = dw[start : start + 2]
            narrow += (dy * x)[:, start : start + 2].sum(0)
        return dx, dw


class ByFlatView(ByView):
    """The same, in one row."""

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, w = ctx.saved_tensors
        dx, dw = torch.zeros_like(x).contiguous(), torch.zeros_like(w)
        n, d = x.shape
        for row in range(n):
            flat = dx.view(-1)
            place = torch.arange(row * d, (row + 1) * d)
            flat.index_add_(0, place, dy[row] * w)
            dw += dy[row] * x[row]
        return dx, dw


class Half(ByView):
    """Wrong: the last part is scaled twice."""

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, w = ctx.saved_tensors
        dx = torch.zeros_like(x)
        part = dx[:, :1]
        part.copy_(dy[:, :1] * w[:1])
        rest = dx[:, 1:]
        rest.copy_(2 * dy[:, 1:] * w[1:])
        return dx, (dy * x).sum(0)


class Overwrites(ByView):
    """Wrong: dw reads an x that was scaled, by way of a view."""

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, w = ctx.saved_tensors
        dx = dy * w
        rows = x.t()
        rows.mul_(2.0)
        dw = (dy * x).sum(0)
        return dx, dw


def inputs(rng: Any, *, n: int = 4, d: int = 5) -> dict[str, Any]:
    return {
        "x": torch.from_numpy(rng.normal(size=(n, d))),
        "w": torch.from_numpy(rng.normal(size=d)),
    }


def reference(x: Any, w: Any) -> Any:
    return x * w


@pytest.mark.parametrize("dtype", a_few(TYPES), ids=str)
@pytest.mark.parametrize("fn", [ByView, ByFlatView])
def test_right(fn: Any, dtype: torch.dtype) -> None:
    report = byhand.torch.check(fn, inputs, reference=reference, dtype=dtype)
    assert report.ok, str(report)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_wrong_in_a_view(dtype: torch.dtype) -> None:
    report = byhand.torch.check(Half, inputs, reference=reference, dtype=dtype)
    assert [(row.name, row.source) for row in report.rows if row.name in report.roots] == [
        ("x", "rest.copy_(2 * dy[:, 1:] * w[1:])")
    ]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_an_input_is_changed_by_way_of_a_view(dtype: torch.dtype) -> None:
    report = byhand.torch.check(Overwrites, inputs, reference=reference, dtype=dtype)
    assert report.roots == ("w",)
    (said,) = [note for note in report.notes if "changes ctx.saved_tensors[0]" in note]
    assert said.endswith("what reads it later gets that")
