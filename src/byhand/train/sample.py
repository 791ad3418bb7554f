"""Drawing words from a trained model, one character after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from byhand.errors import DataError, ProblemError
from byhand.program.problem import Inputs, Problem, load
from byhand.train.data import END
from byhand.train.evaluate import losses_of
from byhand.train.loop import in_precision, trained_inputs
from byhand.train.run import RunFolder, load_run
from byhand.train.sizes import reads_words
from byhand.values.arrays import Array

LONGEST = 100  # characters: a word that hasn't ended by then is cut off


def sample(folder: str | Path, n: int = 20, seed: int = 0, *, longest: int = LONGEST) -> list[str]:
    """`n` words from the model in a run folder; the same seed gives the same words.

    Raises DataError if the folder is no run, ProblemError if its problem file no longer fits.
    """
    run = load_run(folder)
    if run.config.val_loss is None:
        raise DataError(f"{folder}: isn't finished: byhand train --resume {folder} goes on")
    try:
        problem = load(run.config.file)
    except ProblemError as error:
        raise DataError(f"{folder}: its model can't be loaded: {error}") from error
    values = restored(problem, run)
    return words(problem, values, run.statistics, run.config.characters, n, seed, longest)


def restored(problem: Problem, run: RunFolder) -> Inputs:
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
    whole = reads_words(values)
    longest = min(longest, block - 1) if whole else longest
    drawn: list[str] = []
    for _ in range(n):
        word: tuple[int, ...] = ()
        while len(word) < longest:
            context = word if whole else ((END,) * block + word)[-block:]
            index = int(rng.choice(len(characters) + 1, p=following(context)))
            if index == END:
                break
            word = (*word, index)
        drawn.append("".join(characters[index - 1] for index in word))
    return drawn


def _next_character(
    problem: Problem, values: Inputs, statistics: Mapping[str, Array], vocabulary: int
) -> Callable[[tuple[int, ...]], Array]:
    """A function from a context, or from the word so far, to the probability of each index to come.

    It needs no convention about logits: the loss of one example is -log p(y | x), so the loss of a
    context with each y in turn gives all the probabilities.
    """
    loss = losses_of(problem, values, statistics)
    whole, block = reads_words(values), values["X"].shape[1]
    known: dict[tuple[int, ...], Array] = {}

    def asked(context: tuple[int, ...], y: int) -> tuple[Array, Array]:
        if not whole:
            return np.array([context]), np.array([y])
        X = np.full((1, block), END)
        X[0, 1 : len(context) + 1] = context
        Y = np.full((1, block), -1)
        Y[0, len(context)] = y
        return X, Y

    def following(context: tuple[int, ...]) -> Array:
        if context not in known:
            p = np.exp([-loss(*asked(context, y)) for y in range(vocabulary)])
            if not abs(p.sum() - 1) < 1e-6:
                raise ProblemError(
                    f"{problem.file}: can't be sampled: the probabilities of the next character "
                    f"sum to {p.sum():.6g}, not 1: forward must return the mean cross-entropy"
                )
            known[context] = p / p.sum()
        return known[context]

    return following
