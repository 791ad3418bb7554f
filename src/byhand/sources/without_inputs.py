"""A problem file without `inputs`: a forward, and a backward that asks by name, if there is one.

Inputs are those that were said, and the rest are proposed, by forward alone.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from byhand.errors import ProblemError, in_one_line
from byhand.program.problem import Inputs, Problem, executed, problem_in
from byhand.sources.arguments import Argument, drawn
from byhand.sources.dimension_names import called, said_of
from byhand.sources.proposals import Fit, ForwardRun, proposed
from byhand.sources.signature import parameters
from byhand.sources.spoken import as_spoken, speaks_torch
from byhand.values.arrays import is_tuple


def without_inputs(
    text: str, tree: ast.Module, file: Path, known: Mapping[str, Argument]
) -> Problem:
    """The problem; how it was tried is a note. Raises ProblemError where no inputs are found."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    forward = functions["forward"]
    module = executed(tree, file, text)
    in_torch = speaks_torch((forward,), module)

    unknown: list[NameError] = []

    def attempt(values: dict[str, Any]) -> ForwardRun:
        try:
            ends: Any = module.forward(**copy.deepcopy(as_spoken(values, in_torch)))
        except NameError as error:
            unknown.append(error)
            raise
        outputs = [np.asarray(end) for end in (ends if is_tuple(ends) else (ends,))]
        if not all(np.isfinite(output).all() for output in outputs):
            raise FloatingPointError("forward isn't finite")
        return ForwardRun([output.shape for output in outputs], lambda: Fit(1, 1))

    known = {name: value for name, value in known.items() if name in parameters(forward)}
    shapes = said_of(parameters(forward), forward)
    try:
        proposal = proposed(forward, known, attempt, (), False, functions, shapes)
    except ProblemError as error:
        said = in_one_line(unknown[0]) if unknown else str(error)
        raise ProblemError(f"{file}:{forward.lineno}: forward: {said}") from None
    axes = {name: axis for axis, name in called(forward, proposal).items()}

    def draw(rng: np.random.Generator, **chosen: int) -> Inputs:
        sizes = {axes[name]: size for name, size in chosen.items()}
        return as_spoken(drawn(proposal.arguments(sizes), rng), in_torch)

    def at_these_sizes(rng: np.random.Generator) -> Inputs:
        return draw(rng)

    guessed = [f"{n} {each}" for n, each in proposal.arguments().items() if n not in known]
    note = f"forward was tried on {', '.join(guessed)}: --shape, --given or an inputs() change that"
    return replace(
        problem_in(text, file, at_these_sizes),
        draw=draw,
        dimensions={name: proposal.sizes[axis] for name, axis in axes.items()},
        notes=(note,) if guessed else (),
    )
