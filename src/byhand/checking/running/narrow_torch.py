"""Looking on at what PyTorch computes: see `byhand.checking.running.narrow`."""

# pyright: basic

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Watching(TorchDispatchMode):
    """Within it, every tensor that PyTorch computes is shown to `look`."""

    def __init__(self, look: Callable[[torch.Tensor], None]) -> None:
        super().__init__()
        self.look = look

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        for each in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(each, torch.Tensor) and each.dtype == torch.float32:
                self.look(each)
        return out
