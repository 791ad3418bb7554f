"""The lecture's model in PyTorch: for its autograd, and for its gradcheck of our backward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

import byhand
from byhand.program.statements import function_of, run_plainly


def forward(X, Y, C, W1, b1, W2, b2, bngain, bnbias):  # noqa: ANN001, ANN201
    """The forward of byhand's `mlp`, statement by statement."""
    n = X.shape[0]
    emb = C[X]
    embcat = emb.reshape(n, -1)
    hprebn = embcat @ W1 + b1
    bnmeani = hprebn.sum(0, keepdim=True) / n
    bndiff = hprebn - bnmeani
    bndiff2 = bndiff**2
    bnvar = bndiff2.sum(0, keepdim=True) / (n - 1)
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = bndiff * bnvar_inv
    hpreact = bngain * bnraw + bnbias
    h = torch.tanh(hpreact)
    logits = h @ W2 + b2
    logit_maxes = logits.max(1, keepdim=True).values
    norm_logits = logits - logit_maxes
    counts = norm_logits.exp()
    counts_sum = counts.sum(1, keepdim=True)
    counts_sum_inv = counts_sum**-1
    probs = counts * counts_sum_inv
    logprobs = probs.log()
    loss = -logprobs[range(n), Y].mean()
    return loss  # noqa: RET504


def tensors(inputs: Mapping[str, Any], dtype: str) -> dict[str, torch.Tensor]:
    """The inputs of the model as tensors, those that are floats as leaves."""
    found: dict[str, torch.Tensor] = {}
    for name, value in inputs.items():
        if value.dtype.kind == "f":
            found[name] = torch.tensor(value.astype(dtype), requires_grad=True)
        else:
            found[name] = torch.from_numpy(value)
    return found


class HandWritten(torch.autograd.Function):
    """The forward and the hand-written backward of byhand's `mlp`, as PyTorch sees them.

    The same NumPy code that byhand checks; the arrays are shared, so this costs next to nothing.
    """

    @staticmethod
    def forward(ctx: Any, names: tuple[str, ...], *values: torch.Tensor) -> torch.Tensor:
        given = {name: value.detach().numpy() for name, value in zip(names, values, strict=True)}
        ctx.given = given
        return torch.tensor(_MODULE["forward"](**given))

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> Any:
        _, held = run_plainly(function_of(_MODULE["forward"]), ctx.given)
        asked = function_of(_MODULE["backward"])
        _, found = run_plainly(asked, {name: held[name] for name in asked.parameters})
        gradients = [
            torch.from_numpy(found[f"d{name}"]) * upstream[0] if value.dtype.kind == "f" else None
            for name, value in ctx.given.items()
        ]
        return None, *gradients


_MODULE = byhand.load("mlp").forward.globals


def gradcheck(inputs: Mapping[str, np.ndarray], *, fast: bool) -> bool:
    """PyTorch's own check of the hand-written backward, in float64."""
    leaves = tensors(inputs, "float64")
    names = tuple(leaves)
    return torch.autograd.gradcheck(
        lambda *values: HandWritten.apply(names, *values), tuple(leaves.values()), fast_mode=fast
    )
