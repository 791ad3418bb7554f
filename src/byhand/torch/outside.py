# pyright: basic
"""A function of tensors seen from outside: what it returns, and what its backward gives."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import torch

from byhand.kernels.kernel import Ran


def ran(
    call: Callable[..., Any],
    inputs: Mapping[str, Any],
    upstream: Sequence[Any] | None,
    needs: Collection[str],
) -> Ran:
    """Calls it on `inputs`, and goes back from `upstream`, as PyTorch would.

    Tensors are handed on as they are, in memory that they share. What the user's code raises comes
    out as it is.
    """
    leaves = {
        name: value.detach().requires_grad_(name in needs)
        for name, value in inputs.items()
        if isinstance(value, torch.Tensor)
    }
    before = {name: leaf.detach().clone() for name, leaf in leaves.items()}
    given = {**inputs, **leaves}
    torch.manual_seed(0)
    with torch.enable_grad():
        try:
            returned = call(*given.values())
        except RuntimeError as error:
            if "leaf Variable that requires grad" not in str(error):
                raise
            # It writes into an input, which PyTorch allows for what was computed.
            leaves = {name: before[name].requires_grad_(name in needs) for name in leaves}
            torch.manual_seed(0)
            given |= {name: leaf.clone() for name, leaf in leaves.items()}
            returned = call(*given.values())
    each = tuple(returned) if isinstance(returned, (tuple, list)) else (returned,)
    outputs = tuple(value for value in each if isinstance(value, torch.Tensor))
    takes = tuple(value.requires_grad for value in outputs)
    if upstream is None:
        return Ran(tuple(o.detach() for o in outputs), takes, {})
    wanted = {name: leaf for name, leaf in leaves.items() if name in needs}
    pairs = [
        (out, g)
        for out, g, takes_one in zip(outputs, upstream, takes, strict=True)
        if takes_one and g is not None
    ]

    def back() -> Mapping[str, Any]:
        found = torch.autograd.grad(
            [out for out, _ in pairs],
            list(wanted.values()),
            [g for _, g in pairs],
            allow_unused=True,
            retain_graph=True,
        )
        return dict(zip(wanted, found, strict=True))

    return Ran(tuple(o.detach() for o in outputs), takes, back(), back)
