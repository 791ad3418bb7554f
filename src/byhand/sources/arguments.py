"""What a forward is given where its source has no inputs: floats, integers, literals.

`--shape NAME=4,6` (or `NAME=` for a scalar, `NAME=32:int10` for integers below 10, `NAME=n=4,d=6`
and then `OTHER=d` for sizes that may be others) and `--given NAME='{"mode": "train"}'` say it by
hand; `proposals.py` proposes it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from byhand.errors import ProblemError


@dataclass(frozen=True)
class Floats:
    """An array drawn from a normal distribution; where `positive`, uniformly from 0.5 to 1.5, and
    where they are `shares`, probabilities, in rows that add up to 1.

    `axes` are the names of its sizes, if it has some, each empty where a size is always the same.
    """

    shape: tuple[int, ...]
    positive: bool = False
    axes: tuple[str, ...] = ()
    shares: bool = False

    def drawn(self, rng: np.random.Generator) -> Any:
        if self.shares:
            parts = np.asarray(rng.uniform(0.5, 1.5, size=self.shape))
            return parts / parts.sum(axis=-1, keepdims=True) if parts.ndim else parts / 2
        if self.positive:
            return rng.uniform(0.5, 1.5, size=self.shape)
        return np.asarray(rng.normal(size=self.shape))

    def __str__(self) -> str:
        return str(self.shape) if self.shape else "a scalar"


@dataclass(frozen=True)
class Integers:
    """An array of integers from 0 on, all below `below`, with the largest among them: `Y.max() + 1`
    is the number of classes for many. `axes` as those of floats."""

    shape: tuple[int, ...]
    below: int
    axes: tuple[str, ...] = ()

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


@dataclass(frozen=True)
class Lists(Literal):
    """A list of arrays, each drawn anew."""

    def drawn(self, rng: np.random.Generator) -> Any:
        return [rng.normal(size=np.shape(each)) for each in self.value]


Argument: TypeAlias = Floats | Integers | Literal


def parsed_shapes(said: Sequence[str]) -> dict[str, Argument]:
    """The arguments that `--shape` options give. Raises ProblemError for what isn't one."""
    found: dict[str, tuple[list[tuple[str, str]], int | None]] = {}
    for each in said:
        name, equals, text = each.partition("=")
        match = re.fullmatch(rf"((?:{_SIZE}(?:,{_SIZE})*,?)?)\s*(?::\s*int(\d+))?\s*", text)
        if not equals or not name.isidentifier() or match is None:
            raise ProblemError(
                f"--shape {each}: write NAME=4,6 for a shape, NAME= for a scalar, "
                "NAME=32:int10 for integers below 10, NAME=n=4,d=6 for sizes with names"
            )
        sizes = [_size(size) for size in match[1].split(",") if size.strip()]
        found[name] = sizes, None if match[2] is None else int(match[2])
    known = {n: int(size) for sizes, _ in found.values() for n, size in sizes if n and size}
    arguments: dict[str, Argument] = {}
    for name, (sizes, below) in found.items():
        unknown = [axis for axis, size in sizes if not size and axis not in known]
        if unknown:
            raise ProblemError(f"--shape {name}: say once how large {unknown[0]} is, such as =4")
        shape = tuple(known[axis] if axis else int(size) for axis, size in sizes)
        axes = tuple(axis for axis, _ in sizes) if any(axis for axis, _ in sizes) else ()
        floats = Floats(shape, axes=axes)
        arguments[name] = floats if below is None else Integers(shape, below, axes)
    return arguments


_SIZE = r"\s*(?:[A-Za-z_]\w*\s*(?:=\s*\d+)?|\d+)\s*"


def _size(text: str) -> tuple[str, str]:
    """The name of a size, if it has one, and how large it is, if that is said."""
    name, _, size = map(str.strip, text.partition("="))
    return ("", name) if name.isdigit() else (name, size)


def sizes_of(arguments: Mapping[str, Argument]) -> dict[str, int]:
    """The sizes that have names, as they are given."""
    return {
        axis: size
        for each in arguments.values()
        if not isinstance(each, Literal)
        for axis, size in zip(each.axes, each.shape, strict=False)
        if axis
    }


def at_sizes(arguments: Mapping[str, Argument], sizes: Mapping[str, int]) -> dict[str, Argument]:
    """The arguments with other sizes where these have names."""
    return {name: _at(argument, sizes) for name, argument in arguments.items()}


def _at(argument: Argument, sizes: Mapping[str, int]) -> Argument:
    if isinstance(argument, Literal) or not argument.axes:
        return argument
    pairs = zip(argument.axes, argument.shape, strict=True)
    return replace(argument, shape=tuple(sizes.get(axis, size) for axis, size in pairs))


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
