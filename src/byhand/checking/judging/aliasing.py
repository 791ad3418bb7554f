"""Rows for what a backward changed in place and should not have: aliased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from byhand.checking.judging.damage import harmful, writer
from byhand.checking.judging.trial import Trial
from byhand.checking.report import Mistake, Row
from byhand.checking.running.backward_run import Damage, Hand
from byhand.program.problem import Problem
from byhand.referees.referee import Key


def mark_aliased(
    problem: Problem, rows: Mapping[Key, Row], trials: Sequence[Trial]
) -> dict[Key, Row]:
    marked = dict(rows)
    for damage in _lasting(trials[0]):
        key = writer(damage, trials[0].answers)
        if key is None or key not in rows:
            continue
        what = (
            f"{damage.changed}, which something else still needs"
            if damage.changed.startswith("d") and damage.changed[1:] in trials[0].drawn.truth
            else f"{damage.changed}, a value of the forward pass"
        )
        message = f"this line also changes {what}: they share memory; write to a copy"
        marked[key] = replace(
            marked[key],
            verdict="wrong",
            line=damage.line,
            source=problem.forward.source(damage.line),
            mistake=Mistake("aliased", message),
        )
    return marked


def harm_beside_the_rows(problem: Problem, hand: Hand, trial: Trial | None) -> list[Row]:
    """A row for a backward that changes values of forward where no gradient's row can say so: in
    code that can't be taken apart, or on the way to a returned dict."""
    damages = hand.damages if trial is None else _lasting(trial)
    beside = [d for d in damages if trial is None or writer(d, trial.answers) is None]
    if not beside:
        return []
    changed = dict.fromkeys(damage.changed for damage in beside)
    values = "a value" if len(changed) == 1 else "values"
    line = beside[0].line or None
    return [
        Row(
            name="backward",
            verdict="wrong",
            line=line,
            source="" if line is None else problem.forward.source(line),
            mistake=Mistake(
                "aliased",
                f"this changes {', '.join(changed)}, {values} of the forward pass: write to a copy",
            ),
        )
    ]


def _lasting(trial: Trial) -> list[Damage]:
    return harmful(trial.hand, trial.answers, trial.given, trial.drawn.truth.bindings)
