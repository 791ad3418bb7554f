"""Notes on a run as a whole: how exactly it was judged, what backward does with what it was given,
and which convention it keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from byhand.checking.judging.convention import Convention, Times
from byhand.checking.judging.trial import EPS, Trial
from byhand.checking.report import Row
from byhand.checking.running.aliasing import harmless
from byhand.checking.running.constants import coarsest
from byhand.values import tree
from byhand.values.precision import SINGLE, eps_of


def notes_on_run(trial: Trial, rows: Sequence[Row]) -> list[str]:
    """What is to be said of the run as a whole."""
    notes = [*trial.problem.notes, *trial.answers.notes]
    run = trial.run
    casts = [each for each in trial.drawn.program.casts if eps_of(each[1]) == trial.drawn.eps]
    if casts and casts[0][0]:
        line, kind = casts[0]
        notes.append(
            f"line {line} of forward computes in {kind}: everything is judged with that rounding"
        )
    constant = coarsest(trial.precision.constants.values())
    if constant is not None and constant.eps > max(trial.drawn.eps, EPS):
        notes.append(
            f"line {constant.line} computes with {constant.value!r}: what goes through it is "
            f"judged to its {constant.digits} digits"
        )
    if trial.precision.narrow and trial.drawn.eps < SINGLE:
        line = min(run.narrow.values())
        notes.append(f"line {line} computes in float32: what goes through it is judged as float32")
    changed: dict[str, dict[int, None]] = {}
    for damage in harmless(run, trial.drawn.truth):
        changed.setdefault(damage.changed, {})[damage.line] = None
    named = {row.line for row in rows if row.mistake is not None and row.mistake.code == "aliased"}
    unnamed = {name: lines for name, lines in changed.items() if not named & lines.keys()}
    if unnamed:
        notes.append(_changed(unnamed, bool(trial.wrong)))
    if run.function is None:
        notes.append(
            "backward isn't a plain Python function: its results are judged, but not its lines"
        )
    missing = any(row.verdict == "missing" for row in rows)
    if run.unread is not None and (missing or run.function is None):
        notes.append(
            f"backward returned {run.unread}, which is not read: return a dict with the gradients "
            'by name, such as {"W": dW}, or leave them in locals such as dW'
        )
    return notes


def _changed(changed: Mapping[str, Collection[int]], wrong: bool) -> str:
    """A note on what backward changes of what it was given, and in which lines."""
    lines = [*dict.fromkeys(line for some in changed.values() for line in some)]
    where = f"line {lines[0]} changes" if len(lines) == 1 else f"lines {_listed(lines)} change"
    them, need = ("it", "it as it was") if len(changed) == 1 else ("them", "them as they were")
    after = f"what reads {them} later gets that" if wrong else f"nothing needs {need}"
    return f"{where} {_listed([*changed])}, which backward was given; {after}"


def _listed(items: Sequence[object]) -> str:
    *some, last = map(str, items)
    return f"{', '.join(some)} and {last}" if some else last


def convention_note(kept: Convention | None) -> list[str]:
    """A note on the convention that a backward keeps."""
    if kept is None:
        return []
    named = [name for name, _ in sorted(kept.keys) if tree.root(name).isidentifier()]
    names = ", ".join(dict.fromkeys(f"d{name}" for name in named))
    size = f"{kept.times.size} = {kept.number}"
    if kept.handed:
        return [
            f"{names}: divided by {size}; right where the loss is a mean of so many, and the "
            "gradient that backward is handed that of their sum"
        ]
    match kept.times:
        case Times(factor=1.0, inverse=True):
            said = f"gradients divided by {size}; where they are used, this is compensated"
        case Times(factor=1.0):
            said = (
                f"{kept.number} times the gradient ({size}): gradients of the sum, not of the "
                "mean; what reads them divides by it"
            )
        case Times(factor=-1.0, size=None):
            said = "the gradient with the other sign; what reads them turns it round"
        case Times(factor=factor, size=None):
            said = f"{factor:g} times the gradient; what reads them takes that out"
        case Times(factor=factor, inverse=inverse):
            by = f"{'1' if inverse else ''}{'/' if inverse else ''}{kept.times.size}"
            said = f"{factor:g} {by} times the gradient ({size}); what reads them takes that out"
    return [f"{names}: {said}"]
