"""Looking on at what PyTorch computes: see `byhand.checking.running.narrow`."""

# pyright: basic

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from byhand.values.torch_dispatch import tensors

NARROW = frozenset((torch.float32, torch.float16, torch.bfloat16))


class Watching(TorchFunctionMode):
    """Within it, every tensor in a narrow type that a function of PyTorch's gives is shown to
    `look`."""

    def __init__(self, look: Callable[[torch.Tensor], None]) -> None:
        super().__init__()
        self.look = look

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        for each in tensors(out):
            if each.dtype in NARROW:
                self.look(each)
        return out
