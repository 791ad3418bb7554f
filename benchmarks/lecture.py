"""The lecture's model in PyTorch: for its autograd, and for its check of the same backward."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

import byhand
from byhand.program.control_flow import run_plainly
from byhand.program.functions import function_of

torch.set_num_threads(1)
MLP = byhand.load("mlp")

MISTAKES = {
    "a path is missing": (" + dcounts_sum\n", "\n"),
    "a 2 is missing": ("dbndiff2 * 2 * bndiff", "dbndiff2 * bndiff"),
    "n for n - 1": ("dbnvar / (n - 1)", "dbnvar / n"),
    "another upstream": ("dbnraw = dhpreact * bngain", "dbnraw = dh * bngain"),
    "no known mistake": ("dh = dlogits @ W2.T", "dh = np.sin(dlogits @ W2.T)"),
}
"""What to replace in the model's backward, and by what."""


def mistaken(old: str, new: str) -> byhand.Problem:
    """The model with a mistake in its backward."""
    source = Path(MLP.file).read_text(encoding="utf-8")
    assert source.count(old) == 1, old
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mlp.py"
        file.write_text(source.replace(old, new), encoding="utf-8")
        return byhand.load(file)


def forward(X, Y, C, W1, b1, W2, b2, bngain, bnbias):
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
    """The model with the hand-written backward of byhand's `mlp`: the very code that byhand checks.

    That is NumPy; the arrays are shared, so going over to it costs next to nothing.
    """

    @staticmethod
    def forward(ctx: Any, names: tuple[str, ...], *values: torch.Tensor) -> torch.Tensor:
        ctx.given = {name: v.detach().numpy() for name, v in zip(names, values, strict=True)}
        return forward(**dict(zip(names, values, strict=True)))

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> Any:
        _, held = run_plainly(MLP.forward, ctx.given)
        asked = function_of(MLP.backward, MLP.tree)
        _, found = run_plainly(asked, {name: held[name] for name in asked.parameters})
        gradients = [
            torch.from_numpy(found[f"d{name}"]) * upstream[0] if value.dtype.kind == "f" else None
            for name, value in ctx.given.items()
        ]
        return None, *gradients


def gradcheck(inputs: Mapping[str, np.ndarray], *, fast: bool) -> bool:
    """PyTorch's own check of the hand-written backward, in float64."""
    leaves = tensors(inputs, "float64")
    names = tuple(leaves)
    return torch.autograd.gradcheck(
        lambda *values: HandWritten.apply(names, *values), tuple(leaves.values()), fast_mode=fast
    )
