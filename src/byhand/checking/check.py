"""The check: every gradient that a backward gives, against a referee, at more than one size.

The way is the order of the folders: draws of the problem (`sampling`), a run of backward on each
(`running`), every definition judged alone (`judging`), the mistakes by name (`naming`), and the
rows of the report.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import chain
from typing import Any

import numpy as np

from byhand.checking.cells import in_cells
from byhand.checking.judging.another_shape import is_right, locals_of_another_shape
from byhand.checking.judging.blame import Blame, blame
from byhand.checking.judging.convention import adopt
from byhand.checking.judging.trial import Trial, try_on
from byhand.checking.judging.uneven import uneven
from byhand.checking.judging.untried import untried
from byhand.checking.judging.used_on import follow
from byhand.checking.naming.name import name_mistakes
from byhand.checking.report import Report, Row
from byhand.checking.rows import missing_inputs, report_of
from byhand.checking.running.narrow import speaks_of_halves
from byhand.checking.sampling.draws import Skipped, draws, further_draw
from byhand.checking.sampling.guards import guards
from byhand.checking.sampling.moved_draws import divided_by, equal_values, zero_divisors
from byhand.checking.sampling.one_element import takes_one_of
from byhand.checking.sampling.sample_inputs import Draw, float_types
from byhand.checking.summarise import steps_of
from byhand.errors import ProblemError
from byhand.program.call import call_of, known_to
from byhand.program.problem import UNPROMISED, Problem, Unpromised, problem_of
from byhand.program.time_steps import of_a_step
from byhand.values.precision import SINGLE, eps_of

ENOUGH = 3
"""Draws on which a mistake is proved before it is named."""

MANY = 60
"""Writes to gradients, from which on a draw takes long to judge statement by statement."""

DTYPES = ("float64", "float32")

BACKWARD_DIVIDES = "which backward divides by and forward does not"
"""The end of a note on zeros: they are no mistake."""


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
    told = stages(problem, referee=referee, dtype=dtype, seed=seed)
    report = next(told)
    return next(told, report) if named else report


def stages(
    problem: Problem, *, referee: str = "engine", dtype: str | None = None, seed: int = 0
) -> Iterator[Report]:
    """The report as soon as it is known which lines are wrong; and if there are any, once more with
    the mistakes by name. Raises as `check` does."""
    if not callable(problem.backward):
        raise ProblemError(f"{problem.file}: has no `def backward(...)`: there is nothing to check")
    if dtype not in (None, *DTYPES):
        raise ProblemError(f"dtype {dtype}: choose {' or '.join(DTYPES)}")
    start = time.perf_counter()
    with _calmly(problem):
        trials, skipped = _trials(problem, dtype, seed, referee)
        _refuse_nothing(trials[0])
        few = sum(not trial.drawn.tied for trial in trials) < ENOUGH
        if few and trials[0].wrong and trials[0].line_by_line:
            own = trials[0].in_its_types
            further = further_draw(problem, seed, dtype if own else "float64")
            trials += [] if further is None else [try_on(problem, further, in_its_types=own)]
        trials = _enough(trials)
    steps = _of_a_step(problem) if _is_wrong(trials[0]) else {}
    taken = replace(problem, renamed=steps)
    of_steps = [*stages(taken, referee=referee, dtype=dtype, seed=seed)] if steps else []
    if of_steps and _is_one_mistake(of_steps[-1]):
        yield from (replace(each, problem=problem) for each in of_steps)
        return
    with _calmly(problem):
        plain = trials
        trials, kept = adopt(follow(plain))
        blamed = blame(trials)
    if of_steps and _rows_to_blame(of_steps[-1]) < len(blamed.roots):
        yield from (replace(each, problem=problem) for each in of_steps)
        return
    with _calmly(problem):
        if kept is None and blamed.roots:
            renamed = follow(plain, renamed=True)
            fewer = blame(renamed) if renamed != plain else blamed
            if len(fewer.roots) < len(blamed.roots):
                trials, blamed = renamed, fewer
        others = locals_of_another_shape(plain) if kept is None and blamed.roots else []
        meant: list[str] = []
        if others:
            without = follow(plain, plain=others)
            fewer = blame(without)
            if {*fewer.roots} < {*blamed.roots} and (
                is_right(plain, others) or _explains(without, fewer)
            ):
                trials, blamed = without, fewer
                meant = [
                    f"d{turn.root} isn't the gradient of {turn.root}, and need not be: what is "
                    "made of it is right"
                    for turn in others
                ]
        notes = [*skipped, *untried(trials), *meant, *_one_element(trials[0])]
        if not any(trial.wrong for trial in trials):
            notes += [*_divided_by_zero(problem, seed, trials), *_at_ties(problem, seed, trials)]
        kind = dtype or _type_of(trials[0].drawn)
        unpromised = problem.unpromised
        mistakes = name_mistakes(trials, blamed, roots=False)
        report = report_of(trials, blamed, mistakes, kept, kind, notes)
        judged = next(trial for trial in trials if not trial.drawn.tied)
        guarded = "" if report.ok or referee != "engine" else _guards(problem, judged)
    if guarded:
        unguarded = stages(replace(problem, unguarded=True), dtype=dtype, seed=seed)
        first = next(unguarded)
        if {*first.roots} < {*report.roots}:
            for each in chain([first], unguarded):
                yield replace(each, notes=(*each.notes, guarded))
            return

    @cache
    def named() -> Report:
        return report_of(trials, blamed, name_mistakes(trials, blamed), kept, kind, notes)

    promised = None
    if not report.ok and unpromised is not None:  # a root is named only if it is one
        again = partial(checked, referee=referee, dtype=dtype, seed=seed)
        with _calmly(problem):
            promised = _as_promised(unpromised, report, again, named)
    shown = promised or report

    def whole(report: Report) -> Report:
        program = steps_of(judged.drawn, judged.answers, report.rows, problem.cells)
        written = _as_written(in_cells(report, problem.cells), problem)
        seconds = time.perf_counter() - start
        return replace(written, program=program, problem=problem, seconds=seconds)

    with _calmly(problem):
        told = whole(shown)
    yield told
    if report.ok or promised is not None or not blamed.roots:  # there is nothing more to name
        return
    with _calmly(problem):
        told = whole(named())
    yield told


@contextlib.contextmanager
def _calmly(problem: Problem) -> Generator[None]:
    """Within it nothing warns of what isn't finite, which the report says, and JAX has float64."""
    with np.errstate(all="ignore"), problem.in_double():
        yield


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


