"""A forward run as it stands, with nobody looking on: what backward would find in real life."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from byhand.program.control_flow import run_plainly
from byhand.program.problem import Problem


def plain_locals(problem: Problem, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that forward has a name for at its end, the inputs included.

    Forward may change what is in `inputs`. Raises StatementError if it raises.
    """
    forward = problem.forward
    given = {name: inputs[name] for name in forward.parameters if name in inputs}
    before = forward.namespace(given)
    _, namespace = run_plainly(forward, given)
    found = {
        name: value
        for name, value in namespace.items()
        if name in given or name not in before or value is not before[name]
    }
    return {**inputs, **found}
