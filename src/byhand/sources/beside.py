"""What a module says of one of its functions, beside it: its inputs, and a reference."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.program.problem import did_you_mean
from byhand.sources.arguments import Argument, at_sizes, drawn, sizes_of


def beside(module: ModuleType, name: str, what: str) -> Callable[..., Any] | None:
    """`inputs_RMSNorm`, `rms_norm_inputs`, or else `inputs`."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    for each in dict.fromkeys((name, plain, name.lower())):
        for said in (f"{what}_{each}", f"{each}_{what}"):
            if callable(found := getattr(module, said, None)):
                return found
    found = getattr(module, what, None)
    return found if callable(found) else None


def drawing(
    name: str, arguments: Sequence[str], known: Mapping[str, Argument]
) -> Callable[..., dict[str, Any]]:
    """The inputs of a function as `--shape` and `--given` say them, at any sizes that have names.

    Raises ProblemError where it has no such arguments.
    """
    unknown = [each for each in known if each not in arguments]
    if unknown:
        raise ProblemError(
            f"{name} has no argument {unknown[0]}: {', '.join(arguments)}"
            f"{did_you_mean(unknown[0], arguments)}"
        )

    def inputs(rng: np.random.Generator, **sizes: int) -> dict[str, Any]:
        return drawn(at_sizes(known, sizes), rng)

    kinds = inspect.Parameter
    inputs.__signature__ = inspect.Signature(  # pyright: ignore[reportFunctionMemberAccess]
        [
            kinds("rng", kinds.POSITIONAL_OR_KEYWORD),
            *(kinds(n, kinds.KEYWORD_ONLY, default=size) for n, size in sizes_of(known).items()),
        ]
    )
    return inputs
