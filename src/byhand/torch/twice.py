# pyright: basic
"""Gradients of gradients: whether a backward that PyTorch would differentiate can be.

A Function's forward leaves no graph, so what it computed and saved is a constant to a second
backward, which is then wrong without a word. `@once_differentiable` says that there is none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from byhand.torch.followed import copied, in_double
from byhand.torch.given import Given
from byhand.torch.subject import Subject
from byhand.values.torch_random import seed_torch

STEP = 1e-5


def wrong_twice(subject: Subject, found: Given, seed: int) -> list[str]:
    """The inputs of which the gradient of the gradients is wrong; none where PyTorch refuses to
    find it, or where it can't be told."""
    values = in_double(found.make(np.random.default_rng(seed), {}))
    generator = torch.Generator().manual_seed(seed)

    def drawn(like: torch.Tensor) -> torch.Tensor:
        return torch.randn(like.shape, generator=generator, dtype=torch.float64)

    forward = subject.run(copied(values), None, found.asked)
    upstream = [
        drawn(output).requires_grad_() if takes else None
        for output, takes in zip(forward.outputs, forward.takes, strict=True)
    ]
    weights = {name: drawn(values[name]) for name in found.asked}

    def first(moved: dict[str, Any], *, graph: bool) -> tuple[Any, dict[str, torch.Tensor]]:
        """The gradients, added up with the weights, and the leaves they belong to."""
        leaves = {n: moved[n].detach().clone().requires_grad_() for n in found.asked}
        seed_torch()
        with torch.enable_grad():
            returned = subject.call(*{**copied(moved), **leaves}.values())
            each = returned if isinstance(returned, (tuple, list)) else (returned,)
            sent = [(o, g) for o, g in zip(each, upstream, strict=True) if g is not None]
            gradients = torch.autograd.grad(
                [o for o, _ in sent],
                list(leaves.values()),
                [g for _, g in sent],
                create_graph=graph,
                allow_unused=True,
            )
            terms = [
                (gradient * weights[name]).sum()
                for name, gradient in zip(leaves, gradients, strict=True)
                if gradient is not None
            ]
            return sum(terms), leaves

    try:
        total, leaves = first(values, graph=True)
        if not (isinstance(total, torch.Tensor) and total.requires_grad):
            return []
        total.backward()  # all of it: what mustn't be differentiated twice raises only then
    except Exception:
        return []  # whoever asks for it will be told
    wrong: list[str] = []
    for name, leaf in leaves.items():
        way = drawn(values[name])
        slope = 0.0 if leaf.grad is None else float((leaf.grad * way).sum())

        def at(h: float, name: str = name, way: torch.Tensor = way) -> float:
            total, _ = first({**values, name: values[name] + h * way}, graph=False)
            return float(torch.as_tensor(total).detach())

        one, two = ((at(h) - at(-h)) / (2 * h) for h in (STEP, STEP / 2))
        size = max(abs(one), abs(slope), abs(float(total.detach())))
        if np.isfinite(one) and abs(one - slope) > 10 * abs(one - two) + 1e-5 * size:
            wrong.append(name)
    return wrong


def note_on(wrong: list[str]) -> str:
    """What to say of it."""
    return (
        f"gradients of gradients are wrong, without a word (of {', '.join(wrong)}): mark backward "
        "with @once_differentiable, or let it compute from inputs alone"
    )
