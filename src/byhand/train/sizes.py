"""At which sizes a problem is trained, and whether it can be.

The convention: the integer input `X`, of shape (n, block), takes the contexts; the integer input
`Y`, of shape (n,), takes the characters that follow them; `inputs` has a size called `vocabulary`,
and forward returns the mean cross-entropy. All float inputs that aren't `data` are trained.

A model that reads words from the left says so by a `Y` of the shape of `X`: then `X` takes whole
words, each after an end marker, and `Y` the character that follows in each place, or -1 where the
word has ended; the loss is the mean over the places that are asked for.

A problem is checked at small sizes and trained at large ones. A problem file may say so with
`training = {"hidden": 200}`: these sizes take the place of the defaults of `inputs`, in training
only. `--set hidden=300` has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem, did_you_mean
from byhand.train.loop import trained_inputs


def training_sizes(problem: Problem, sizes: Mapping[str, int], vocabulary: int) -> dict[str, int]:
    """Every size `inputs` takes: those asked for, else those for training, else the defaults.

    Raises ProblemError for a size that `inputs` doesn't take, or that is no positive number.
    """
    declared: Any = problem.forward.globals.get("training", {})
    if not isinstance(declared, dict):
        raise ProblemError(f'{problem.file}: training must be a dict, such as {{"hidden": 200}}')
    own: dict[str, int] = declared  # pyright: ignore[reportUnknownVariableType]
    if "vocabulary" not in problem.dimensions:
        raise ProblemError(
            f"{problem.file}: can't be trained: inputs takes no size `vocabulary`: "
            "write `def inputs(rng, *, n=32, vocabulary=27)`, and it is taken from the data"
        )
    if "vocabulary" in sizes:
        raise ProblemError(f"vocabulary is {vocabulary} by the data: leave it out")
    for name, size in {**own, **sizes}.items():
        if name not in problem.dimensions:
            known = ", ".join(problem.dimensions)
            raise ProblemError(
                f"{problem.file}: inputs takes no size `{name}`"
                f"{did_you_mean(name, problem.dimensions) or f': it takes {known}'}"
            )
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ProblemError(f"the size {name} must be a whole number, 1 or more, not {size!r}")
    return {**problem.dimensions, **own, **sizes, "vocabulary": vocabulary}


def check_trainable(problem: Problem, values: Inputs) -> None:
    """Raises ProblemError, in one line, unless `values` follow the convention above."""
    X: Any = values.get("X")
    Y: Any = values.get("Y")
    contexts = _is_whole(X, 2) and _is_whole(Y, 1) and len(X) == len(Y)
    if not (contexts or reads_words(values)):
        raise ProblemError(
            f"{problem.file}: can't be trained on words: inputs must return integer NumPy arrays "
            "X, (n, block), for the contexts, and Y, (n,), for the characters that follow them"
        )
    if not trained_inputs(problem, values):
        raise ProblemError(f"{problem.file}: can't be trained: no input is a float array")


def reads_words(values: Inputs) -> bool:
    """Whether the model is given whole words, and asked for a character in every place."""
    X: Any = values.get("X")
    Y: Any = values.get("Y")
    return _is_whole(X, 2) and _is_whole(Y, 2) and X.shape == Y.shape


def _is_whole(value: Any, ndim: int) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.ndim == ndim  # pyright: ignore[reportUnknownMemberType]
