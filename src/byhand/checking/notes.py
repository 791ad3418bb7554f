"""Notes on what is no mistake, and good to know."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.checking.judging.trial import Trial, try_on
from byhand.checking.judging.uneven import uneven
from byhand.checking.judging.untried import untried
from byhand.checking.sampling.moved_draws import divided_by, equal_values, zero_divisors
from byhand.checking.sampling.one_element import takes_one_of
from byhand.program.call import call_of
from byhand.program.problem import Problem

BACKWARD_DIVIDES = "which backward divides by and forward does not"
"""The end of a note on zeros: they are no mistake."""


def notes_on(problem: Problem, seed: int, trials: Sequence[Trial]) -> list[str]:
    """What was not tried, and what more there is to know of a backward that is right."""
    notes = [*untried(trials), *_one_element(trials[0])]
    if not any(trial.wrong for trial in trials):
        notes += [*_divided_by_zero(problem, seed, trials), *_at_ties(problem, seed, trials)]
    return notes


def _one_element(trial: Trial) -> list[str]:
    name = takes_one_of(trial.drawn.program, call_of(trial.problem))
    if name is None:
        return []
    return [f"backward goes on with one element of {name}: it was tried where all others are 0"]


def _divided_by_zero(problem: Problem, seed: int, trials: Sequence[Trial]) -> list[str]:
    """Notes on gradients that are no numbers where an input is 0, though forward allows that."""
    found = divided_by(problem, seed + 1, trials[0].run.function)
    if found is None:
        return []
    trial = try_on(problem, found)
    bad = [a.key for a in trial.answers.found if trial.result(a.key).verdict == "nonfinite"]
    names = ", ".join(dict.fromkeys(f"d{name}" for name, _ in bad))
    zeros = " or ".join(zero_divisors(found, trials[0].run.function))
    return [f"{names}: no number where {zeros} is 0, {BACKWARD_DIVIDES}"] if bad else []


def _at_ties(problem: Problem, seed: int, trials: Sequence[Trial]) -> list[str]:
    """Notes on gradients that count equal elements more than once, where the inputs have none."""
    if not trials[0].line_by_line or any(trial.drawn.tied for trial in trials):
        return []
    found = equal_values(problem, seed + 1, trials[0].drawn)
    if found is None:
        return []
    return [
        f"d{key[0]}: where several elements are the largest, the weights that it gives them don't "
        f"add up to 1 (in {', '.join(odd.chosen_by)}); no inputs here have such elements"
        for key, odd in uneven(try_on(problem, found), frozenset()).items()
    ]
