"""The check: every gradient that a backward gives, against a referee, at more than one size.

The way is the order of the folders: draws of the problem (`sampling`), a run of backward on each
(`running`), every definition judged alone (`judging`), the mistakes by name (`naming`), and the
rows of the report.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from byhand.checking.assessment import Assessment, calmly
from byhand.checking.interpretation import as_called, otherwise
from byhand.checking.judging.trial import Trial
from byhand.checking.notes import notes_on
from byhand.checking.promised import as_promised
from byhand.checking.report import Report
from byhand.checking.sampling.guards import guards
from byhand.checking.sampling.sample_inputs import Draw, float_types
from byhand.checking.sampling.saturated import where_nothing_is_cut_off
from byhand.checking.trials import trials_of
from byhand.deadline import is_nearly_over
from byhand.errors import ProblemError
from byhand.program.call import call_of, known_to
from byhand.program.problem import Problem, problem_of
from byhand.program.time_steps import of_a_step
from byhand.values.precision import eps_of

DTYPES = ("float64", "float32")


def check(
    problem: Problem | Callable[..., Any],
    backward: Callable[..., Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    *,
    referee: str = "engine",
    dtype: str | None = None,
    seed: int = 0,
) -> Report:
    """Checks a hand-written backward, gradient by gradient.

    Give a loaded problem, or a forward, a backward and the inputs (arrays by name) to try them on.
    `referee` is who says what is right: "engine", "finite", "torch" or "jax". The backward is run
    in `dtype`, or in the types that the inputs have; the truth is always found in float64. At other
    sizes it is the engine, and all is in float64, where backward runs in that.

    Raises ProblemError if the problem can't be checked, RefereeError if the referee can't judge it.
    """
    if not isinstance(problem, Problem):
        if inputs is None:
            raise ProblemError("check(forward, backward, inputs): the inputs are missing")
        problem = problem_of(problem, backward, inputs)
    return checked(problem, referee=referee, dtype=dtype, seed=seed)


def checked(
    problem: Problem,
    *,
    referee: str = "engine",
    dtype: str | None = None,
    seed: int = 0,
    named: bool = True,
) -> Report:
    """The check of a problem. To name mistakes takes most of the time where there are any: `named`
    is for who wants to know only which lines are wrong. Raises as `check` does."""
    start = time.perf_counter()
    found = _judged(problem, referee, dtype, seed)
    report = found.last if named else found.quick
    return replace(report, seconds=time.perf_counter() - start)


def stages(
    problem: Problem, *, referee: str = "engine", dtype: str | None = None, seed: int = 0
) -> Iterator[Report]:
    """The report as soon as it is known which lines are wrong; and if there are any, once more with
    the mistakes by name. Raises as `check` does."""
    start = time.perf_counter()
    found = _judged(problem, referee, dtype, seed)
    yield replace(found.quick, seconds=time.perf_counter() - start)
    if found.has_mistakes:
        yield replace(found.last, seconds=time.perf_counter() - start)


def _judged(
    problem: Problem, referee: str, dtype: str | None, seed: int, asked: Problem | None = None
) -> Assessment:
    """What is wrong with a backward, in the interpretation that leaves the fewest lines to blame.

    `asked` is the problem as it was given, where some of its locals are taken for other gradients.
    """
    if not callable(problem.backward):
        raise ProblemError(f"{problem.file}: has no `def backward(...)`: there is nothing to check")
    if dtype not in (None, *DTYPES):
        raise ProblemError(f"dtype {dtype}: choose {' or '.join(DTYPES)}")
    again = partial(_judged, referee=referee, dtype=dtype, seed=seed)
    with calmly(problem):
        plain, skipped = trials_of(problem, dtype, seed, referee)
    steps = _of_a_step(problem) if _is_wrong(plain[0]) else {}
    steps = {} if is_nearly_over() else steps
    of_steps = again(replace(problem, renamed=steps), asked=asked or problem) if steps else None
    if of_steps is not None and _is_one_mistake(of_steps.known):
        return of_steps
    with calmly(problem):
        interpretation = as_called(plain)
    if of_steps is not None and _rows_to_blame(of_steps.known) < len(interpretation.blame.roots):
        return of_steps
    with calmly(problem):
        interpretation = otherwise(interpretation, plain)
        notes = (*skipped, *interpretation.notes, *notes_on(problem, seed, interpretation.trials))
    kind = dtype or _type_of(plain[0].drawn)
    found = Assessment(
        asked or problem,
        interpretation.trials,
        interpretation.blame,
        interpretation.kept,
        kind,
        notes,
    )
    done = found.is_ok or is_nearly_over()
    for other, note in () if done else _without_guards(problem, found, referee):
        unguarded = again(other, asked=asked)
        if _says_more(unguarded, found):
            return unguarded.noting(note)
    if problem.unpromised is not None and not found.is_ok:
        return replace(found, promised=as_promised(problem.unpromised, found, again))
    return found


def _is_wrong(trial: Trial) -> bool:
    """Whether the gradient of an input is wrong."""
    return any((step.name, step.binding) in trial.wrong for step in trial.drawn.truth.inputs)


def _of_a_step(problem: Problem) -> dict[str, str]:
    """The locals that may be gradients at a step of a loop, if they aren't taken for these yet."""
    function = call_of(problem).function
    if function is None or problem.renamed:
        return {}
    return of_a_step(function, known_to(problem))


def _is_one_mistake(report: Report) -> bool:
    """Whether all that is to blame bears one name, and the mistake in it is known."""
    mistakes = [row.mistake for row in report.rows if row.name in report.roots]
    known = all(each is not None and each.code != "unknown" for each in mistakes)
    return len(report.roots) == 1 and known


def _rows_to_blame(report: Report) -> int:
    return sum(row.name in report.roots for row in report.rows)


def _without_guards(
    problem: Problem, found: Assessment, referee: str
) -> Iterator[tuple[Problem, str]]:
    """The problem without what forward does for the sake of numbers alone, and what to say of it:
    without the tiny numbers in logarithms, which only the engine can leave out; and where nothing
    is cut off."""
    if referee == "engine" and not problem.unguarded and guards(found.first.drawn.truth):
        yield (
            replace(problem, unguarded=True),
            "forward adds a tiny number in a logarithm, as a guard: the gradients are judged "
            "without it",
        )
    wrong = next((each for each in found.trials if each.wrong), found.first)
    yield from where_nothing_is_cut_off(problem, wrong.drawn)


def _says_more(unguarded: Assessment, found: Assessment) -> bool:
    """Whether less is to blame without a guard; or the same under other names, which a guard that
    backward leaves out hides."""
    fewer, all_of_them = {*unguarded.shown.roots}, {*found.shown.roots}
    if fewer != all_of_them:
        return fewer < all_of_them
    return _codes(unguarded.known) != _codes(found.known)


def _codes(report: Report) -> list[str | None]:
    return [None if row.mistake is None else row.mistake.code for row in report.rows]


def _type_of(drawn: Draw) -> str:
    """The float type of the inputs as they were given, the widest of several."""
    return min(float_types(drawn.given), key=eps_of, default="float64")
