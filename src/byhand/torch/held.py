# pyright: basic
"""Forwards that hold something constant on purpose: what they compute under `torch.no_grad()`, or
detach, such as the power iteration of a spectral norm (Miyato et al., arXiv 1802.05957, section 2).

Differences move that, too. A backward that is right where it is held, but isn't the slope of what
forward gives, is neither right nor wrong until a reference says which is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from byhand.checking.report import Report, Row
from byhand.kernels.kernel import Ran
from byhand.torch.followed import copied, eps_within, gradients_of, in_double
from byhand.torch.given import Given
from byhand.torch.inside import inner_functions, replaced
from byhand.torch.reference import Ctx, Reference, flags, own_forwards
from byhand.torch.subject import Subject, subject_of
from byhand.values.torch_random import seed_torch

HELD = "forward holds some of what it computes constant (torch.no_grad, detach)"
MEANT = "if that is meant, give a reference that holds it constant, too"


def unjudged_where_held(
    report: Report, subject: Subject, found: Given, ran: Ran, seed: int
) -> Report:
    """The report, with the gradients `unjudged` that differences say are wrong, but that are right
    where what forward holds constant is constant. `ran` is what forward gave."""
    wrong = [row.name for row in report.rows if row.verdict in ("wrong", "inherited")]
    asked = [name for name in wrong if name in found.asked]
    held = _held(subject, found, ran, seed) if asked else frozenset[str]()
    if not held & set(asked):
        return report

    hidden = held if set(asked) - held else {*wrong}

    def of(row: Row) -> Row:
        if row.name not in hidden or row.name not in wrong:
            return row
        note = (
            f"{HELD}: with that it is right, but it isn't the slope of what forward gives; {MEANT}"
        )
        return replace(row, verdict="unjudged", note=note, mistake=None, mismatch=None)

    rows = tuple(map(of, report.rows))
    return replace(report, rows=rows, roots=tuple(n for n in report.roots if n not in hidden))


def _held(subject: Subject, found: Given, ran: Ran, seed: int) -> frozenset[str]:
    """The inputs whose gradient is what autograd makes of forward as it stands, and not 0."""
    values = in_double(found.make(np.random.default_rng(seed), {}))
    try:
        if not _holds(subject, copied(values)):
            return frozenset()
        rng = np.random.default_rng([seed, 6])
        upstream = [
            torch.from_numpy(rng.normal(size=tuple(output.shape))) if takes else None
            for output, takes in zip(ran.outputs, ran.takes, strict=True)
        ]
        gave = subject.run(copied(values), upstream, found.asked).gradients
        eps = eps_within(subject, values, found.asked)
    except Exception:  # it takes no float64, or another upstream: nothing is known of it
        return frozenset()
    sent = [g.numpy() for g in upstream if g is not None]
    for way in chain(own_forwards(subject, found.arguments), _inner_forwards(subject, found, seed)):
        try:
            known = gradients_of(way, values, found.asked, sent, ran.takes)
        except Exception:  # it does what autograd can't follow
            continue
        return frozenset(name for name in found.asked if _same(gave[name], known[name], eps))
    return frozenset()


def _same(gave: Any, known: Any, eps: float) -> bool:
    """Whether a gradient is another, which isn't 0."""
    if gave is None or not known.any() or tuple(gave.shape) != known.shape:
        return False
    error = np.abs(gave.detach().double().cpu().numpy() - known)
    return bool(np.all(error <= 1e3 * eps * np.abs(known).max()))


def _inner_forwards(subject: Subject, found: Given, seed: int) -> Iterator[Reference]:
    """A function of tensors with the forward of each Function that it calls in place of it."""
    if subject.forward is not None:
        return
    values = found.make(np.random.default_rng(seed), {})
    functions = [inner.function for inner in inner_functions(subject.call, values, found.asked)]

    def call(*given: Any) -> Any:
        with ExitStack() as patched:
            for function in functions:
                patched.enter_context(replaced(function, partial(_forward_of, function)))
            return subject.call(*given)

    yield Reference(call, tuple(found.arguments), f"the forwards within {subject.name}")


def _forward_of(function: Any, *arguments: Any) -> Any:
    forward = subject_of(function).forward
    assert forward is not None  # a Function has one
    return forward(Ctx(flags(arguments)), *arguments)


def _holds(subject: Subject, values: Mapping[str, Any]) -> bool:
    """Whether forward detaches anything, or computes it without a graph."""
    seed_torch()
    with _Holding() as holding:
        if subject.forward is None:
            subject.call(*values.values())
        else:  # within a custom op PyTorch hides what is called
            subject.forward(Ctx(flags(values.values())), *values.values())
    return holding.found


class _Holding(TorchFunctionMode):
    """Within it, `found` tells whether anything was detached, or computed without a graph."""

    CUTS = frozenset(("detach", "detach_", "_set_grad_enabled"))

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        self.found |= name in self.CUTS and not (name == "_set_grad_enabled" and args[0])
        return func(*args, **(kwargs or {}))
