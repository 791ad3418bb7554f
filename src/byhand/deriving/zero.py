"""Why a gradient is 0 whatever the numbers are, as far as closed forms can tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from byhand.deriving.derive import derive
from byhand.errors import ProblemError, UnsupportedError
from byhand.program.problem import Problem


def why_zero(problem: Problem, inputs: Mapping[str, Any], name: str) -> str:
    """What makes the gradient of `name` 0: "probs.sum(axis=1, keepdims=True) = 1"; else nothing."""
    try:
        steps = derive(problem, inputs, names=[name], closed=True).steps
    except (ProblemError, UnsupportedError):
        return ""
    for step in steps:
        if step.name == name and step.rewrites and step.rewrites[-1].code == "0":
            return step.rewrites[-1].why
    return ""
