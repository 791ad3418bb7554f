"""A helper that forward calls too is forward: a backward that runs it anew is wrong elsewhere."""

from __future__ import annotations

from typing import Any

import torch

import byhand.torch


def block(x: Any, w: Any) -> Any:
    h = torch.tanh(x @ w)
    return h @ w.t() + x


class Checkpointed(torch.autograd.Function):
    """Wrong: the path through the residual is taken away again."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        with torch.no_grad():
            return block(x, w)

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        x, w = ctx.saved_tensors
        with torch.enable_grad():
            x_, w_ = x.detach().requires_grad_(), w.detach().requires_grad_()
            out = block(x_, w_)
        dx, dw = torch.autograd.grad(out, (x_, w_), dy)
        return dx - dy, dw


def inputs(rng: Any, *, n: int = 4, d: int = 3) -> dict[str, Any]:
    return {
        "x": torch.from_numpy(rng.normal(size=(n, d))),
        "w": torch.from_numpy(rng.normal(size=(d, d + 1))),
    }


def test_no_line_of_forward_is_to_blame() -> None:
    report = byhand.torch.check(Checkpointed, inputs)
    assert [(row.name, row.source) for row in report.rows if row.name in report.roots] == [
        ("x", "return dx - dy, dw")
    ]
