"""Looking on at what PyTorch computes: see `byhand.checking.running.narrow`."""

# pyright: basic

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from byhand.values.torch_dispatch import EveryOperation, tensors

NARROW = frozenset((torch.float32, torch.float16, torch.bfloat16))


class Watching(EveryOperation):
    """Within it, every tensor that PyTorch computes in a narrow type is shown to `look`."""

    def __init__(self, look: Callable[[torch.Tensor], None]) -> None:
        super().__init__()
        self.look = look

    def answer(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        out = func(*args, **options)
        for each in tensors(out):
            if each.dtype in NARROW:
                self.look(each)
        return out
