"""Counting what PyTorch computes. It is imported only where a backward is written in PyTorch."""

# PyTorch's types are its own affair.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils.flop_counter import flop_registry

from byhand.deriving.tally import Tally
from byhand.values.torch_dispatch import EveryOperation

FREE = {
    "empty", "empty_like", "empty_strided", "zeros", "zeros_like", "ones", "ones_like", "full",
    "full_like", "new_zeros", "new_ones", "new_full", "new_empty", "zero_", "fill_", "clone",
    "_to_copy", "arange", "eye", "lift_fresh", "scalar_tensor", "_local_scalar_dense",
    "detach", "resize_",
}  # fmt: skip
"""Operations that copy or fill."""

GATHERS = {"index", "index_select", "gather", "take", "embedding"}
"""Operations that count the elements of their result."""

SCATTERS = {
    "index_put", "index_put_", "_index_put_impl_", "index_add", "index_add_", "scatter", "scatter_",
    "scatter_add", "scatter_add_",
}  # fmt: skip
"""Operations that count the elements that they move into their first argument."""

SOFTMAX = {"_softmax": 5, "_log_softmax": 5}
"""Operations that stand for several: a maximum, a difference, exp (log), a sum, a quotient."""


@contextmanager
def watching(tally: Tally) -> Generator[None]:
    """While it is open, all that PyTorch computes is added to the tally."""
    with torch.no_grad(), _Mode(tally):
        yield


class _Mode(EveryOperation):
    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally

    def answer(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        found = func(*args, **options)
        packet = func.overloadpacket
        name = packet.__name__
        if packet in flop_registry:
            self.tally.add(flop_registry[packet](*args, **options, out_val=found))
        elif name in SCATTERS:
            self.tally.add(_size(args[1:]))
        elif name == "copy_":  # into a slice; `x[1:] += y` ends with one of x[1:] into itself
            self.tally.add(0 if args[0].data_ptr() == args[1].data_ptr() else _size(args[0]))
        elif name in GATHERS:
            self.tally.add(_size(found))
        elif name not in FREE and not func.is_view:
            self.tally.add(SOFTMAX.get(name, 1) * max(_size(args), _size(found)))
        return found


def _size(value: Any) -> int:
    if isinstance(value, (list, tuple)):
        return max([0, *map(_size, value)])
    return value.numel() if isinstance(value, torch.Tensor) else 0
