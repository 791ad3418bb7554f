"""PyTorch's operations, rounding at random: see `byhand.checking.running.random_rounding`."""

# pyright: basic

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from byhand import ops
from byhand.checking.running.random_rounding import AMPLITUDE
from byhand.ops.indexing import PUT
from byhand.ops.spelling import names
from byhand.values.precision import SINGLE
from byhand.values.torch_dispatch import EveryOperation, tensors

EXACT = (ops.EXACT - names(PUT)) | {  # PyTorch's put may add
    *("aminmax", "cummax", "clamp_min", "clamp_max", "relu", "hardtanh", "threshold", "copysign"),
    *("index", "index_select", "gather", "embedding", "select_scatter", "slice_scatter", "scatter"),
    *("index_fill", "index_copy", "masked_fill", "masked_scatter", "masked_select", "nan_to_num"),
    *("topk", "constant_pad_nd", "diag_embed", "im2col", "alias", "detach", "contiguous"),
    *("lift_fresh", "lift_fresh_copy", "zero", "fill", "zeros", "zeros_like", "ones", "ones_like"),
    *("full", "full_like", "new_zeros", "new_ones", "new_full", "new_empty", "empty"),
    *("empty_like", "arange", "eye", "scalar_tensor", "empty_strided", "new_empty_strided"),
    *("resize", "set", "linspace", "rand", "randn", "normal", "uniform", "bernoulli"),
    *("native_dropout", "max_pool2d_with_indices", "max_unpool2d", "median", "mode", "kthvalue"),
}

CHOOSING = ("amax", "amin")
"""How `scatter_reduce` and its like reduce without rounding."""


class RoundingAtRandom(EveryOperation):
    """Within it, whatever PyTorch computes is rounded at random.

    Each number by up to `AMPLITUDE` units of its own type, none taken for coarser than `coarsest`.
    Or by up to `amount` of its size, both what goes into an operation and what comes out of it:
    one that is a whole formula, such as the derivative of silu, rounds more often than once.
    """

    def __init__(self, seed: int, coarsest: float = SINGLE, amount: float | None = None) -> None:
        super().__init__()
        self.coarsest = coarsest
        self.amount = amount
        self.rng = torch.Generator().manual_seed(seed)

    def answer(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        name = func._schema.name.rpartition("::")[2]
        changes = func._schema.is_mutable
        base = name.rstrip("_")
        if base == "_to_copy":
            return _each(func(*args, **options), lambda out: self.cast(args[0], out))
        adds = base in ("index_put", "_index_put_impl", "_unsafe_index_put") and True in args[3:]
        copies = base in ("index_put", "_index_put_impl", "_unsafe_index_put") and not adds
        chooses = any(isinstance(each, str) and each in CHOOSING for each in args)
        if func.is_view or base in EXACT or copies or chooses:
            return func(*args, **options)
        first = args[:1] if changes else ()  # it is changed in place: what is in it doesn't move
        pointwise = torch.Tag.pointwise in func.tags and not adds
        if pointwise and self.amount is None:
            out = func(*args, **options)
        else:
            out = func(*first, *_each(args[len(first) :], self.moved), **options)
        if not pointwise and (changes or self.amount is None):
            return out
        if not changes:
            return _each(out, self.moved)
        for each in tensors(out):
            if each.is_floating_point():
                each.copy_(self.moved(each))
        return out

    def moved(self, value: torch.Tensor) -> torch.Tensor:
        kind = torch.finfo(value.dtype)
        amount = AMPLITUDE * min(kind.eps, self.coarsest) if self.amount is None else self.amount
        noise = torch.rand(value.shape, generator=self.rng, dtype=torch.float64) * 2 - 1
        noise = noise.to(value.device)
        exact = value.to(torch.float64)
        rounds = (exact != 0) & exact.isfinite()  # not known of float8
        size = torch.where(rounds, exact.abs().clamp_min(kind.tiny), 0.0)
        return (exact + amount * noise * size).to(value.dtype)

    def cast(self, before: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        """A cast rounds where it gives fewer digits."""
        if before.is_floating_point() and kept(before.dtype) > kept(out.dtype):
            return self.moved(out)
        return out


def kept(dtype: torch.dtype) -> float:
    """How many digits a type has, in bits."""
    return -np.log2(torch.finfo(dtype).eps)


def _each(value: Any, change: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(_each(item, change) for item in value)
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return change(value)
    return value
