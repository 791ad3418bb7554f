"""Tables of functions by PyTorch's names, as far as these stand on the ops' records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from byhand.ops import REGISTRY
from byhand.ops.op import Op
from byhand.ops.spelling import called

F = TypeVar("F", bound=Callable[..., Any])


def by_name(*functions: F) -> dict[str, F]:
    """Functions by the names that they bear."""
    return {function.__name__: function for function in functions}


def torch_names(op: Op) -> list[str]:
    """How PyTorch names the functions that are this op: `abs`, `linalg_inv`."""
    aliases = (a.removeprefix("torch.") for a in op.aliases if a.startswith("torch."))
    return [name.replace(".", "_") for name in (called(op, "torch"), *aliases) if name]


def elementwise_functions() -> dict[str, Callable[..., Any]]:
    """PyTorch's functions of one or two arrays of floats that are an op and nothing more."""
    found: dict[str, Callable[..., Any]] = {}
    for op in REGISTRY.values():
        if op.family == "elementwise" and not op.boolean and len(op.vjps) <= 2:
            function = _of_one(op) if len(op.vjps) == 1 else _of_two(op)
            found |= dict.fromkeys(torch_names(op), function)
    return found


def _of_one(op: Op) -> Callable[..., Any]:
    def apply(input: Any) -> Any:
        return op(input)

    return apply


def _of_two(op: Op) -> Callable[..., Any]:
    def apply(input: Any, other: Any) -> Any:
        return op(input, other)

    return apply