def _explains(trials: Sequence[Trial], blamed: Blame) -> bool:
    """Whether a mistake is known in each line that is to blame."""
    named = name_mistakes(trials, blamed).mistakes
    return all(key in named and named[key].mistake.code != "unknown" for key in blamed.roots)


def _rows_to_blame(report: Report) -> int:
    return sum(row.name in report.roots for row in report.rows)


def _enough(trials: list[Trial]) -> list[Trial]:
    """As many as prove a mistake, where each takes long and the first shows it."""
    if len(trials[0].run.writes) <= MANY or not trials[0].wrong:
        return trials
    return [trial for trial in trials if not trial.drawn.tied][:ENOUGH]


def _one_element(trial: Trial) -> list[str]:
    name = takes_one_of(trial.drawn.program, call_of(trial.problem))
    if name is None:
        return []
    return [f"backward goes on with one element of {name}: it was tried where all others are 0"]


def _guards(problem: Problem, trial: Trial) -> str:
    """What to say where forward adds tiny numbers in logarithms; "" if it doesn't."""
    if problem.unguarded or not guards(trial.drawn.truth):
        return ""
    return (
        "forward adds a tiny number in a logarithm, as a guard: the gradients are judged without it"
    )


def _as_written(report: Report, problem: Problem) -> Report:
    """With the names that the user's locals have, also of those that answer for nothing."""
    called = {**problem.called, **call_of(problem).called}

    def name(found: re.Match[str]) -> str:
        said = found[0].removeprefix(UNPROMISED) if found[1] else found[0]
        return called.get(said, said)

    def said(text: str) -> str:
        return re.sub(rf"\b({UNPROMISED}(?=d))?\w+", name, text)

    def of(row: Row) -> Row:
        if row.mistake is not None:
            row = replace(row, mistake=replace(row.mistake, message=said(row.mistake.message)))
        return row if row.note is None else replace(row, note=said(row.note))

    return replace(report, rows=tuple(map(of, report.rows)), notes=tuple(map(said, report.notes)))


