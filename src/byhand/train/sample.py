"""Drawing words from a trained model, one character after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from byhand.errors import DataError, ProblemError
from byhand.program.problem import Inputs, Problem, load
from byhand.train.data import END, Array
from byhand.train.evaluate import losses_of
from byhand.train.loop import in_precision, trained_inputs
from byhand.train.run import Run, load_run

LONGEST = 100  # characters: a word that hasn't ended by then is cut off


def sample(folder: str | Path, n: int = 20, seed: int = 0, *, longest: int = LONGEST) -> list[str]:
    """`n` words from the model in a run folder; the same seed gives the same words.

    Raises DataError if the folder is no run, ProblemError if its problem file no longer fits.
    """
    run = load_run(folder)
    try:
        problem = load(run.config.file)
    except ProblemError as error:
        raise DataError(f"{folder}: its model can't be loaded: {error}") from error
    values = restored(problem, run)
    return words(problem, values, run.statistics, run.config.characters, n, seed, longest)


def restored(problem: Problem, run: Run) -> Inputs:
    """The inputs of `problem` as the run had them, with its trained parameters.

    Raises ProblemError if the problem has other parameters now.
    """
    values = in_precision(problem.inputs(run.config.seed, **run.config.sizes), np.float64)
    parameters = trained_inputs(problem, values)
    if {name: p.shape for name, p in parameters.items()} != {
        name: p.shape for name, p in run.parameters.items()
    }:
        raise ProblemError(
            f"{problem.file}: its parameters are not those of the run: it has been changed since"
        )
    for name, parameter in parameters.items():
        parameter[...] = run.parameters[name]
    return values


def words(
    problem: Problem,
    values: Inputs,
    statistics: Mapping[str, Array],
    characters: str,
    n: int,
    seed: int,
    longest: int = LONGEST,
) -> list[str]:
    """`n` words, each up to the end marker or `longest` characters."""
    rng = np.random.default_rng(seed)
    following = _next_character(problem, values, statistics, len(characters) + 1)
    block = values["X"].shape[1]
    drawn: list[str] = []
    for _ in range(n):
        word = ""
        context = (END,) * block
        while len(word) < longest:
            index = int(rng.choice(len(characters) + 1, p=following(context)))
            if index == END:
                break
            word += characters[index - 1]
            context = (*context[1:], index)
        drawn.append(word)
    return drawn


def _next_character(
    problem: Problem, values: Inputs, statistics: Mapping[str, Array], vocabulary: int
) -> Callable[[tuple[int, ...]], Array]:
    """A function from a context to the probability of each index to come next.

    It needs no convention about logits: the loss of one example is -log p(y | x), so the loss of a
    context with each y in turn gives all the probabilities.
    """
    loss = losses_of(problem, values, statistics)
    known: dict[tuple[int, ...], Array] = {}

    def following(context: tuple[int, ...]) -> Array:
        if context not in known:
            X = np.array([context])
            p = np.exp([-loss(X, np.array([y])) for y in range(vocabulary)])
            if not abs(p.sum() - 1) < 1e-6:
                raise ProblemError(
                    f"{problem.file}: can't be sampled: the probabilities of the next character "
                    f"sum to {p.sum():.6g}, not 1: forward must return the mean cross-entropy"
                )
            known[context] = p / p.sum()
        return known[context]

    return following
