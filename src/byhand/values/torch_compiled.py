"""What `torch.compile` made, run as the Python that it was made of."""

# pyright: basic

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def uncompiled() -> Generator[None]:
    """Within it nothing that PyTorch compiled runs compiled: its compiler refuses Functions whose
    `apply` somebody looks on at.

    Where its compiler was never imported nothing is compiled, and to import it takes seconds.
    """
    if "torch._dynamo" not in sys.modules:
        yield
        return
    import torch

    with torch.compiler.set_stance("force_eager"):
        yield
