"""Kernels of PyTorch's tensors, for tests: a function, a reference, and inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from byhand.kernels.frameworks.pytorch import TORCH, run_of
from byhand.kernels.kernel import Kernel


def kernel_of(
    fn: Any, reference: Any, make: Callable[..., dict[str, Any]], name: str = ""
) -> Kernel:
    """A kernel of a function that takes the inputs in their order."""
    sizes = {
        n: p.default
        for n, p in inspect.signature(make).parameters.items()
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    }
    given = make(np.random.default_rng(0), **sizes)
    run = run_of(lambda inputs: fn(*inputs.values()))
    true = run_of(lambda inputs: reference(*inputs.values()))
    floats = [n for n, v in given.items() if torch.is_tensor(v) and v.is_floating_point()]
    forward = run(given, None, floats)
    ones = [
        torch.ones_like(out) if can else None
        for out, can in zip(forward.outputs, forward.takes, strict=True)
    ]
    found = run(given, ones, floats).gradients
    floats = tuple(name for name in floats if found[name] is not None)
    return Kernel(
        name=name or getattr(fn, "__name__", "kernel"),
        framework=TORCH,
        run=run,
        truth=true,
        plain=true,
        make=lambda rng, sizes: make(rng, **sizes),
        differentiable=floats,
        sizes=sizes,
    )
