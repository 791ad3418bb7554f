"""What a forward is given where its source has no inputs: floats, integers, literals.

`--shape NAME=4,6` (or `NAME=` for a scalar, `NAME=32:int10` for integers below 10) and
`--given NAME='{"mode": "train"}'` say it by hand; `proposals.py` proposes it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from byhand.errors import ProblemError


@dataclass(frozen=True)
class Floats:
    """An array drawn from a normal distribution; where `positive`, uniformly from 0.5 to 1.5."""

    shape: tuple[int, ...]
    positive: bool = False

    def drawn(self, rng: np.random.Generator) -> Any:
        if self.positive:
            return rng.uniform(0.5, 1.5, size=self.shape)
        return np.asarray(rng.normal(size=self.shape))

    def __str__(self) -> str:
        return str(self.shape) if self.shape else "a scalar"


@dataclass(frozen=True)
class Integers:
    """An array of integers from 0 on, all below `below`, with the largest among them: `Y.max() + 1`
    is the number of classes for many."""

    shape: tuple[int, ...]
    below: int

    def drawn(self, rng: np.random.Generator) -> Any:
        found = np.asarray(rng.integers(0, self.below, size=self.shape))
        if found.size:
            found.flat[-1] = self.below - 1
        return found

    def __str__(self) -> str:
        return f"{self.shape} of integers below {self.below}"


@dataclass(frozen=True)
class Literal:
    """A value that is always the same."""

    value: Any

    def drawn(self, rng: np.random.Generator) -> Any:
        return self.value

    def __str__(self) -> str:
        return repr(self.value)


Argument: TypeAlias = Floats | Integers | Literal


def parsed_shapes(said: Sequence[str]) -> dict[str, Argument]:
    """The arguments that `--shape` options give. Raises ProblemError for what isn't one."""
    found: dict[str, Argument] = {}
    for each in said:
        name, equals, text = each.partition("=")
        match = re.fullmatch(r"\s*((?:\d+\s*(?:,\s*\d+\s*)*,?)?)\s*(?::\s*int(\d+))?\s*", text)
        if not equals or not name.isidentifier() or match is None:
            raise ProblemError(
                f"--shape {each}: write NAME=4,6 for a shape, NAME= for a scalar, "
                "NAME=32:int10 for integers below 10"
            )
        shape = tuple(int(size) for size in match[1].split(",") if size.strip())
        found[name] = Floats(shape) if match[2] is None else Integers(shape, int(match[2]))
    return found


def parsed_literals(said: Sequence[str]) -> dict[str, Argument]:
    """The arguments that `--given` options give. Raises ProblemError for what isn't one."""
    found: dict[str, Argument] = {}
    for each in said:
        name, equals, text = each.partition("=")
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            equals = ""
            value = None
        if not equals or not name.isidentifier():
            raise ProblemError(
                f"--given {each}: write NAME=VALUE with a Python literal, such as "
                'bn_param=\'{"mode": "train"}\''
            )
        found[name] = Literal(value)
    return found


def drawn(arguments: Mapping[str, Argument], rng: np.random.Generator) -> dict[str, Any]:
    """The arguments, drawn anew."""
    return {name: argument.drawn(rng) for name, argument in arguments.items()}
