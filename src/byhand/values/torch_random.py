"""PyTorch's random numbers, from the same start in every call.

`torch.manual_seed` also queues a seed for each kind of device that is absent, with the stack of its
caller: that takes longer than most kernels, and what is queued is never freed.
"""

# pyright: basic

from __future__ import annotations

import torch


def seed_torch() -> None:
    """What PyTorch draws next is what it draws first from seed 0."""
    if torch.cuda.is_initialized():
        torch.manual_seed(0)
    else:
        torch.default_generator.manual_seed(0)
