# pyright: basic
"""The Functions that a module or any function of tensors calls, with what it calls them on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from byhand.values.torch_compiled import uncompiled
from byhand.values.torch_random import seed_torch

Fn = torch.autograd.Function


@dataclass(frozen=True, eq=False)
class Inner:
    """A Function, the arguments of its first call, and a flag for each that wants a gradient."""

    function: type[Fn]
    arguments: tuple[Any, ...]
    needs: tuple[bool, ...]


def inner_functions(
    call: Callable[..., Any], inputs: Mapping[str, Any], asked: Sequence[str]
) -> list[Inner]:
    """The hand-written Functions behind what `call` gives on `inputs`, one each."""
    leaves = {
        name: value.detach().clone().requires_grad_(name in asked)
        if isinstance(value, torch.Tensor)
        else value
        for name, value in inputs.items()
    }
    found: dict[type[Fn], Inner] = {}
    for function in _behind(_outputs(call, leaves)):
        with _watched(function) as calls:
            _outputs(call, leaves)
        if calls:
            arguments = tuple(calls[0])
            needs = tuple(isinstance(a, torch.Tensor) and a.requires_grad for a in arguments)
            plain = tuple(a.detach() if isinstance(a, torch.Tensor) else a for a in arguments)
            found[function] = Inner(function, plain, needs)
    return [*found.values()]


def _outputs(call: Callable[..., Any], inputs: Mapping[str, Any]) -> list[torch.Tensor]:
    seed_torch()
    with torch.enable_grad():
        returned = call(*inputs.values())
    each = returned if isinstance(returned, (tuple, list)) else (returned,)
    return [value for value in each if isinstance(value, torch.Tensor)]


def _behind(outputs: Sequence[torch.Tensor]) -> list[type[Fn]]:
    """The classes in the graph of tensors that people wrote, the last to run first."""
    found: dict[type[Fn], None] = {}
    seen: set[Any] = set()
    waiting = [output.grad_fn for output in outputs]
    while waiting:
        node = waiting.pop(0)
        if node is None or node in seen:
            continue
        seen.add(node)
        waiting += [after for after, _ in node.next_functions]
        function = getattr(type(node), "_forward_cls", None)
        if function is not None and function.__module__.partition(".")[0] != "torch":
            found[function] = None
    return [*found]


@contextmanager
def _watched(function: type[Fn]) -> Iterator[list[tuple[Any, ...]]]:
    """Gathers the arguments that a Function is called with."""
    calls: list[tuple[Any, ...]] = []
    apply = function.apply

    def watching(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        return apply(*arguments, **options)

    with replaced(function, watching):
        yield calls


@contextmanager
def replaced(function: type[Fn], call: Callable[..., Any]) -> Iterator[None]:
    """Within it, something else is called where a Function is applied."""
    own = function.__dict__.get("apply")
    function.apply = staticmethod(call)  # pyright: ignore[reportAttributeAccessIssue]
    try:
        with uncompiled():
            yield
    finally:
        if own is None:
            del function.apply
        else:
            function.apply = own
