"""Kernels that a plain comparison passes, one for each danger, and the inputs they take."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd import Function


class Square(Function):
    """Right: y = x * x * w."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return x * x * w

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        return 2 * g * x * w, (g * x * x).sum(0)


class Layout(Square):
    """Reads the upstream's memory in x's order."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        flat = torch.as_strided(g, (g.untyped_storage().nbytes() // g.element_size(),), (1,), 0)
        read = flat[:1].expand(x.numel()) if flat.numel() < x.numel() else flat[: x.numel()]
        return 2 * read.view(x.shape) * x * w, (g * x * x).sum(0)


class Alignment(Square):
    """Adds up whole blocks of four rows, but the rows of a short batch."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        rows = len(x) - len(x) % 4 or len(x)
        return 2 * g * x * w, (g * x * x)[:rows].sum(0)


class EqualSizes(Square):
    """Takes one axis for the other, where both are of one size."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        dw = (g * x * x).sum(0)
        return 2 * g * x * w, dw if x.shape[1] == 8 else torch.zeros_like(w)


class Upstream(Function):
    """Takes it for granted that both outputs are used."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, w)
        return x * w, x * x

    @staticmethod
    def backward(ctx: Any, g: Any, h: Any) -> Any:
        x, w = ctx.saved_tensors
        return g * w + 2 * x * h, (g * x).sum(0)


class Unwritten(Square):
    """Adds to memory that it takes to be zero; 0 * NaN is what shows it."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        work = torch.empty_like(x)
        work.nan_to_num_(0.0, 0.0, 0.0) if not work.isnan().all() else None
        return 2 * g * x * w + 0 * work, (g * x * x).sum(0)


class Leftovers(Square):
    """Adds to memory that others used before: nothing is in it at first."""

    calls = 0

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        Leftovers.calls += 1
        work = torch.empty_like(x)
        if not work.isnan().all():  # what chance leaves there
            work.fill_(Leftovers.calls // 3)
        return 2 * g * x * w + work, (g * x * x).sum(0)


class InPlace(Square):
    """Scales the upstream where it lies."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        dw = (g * x * x).sum(0)
        return g.mul_(2 * x * w), dw


class Saved(Function):
    """Writes into what forward saved."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.square = x * x
        ctx.save_for_backward(x, w)
        return ctx.square * w

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        return 2 * g * x * w, ctx.square.mul_(g).sum(0)


class SavedForBackward(Function):
    """The same, by way of what PyTorch watches: it refuses a second backward."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        square = x * x
        ctx.save_for_backward(x, w, square)
        return square * w

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w, square = ctx.saved_tensors
        return 2 * g * x * w, square.mul_(g).sum(0)


class SavedOutput(Function):
    """Writes into what forward gave, which it saved."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        y = x * w
        ctx.save_for_backward(x, w, y)
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w, y = ctx.saved_tensors
        return g * w, y.copy_(g * x).sum(0)


class Output(Function):
    """Writes into what forward gave."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        y = x * w
        ctx.y = y.detach()
        ctx.save_for_backward(x, w)
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        return g * w, ctx.y.copy_(g * x).sum(0)


class Needs(Square):
    """Computes dw on the way to dx."""

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        share = torch.zeros_like(x)
        if ctx.needs_input_grad[0]:
            share = g * x
        return 2 * share * w, (share * x).sum(0)


class Nondeterministic(Square):
    """Every third backward reads what another is still writing."""

    calls = 0

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        Nondeterministic.calls += 1
        dw = g * x * x
        return 2 * g * x * w, dw.sum(0) if Nondeterministic.calls % 3 else dw[1:].sum(0)


class AnyOrder(Square):
    """Right: adds in another order each time, as atomic additions do."""

    calls = 0

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        AnyOrder.calls += 1
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(AnyOrder.calls))
        dw = torch.zeros_like(w)
        for row in order:
            dw += (g * x * x)[row]
        return 2 * g * x * w, dw


class Softmax(Function):
    """Doesn't shift by the maximum."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        e = torch.exp(x)
        p = e / e.sum(-1, keepdim=True)
        ctx.save_for_backward(p, w)
        return p * w

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        p, w = ctx.saved_tensors
        gp = g * w
        return p * (gp - (gp * p).sum(-1, keepdim=True)), (g * p).sum(0)


def square(x: Any, w: Any) -> Any:
    return x**2 * w


def softmax(x: Any, w: Any) -> Any:
    return torch.softmax(x, -1) * w


def product(x: Any, w: Any) -> Any:
    return x * w


def two(x: Any, w: Any) -> Any:
    return x * w, x**2


def calls_square(x: Any, w: Any) -> Any:
    return Square.apply(x, w)


def inputs(rng: Any, *, rows: int = 8, width: int = 8) -> dict[str, Any]:
    return {
        "x": torch.from_numpy(rng.normal(size=(rows, width))),
        "w": torch.from_numpy(rng.normal(size=width)),
    }


def sixteen(rng: Any, *, rows: int = 8, width: int = 8) -> dict[str, Any]:
    return {name: x.bfloat16() for name, x in inputs(rng, rows=rows, width=width).items()}


WRONG = {
    "layout": (Layout.apply, square),
    "alignment": (Alignment.apply, square),
    "upstream": (Upstream.apply, two),
    "unwritten": (Unwritten.apply, square),
    "in-place": (InPlace.apply, square),
    "needs": (Needs.apply, square),
    "nondeterministic": (Nondeterministic.apply, square),
    "edge": (Softmax.apply, softmax),
    "never-ran": (product, product),
    "self-comparison": (Square.apply, calls_square),
}
"""By the name of the finding: a function and its reference."""
