"""Everything that PyTorch computes, one operation after the other.

This alone uses what PyTorch keeps to itself for it (`torch.utils._python_dispatch`). It is imported
only where there are tensors.
"""

# pyright: basic

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class EveryOperation(TorchDispatchMode):
    """Within it, `answer` is asked for the result of each operation. Subclasses give it."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Else PyTorch imports its compiler, for seconds, when the first operation comes.
        return False

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        return self.answer(func, args, dict(kwargs or {}))

    def answer(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        raise NotImplementedError


def tensors(result: Any) -> list[torch.Tensor]:
    """The tensors that an operation gave."""
    several = result if isinstance(result, (tuple, list)) else (result,)
    return [each for each in several if isinstance(each, torch.Tensor)]
