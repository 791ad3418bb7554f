"""What a module says of one of its functions, beside it: its inputs, and a reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.program.problem import did_you_mean
from byhand.sources.arguments import Argument, drawn


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
    """The inputs of a function as `--shape` and `--given` say them.

    Raises ProblemError where it has no such arguments.
    """
    unknown = [each for each in known if each not in arguments]
    if unknown:
        raise ProblemError(
            f"{name} has no argument {unknown[0]}: {', '.join(arguments)}"
            f"{did_you_mean(unknown[0], arguments)}"
        )

    def inputs(rng: np.random.Generator) -> dict[str, Any]:
        return drawn(known, rng)

    return inputs
