"""Functions that exist already: a forward and its backward as objects, in a test or a session.

Backward's answers are its locals `d<name>` or a returned dict, as in a problem file; or else what
it returns belongs to forward's arguments, as in a pair.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any, cast

import numpy as np

from byhand.errors import ProblemError
from byhand.program.functions import definition_of, function_of
from byhand.program.problem import Inputs, Problem, dimensions_of
from byhand.sources.pair import paired
from byhand.sources.pairs import pairs_in, problem_of_pair
from byhand.sources.signature import returns
from byhand.values.arrays import is_sequence


def problem_of_functions(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Mapping[str, Any] | Sequence[Any] | Callable[..., Inputs] | None,
) -> Problem:
    """The problem of a forward and its backward, which may be compiled.

    `inputs` are forward's arguments, by name or in order, or a function `(rng, *, n=8)` that draws
    them; where they are None, what the module of the two has for them, or what fits, as for pairs
    in a file. Raises ProblemError if the two can't be read.
    """
    taken = function_of(forward)
    if inputs is None:
        return _of_module(forward, backward)
    draw = drawing(inputs, taken.parameters)
    dimensions = dimensions_of(draw, taken.file)
    if isinstance(backward, FunctionType) and isinstance(forward, FunctionType):
        one, two = (definition_of(inspect.unwrap(f)) for f in (forward, backward))
        if any(not isinstance(end.value, ast.Dict | None) for end in returns(two)):
            return _of_pair(one, two, forward, backward, draw)
    in_python = isinstance(backward, FunctionType)
    return Problem(
        name=taken.name,
        file=taken.file,
        doc=inspect.getdoc(forward) or "",
        forward=taken,
        backward=backward if in_python else Compiled(backward, taken.parameters),
        draw=draw,
        dimensions=dimensions,
    )


def _of_module(forward: Callable[..., Any], backward: Callable[..., Any]) -> Problem:
    """A pair as its module has it."""
    module = inspect.getmodule(forward)
    if module is not None and module is inspect.getmodule(backward):
        tree = ast.parse(inspect.getsource(module))
        for pair in pairs_in(tree):
            if (pair.forward.name, pair.backward.name) == (forward.__name__, backward.__name__):
                return problem_of_pair(pair, module, str(module.__file__), {})
    raise ProblemError(
        f"{forward.__name__}: there are no inputs to try it on: give inputs, as a dict of arrays "
        "or a function (rng, *, n=8) that draws one"
    )


def _of_pair(
    one: ast.FunctionDef,
    two: ast.FunctionDef,
    forward: FunctionType,
    backward: FunctionType,
    draw: Callable[..., Inputs],
) -> Problem:
    file = forward.__code__.co_filename
    pair = paired(one.name, one, two)
    module = ModuleType(one.name)
    module.__file__ = file
    module.__dict__.update(_seen(forward, backward))
    module.__dict__[f"{pair.name}_inputs"] = draw
    return problem_of_pair(pair, module, file, {})


def _seen(forward: FunctionType, backward: FunctionType) -> dict[str, Any]:
    """What two functions see that are to stand in one module."""
    spaces = [{**f.__globals__, **inspect.getclosurevars(f).nonlocals} for f in (forward, backward)]
    mine, theirs = spaces
    for name in backward.__code__.co_names + backward.__code__.co_freevars:
        if name in mine and name in theirs and mine[name] is not theirs[name]:
            if name in forward.__code__.co_names + forward.__code__.co_freevars:
                raise ProblemError(
                    f"{forward.__code__.co_filename}: {name} is one thing to {forward.__name__} "
                    f"and another to {backward.__name__}: give one of them another name"
                )
            mine = {**mine, name: theirs[name]}
    return {**theirs, **mine}


@dataclass(frozen=True, eq=False)
class Compiled:
    """A backward without statements in Python. Where it returns several results, they belong to
    forward's `arguments` in their order."""

    backward: Callable[..., Any]
    arguments: Sequence[str]

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.backward)

    def __call__(self, **given: Any) -> Any:
        returned = self.backward(*self.__signature__.bind(**given).args)
        if isinstance(returned, dict):
            return returned  # pyright: ignore[reportUnknownVariableType]
        gradients: list[Any] = list(returned) if is_sequence(returned) else [returned]
        found = zip(self.arguments, gradients, strict=False)
        return {owner: value for owner, value in found if value is not None}


def forward_alone(
    name: str, draw: Callable[..., Inputs], forward: Callable[..., Any] | None = None
) -> Problem:
    """A problem without a backward; without a forward, too, where only its inputs matter."""
    taken = function_of(_nothing if forward is None else forward)
    file = taken.file if forward is not None else name
    return Problem(
        name=name,
        file=file,
        doc="",
        forward=taken,
        backward=None,
        draw=draw,
        dimensions=dimensions_of(draw, file),
    )


def _nothing() -> None:
    pass


def drawing(inputs: Any, names: Sequence[str]) -> Callable[..., Inputs]:
    """Inputs as a function that draws them."""
    if callable(inputs):
        return cast("Callable[..., Inputs]", inputs)

    def always(rng: np.random.Generator) -> Inputs:
        return {**inputs} if isinstance(inputs, Mapping) else dict(zip(names, inputs, strict=False))

    return always
