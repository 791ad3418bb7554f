# pyright: basic
"""Whether a problem that was made of a subject gives the gradients that the user's call gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from byhand.kernels.frameworks.pytorch import Poisoned
from byhand.program.call import call_of
from byhand.program.plain_run import inputs_of_their_own, plain_locals
from byhand.program.problem import Problem
from byhand.program.statements import StatementError
from byhand.torch.followed import copied
from byhand.torch.given import Given
from byhand.torch.subject import Subject

NEAR = 1e-3
"""Of the largest element: statements that are run otherwise give something else altogether, and
rounding in float32 doesn't."""


def gives_the_same(problem: Problem, subject: Subject, found: Given, seed: int) -> bool:
    """Whether the statements of backward, run on what those of forward leave, return what the call
    does, with PyTorch's sums over axes that were broadcast. Where the call raises they may do
    anything. What was never written holds something else each time, but for NaN."""
    if _gives_the_same(problem, subject, found, seed):
        return True
    with Poisoned():
        return _gives_the_same(problem, subject, found, seed)


def _gives_the_same(problem: Problem, subject: Subject, found: Given, seed: int) -> bool:
    upstream, wanted = called(subject, found, seed)
    if isinstance(wanted, Exception):
        return True
    try:
        sent = [g for g in upstream if g is not None]
        seen = _answers(problem, problem.inputs(seed), sent)
    except StatementError:
        return False
    return all(_alike(seen.get(f"d{name}"), wanted[name]) for name in found.asked)


def called(
    subject: Subject, found: Given, seed: int
) -> tuple[list[Any], Mapping[str, Any] | Exception]:
    """One call of the user's: the upstream that was sent, and the gradients that came
    back, or what was raised on the way."""
    values = found.make(np.random.default_rng(seed), {})
    rng = np.random.default_rng([seed, 6])
    forward = subject.run(copied(values), None, found.asked)
    upstream = [
        torch.from_numpy(np.asarray(rng.normal(size=tuple(output.shape)))).to(output.dtype)
        if takes
        else None
        for output, takes in zip(forward.outputs, forward.takes, strict=True)
    ]
    sent = [None if g is None else g.clone() for g in upstream]
    try:
        return upstream, subject.run(copied(values), sent, found.asked).gradients
    except Exception as error:
        return upstream, error


def _answers(problem: Problem, inputs: dict[str, Any], upstream: list[Any]) -> dict[str, Any]:
    call = call_of(problem)
    with np.errstate(all="ignore"):
        known = plain_locals(problem, inputs_of_their_own(inputs))
        names = [name for name in call.parameters if name not in known]
        return call.answers(call.filled({**known, **dict(zip(names, upstream, strict=False))}))


def _alike(answer: Any, gradient: Any) -> bool:
    if answer is None or gradient is None:
        return all(each is None or not each.any() for each in (answer, gradient))
    if not isinstance(answer, torch.Tensor):
        return False
    answer = answer.to_dense() if answer.is_sparse else answer
    try:
        answer = answer.detach().sum_to_size(gradient.shape)  # in its own type, as PyTorch does
    except RuntimeError:
        return True  # PyTorch refuses it, and so will the check
    answer, gradient = answer.double(), gradient.detach().double()
    size = float(gradient.abs().nan_to_num(0, 0, 0).max()) if gradient.numel() else 0.0
    return torch.allclose(answer, gradient, rtol=NEAR, atol=NEAR * size, equal_nan=True)
