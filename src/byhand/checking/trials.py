"""The trials of a check: the backward run on every draw of the problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice

from byhand.checking.judging.trial import Trial, try_on
from byhand.checking.rows import missing_inputs
from byhand.checking.running.backward_run import Raised
from byhand.checking.sampling.draws import Skipped, draws, further_draw
from byhand.errors import ProblemError
from byhand.program.call import call_of
from byhand.program.problem import Problem
from byhand.program.widened_function import widened_function
from byhand.values.precision import SINGLE

ENOUGH = 3
"""Draws on which a mistake is proved before it is named."""

MANY = 60
"""Writes to gradients, from which on a draw takes long to judge statement by statement."""


def trials_of(
    problem: Problem, dtype: str | None, seed: int, referee: str
) -> tuple[list[Trial], list[str]]:
    """The backward run on every draw, on one more where these are too few to prove a mistake; and
    notes on draws that were skipped.

    The first is judged by the referee that was asked for, the others by the engine: in float64,
    unless the backward of a problem of another type runs in that alone. Raises ProblemError if
    there is no gradient to judge.
    """
    trials, skipped = _trials(problem, dtype, seed, referee)
    _refuse_nothing(trials[0])
    few = sum(not trial.drawn.tied for trial in trials) < ENOUGH
    if few and trials[0].wrong and trials[0].line_by_line:
        own = trials[0].in_its_types
        further = further_draw(problem, seed, dtype if own else "float64", trials[0].drawn)
        trials += (
            [] if further is None else [try_on(problem, further, in_its_types=own, first=trials[0])]
        )
    return _enough(trials), skipped


def _trials(
    problem: Problem, dtype: str | None, seed: int, referee: str
) -> tuple[list[Trial], list[str]]:
    found = _tried(problem, dtype, seed, referee, "float64")
    first = found[0][0]
    if first.drawn.program is first.drawn.truth or first.run.failed:
        return found
    if _runs_in_float64(found[0]):
        return found
    found = _tried(problem, dtype, seed, referee, "float64", _widened(problem))
    return found if _runs_in_float64(found[0]) else _tried(problem, dtype, seed, referee, dtype)


def _widened(problem: Problem) -> Problem:
    """The problem with float64 wherever it names a narrower type than float32."""
    return replace(problem, wide=True, forward=widened_function(problem.forward) or problem.forward)


def _runs_in_float64(trials: Sequence[Trial]) -> bool:
    """Whether the backward of a narrower problem does, on all draws but the first: some raise, and
    some compute in halves whatever they are given."""
    halves = trials[0].drawn.eps > SINGLE
    return not any(each.run.failed or (halves and each.run.in_halves) for each in trials[1:])


def _tried(
    problem: Problem,
    dtype: str | None,
    seed: int,
    referee: str,
    rest: str | None,
    wide: Problem | None = None,
) -> tuple[list[Trial], list[str]]:
    """The trials on draws in `dtype`, and further ones in `rest`; those of the `wide` problem."""
    trials: list[Trial] = []
    skipped: list[str] = []
    found = draws(problem, call_of(problem).function, dtype, seed, rest)
    if wide is not None:
        others = draws(wide, call_of(wide).function, dtype, seed, rest)
        found = chain(islice(found, 1), islice(others, 1, None))
    for drawn in found:
        if isinstance(drawn, Skipped):
            skipped.append(drawn.note)
        else:
            who = "engine" if trials else referee
            own = rest != "float64"
            tried = wide if wide is not None and trials else problem
            trial = try_on(tried, drawn, who, own, trials[0] if trials else None)
            astray = bool(drawn.moved) and trial.run.failed and not trials[0].run.failed
            if (beyond := _beyond_one(trial, trials)) is not None:
                at = ", ".join(f"{name}={size}" for name, size in drawn.sizes.items())
                skipped.append(f"not tried at {at}: backward raised {beyond}")
            elif not astray:  # moved to where the problem isn't meant to be
                trials.append(trial)
    return trials, skipped


def _beyond_one(trial: Trial, before: Sequence[Trial]) -> str | None:
    """What a backward raised that reads a second element where a size is 1, if it runs at all other
    sizes: `ds[1] += dp[0]` of a reflected border has no meaning there."""
    elsewhere = [each.run.failed for each in before if each.drawn.sizes]
    if 1 not in trial.drawn.sizes.values() or not elsewhere:
        return None
    if before[0].run.failed or any(elsewhere):
        return None
    raised = [write.value for write in trial.run.writes if isinstance(write.value, Raised)]
    first = next((each.message for each in raised if not each.depends), trial.run.said)
    beyond = first.startswith("IndexError") and "out of bounds" in first and "with size 1" in first
    return first if beyond else None


def _enough(trials: list[Trial]) -> list[Trial]:
    """As many as prove a mistake, where each takes long and the first shows it."""
    if len(trials[0].run.writes) <= MANY or not trials[0].wrong:
        return trials
    return [trial for trial in trials if not trial.drawn.tied][:ENOUGH]


def _refuse_nothing(trial: Trial) -> None:
    """Raises ProblemError if there is no gradient to judge: that is not "all right"."""
    problem, program = trial.problem, trial.drawn.program
    if trial.answers.found or trial.run.error or missing_inputs(trial):
        return
    why = "; ".join(trial.answers.notes)
    if not program.inputs:
        why = 'inputs returns no float array: return each by name, such as {"x": x, "W": W}'
    elif not why:
        why = "leave the gradient of `x` in a local `dx`, or return them by name"
    raise ProblemError(f"{problem.file}: there is no gradient to check: {why}")
