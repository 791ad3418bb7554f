"""What is not taken apart: constants of constants, views, and what is left to NumPy."""

# What NumPy takes and gives can be of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.compiling.tape import Tape, Traced, traced, values
from byhand.errors import UnsupportedError


def constant_or_call(
    tape: Tape, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], name: str
) -> Any:
    """What has no entry: a constant of constants, a view, or left to NumPy."""
    if "out" in kwargs and kwargs["out"] is not None:
        raise UnsupportedError(f"np.{name} with out=...")
    plain = {key: values(each) for key, each in kwargs.items()}
    result = func(*values(args), **plain)
    arrays = traced(args) + traced(tuple(kwargs.values()))
    several = isinstance(result, (list, tuple))
    parts = list(result) if several else [result]
    owners = [_owner(part, arrays) for part in parts]
    if all(owner is not None for owner in owners):
        aliases = [tape.alias(o, p) for o, p in zip(owners, parts, strict=True) if o is not None]
        return aliases if several else aliases[0]
    if all(array.buffer.constant for array in arrays):
        made = [wrapped(tape, part) for part in parts]
        return made if several else made[0]
    return tape.call(name, func, args, kwargs, result)


def _owner(part: Any, arrays: list[Traced]) -> Traced | None:
    """The array that `part` is a view on."""
    if not isinstance(part, np.ndarray):
        return None
    return next((a for a in arrays if np.may_share_memory(part, a.buffer.base)), None)


def wrapped(tape: Tape, result: Any) -> Any:
    return tape.constant(result) if isinstance(result, (np.ndarray, np.generic)) else result