def _as_promised(
    unpromised: Unpromised,
    report: Report,
    again: Callable[..., Report],
    named: Callable[[], Report],
) -> Report | None:
    """The report on what backward returns, where its other locals don't hold what they are called:
    if nothing is wrong without them, or something is right that is wrong with them, or fewer others
    are to blame; or if the same are, and the mistakes in such locals have no names."""
    promised = again(unpromised.without(unpromised.names), named=False)
    if promised.ok:
        right = {row.name for row in promised.rows}
        odd = [row for row in report.rows if not row.right and row.name not in right]
        others = ", ".join(f"d{row.name} (line {row.line})" for row in odd)
        note = f"what backward returns is right; {others} holds something other than its name says"
        return replace(promised, notes=(*promised.notes, note))
    names = {f"d{name}" for name in report.roots} & unpromised.names
    if not names:
        return None
    found = again(unpromised.without(names), named=False)
    if len(promised.roots) < len(found.roots):
        found, names = promised, unpromised.names
    right = {row.name for row in found.rows if row.right}
    wrong = [row for row in report.rows if not row.right]
    others = {name for name in report.roots if f"d{name}" not in names}
    if (
        any(row.verdict == "shape" and f"d{row.name}" in names for row in wrong)
        or any(row.name in right for row in wrong)
        or len(found.roots) < len(others)
        # They explain none of what is wrong, and may be called so by chance.
        or ({*found.roots} == others and not _all_named(named(), names))
    ):
        found = again(unpromised.without(names))
        told = ", ".join(sorted(names))
        note = f"{told} isn't judged: if that were what its name says, right lines would be wrong"
        return replace(found, notes=(*found.notes, note))
    return None


def _all_named(report: Report, names: Collection[str]) -> bool:
    return all(
        row.mistake is not None and row.mistake.code != "unknown"
        for row in report.rows
        if row.name in report.roots and f"d{row.name}" in names
    )


def _trials(
    problem: Problem, dtype: str | None, seed: int, referee: str
) -> tuple[list[Trial], list[str]]:
    """The backward run on every draw; and notes on draws that were skipped.

    The first is judged by the referee that was asked for, the others by the engine: in float64,
    unless the backward of a problem of another type runs in that alone.
    """
    found = _tried(problem, dtype, seed, referee, "float64")
    first, *others = found[0]
    widened = first.drawn.program is not first.drawn.truth and not first.run.failed
    if widened and (_in_halves(first) or any(each.run.failed for each in others)):
        return _tried(problem, dtype, seed, referee, dtype)
    return found


def _tried(
    problem: Problem, dtype: str | None, seed: int, referee: str, rest: str | None
) -> tuple[list[Trial], list[str]]:
    trials: list[Trial] = []
    skipped: list[str] = []
    for drawn in draws(problem, call_of(problem).function, dtype, seed, rest):
        if isinstance(drawn, Skipped):
            skipped.append(drawn.note)
        else:
            who = "engine" if trials else referee
            trial = try_on(problem, drawn, who, in_its_types=rest != "float64")
            astray = bool(drawn.moved) and trial.run.failed and not trials[0].run.failed
            trials += [] if astray else [trial]  # moved to where the problem isn't meant to be
    return trials, skipped


def _divided_by_zero(problem: Problem, seed: int, trials: list[Trial]) -> list[str]:
    """Notes on gradients that are no numbers where an input is 0, though forward allows that."""
    found = divided_by(problem, seed + 1, trials[0].run.function)
    if found is None:
        return []
    trial = try_on(problem, found)
    bad = [a.key for a in trial.answers.found if trial.result(a.key).verdict == "nonfinite"]
    names = ", ".join(dict.fromkeys(f"d{name}" for name, _ in bad))
    zeros = " or ".join(zero_divisors(found, trials[0].run.function))
    return [f"{names}: no number where {zeros} is 0, {BACKWARD_DIVIDES}"] if bad else []


def _at_ties(problem: Problem, seed: int, trials: list[Trial]) -> list[str]:
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


def _in_halves(trial: Trial) -> bool:
    """Whether the backward of a problem in half precision names that: in float64, it is too
    narrow."""
    function = trial.run.function
    return trial.drawn.eps > SINGLE and function is not None and speaks_of_halves(function)


def _type_of(drawn: Draw) -> str:
    """The float type of the inputs as they were given, the widest of several."""
    return min(float_types(drawn.given), key=eps_of, default="float64")


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
