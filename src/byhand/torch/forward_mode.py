# pyright: basic
"""A Function's own `jvp`: derivatives forward, held against those backward.

For any tangent t and any upstream u, what comes forward times u is what comes back times t. So once
backward is right, it says whether `jvp` is.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch.autograd import forward_ad

from byhand.checking.report import Finding
from byhand.errors import in_one_line
from byhand.torch.followed import copied, in_double
from byhand.torch.given import Given
from byhand.torch.subject import Subject
from byhand.values.torch_random import seed_torch

NEAR = 1e-6
"""Of the size of the terms: a wrong derivative is off by more, rounding in float32 by less than
`NARROW`."""
NARROW = 1e-3


def wrong_forward(subject: Subject, found: Given, seed: int) -> list[Finding]:
    """What is wrong with the tangents that a subject's `jvp` gives; nothing where it has none."""
    if not subject.has_jvp:
        return []
    values = in_double(found.make(np.random.default_rng(seed), {}))
    rng = np.random.default_rng([seed, 9])
    forward = subject.run(copied(values), None, found.asked)
    upstream = [
        _like(rng, output) if takes else None
        for output, takes in zip(forward.outputs, forward.takes, strict=True)
    ]
    gradients = subject.run(copied(values), upstream, found.asked).gradients
    seen: dict[str, list[str]] = {}
    for name in found.asked:
        tangent = _like(rng, values[name])
        try:
            there, size = _sent(subject, values, name, tangent, upstream)
        except Exception as error:
            seen.setdefault(f"jvp raised {in_one_line(error)}", []).append(name)
            continue
        gradient = gradients[name]
        back = 0.0 if gradient is None else float((gradient * tangent).sum())
        size += 0.0 if gradient is None else float((gradient * tangent).abs().sum())
        if not abs(there - back) <= (NARROW if _narrow(forward.outputs) else NEAR) * size:
            said = "what jvp gives isn't the derivative that backward gives"
            seen.setdefault(said, []).append(name)
    done = "a tangent of each input was sent forward, and compared with backward"
    return [Finding("jvp", done, f"{said}: of {', '.join(of)}") for said, of in seen.items()]


def _sent(
    subject: Subject, values: Any, name: str, tangent: torch.Tensor, upstream: list[Any]
) -> tuple[float, float]:
    """The upstream times what comes forward of a tangent, and the size of its terms."""
    seed_torch()
    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore")
        given = copied(values)
        given[name] = forward_ad.make_dual(given[name], tangent)
        returned = subject.call(*given.values())
        outputs = returned if isinstance(returned, (tuple, list)) else (returned,)
        terms = [
            (forward_ad.unpack_dual(output).tangent * g).flatten()
            for output, g in zip(outputs, upstream, strict=True)
            if g is not None and forward_ad.unpack_dual(output).tangent is not None
        ]
    whole = torch.cat(terms) if terms else torch.zeros(1)
    return float(whole.sum()), float(whole.abs().sum())


def _like(rng: np.random.Generator, tensor: torch.Tensor) -> torch.Tensor:
    drawn = torch.from_numpy(np.asarray(rng.normal(size=tuple(tensor.shape))))
    return drawn.to(tensor.dtype).to(tensor.device)


def _narrow(outputs: Any) -> bool:
    return any(isinstance(o, torch.Tensor) and o.dtype == torch.float32 for o in outputs)
