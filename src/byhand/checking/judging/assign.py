"""From verdicts on results to verdicts on lines: which rows are roots, and which only inherited."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Mapping, Sequence
from dataclasses import replace

from byhand.checking.judging.aliasing import harm_beside_the_rows, mark_aliased
from byhand.checking.judging.blame import Blame, blame, read_too_early
from byhand.checking.judging.examine import Examination
from byhand.checking.judging.tie_weights import uneven
from byhand.checking.judging.trial import Trial
from byhand.checking.naming.mistakes import Diagnosis, why_it_holds
from byhand.checking.report import Mistake, Row
from byhand.checking.running.backward_run import Raised
from byhand.program.problem import Problem, did_you_mean
from byhand.referees.referee import Key


def assign_blame(problem: Problem, first: Examination, others: Sequence[Examination]) -> list[Row]:
    """The rows of the report."""
    whole = [e for e in (first, *others) if e is first or e.hand.error is None]
    trials = [e.trial for e in whole if e.trial is not None]
    rows = dict(first.rows)
    if trials:
        found = blame(trials, _right_everywhere(first, others))
        rows = _mark_roots(problem, rows, found)
        for each in whole:
            if each.tied is not None and each.tied.hand.error is None:
                rows = _mark_uneven(rows, each.tied, found)
        rows = mark_aliased(problem, rows, trials)
        rows = _mark_early(rows, trials[0], found)
        rows = _inherit(rows, first, found)
        rows = _mark_lucky(rows, found)
    for other in others:
        rows = _elsewhere(rows, other)
    harm = harm_beside_the_rows(problem, first.hand, first.trial)
    last = [first.raised] if first.raised else harm
    if not last and all(row.right and row.mistake is None for row in rows.values()):
        last = _raised_elsewhere(others)
    return [*rows.values(), *last, *first.missing]


def roots_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The names of the rows where a mistake was made, in backward's order."""
    return tuple(
        dict.fromkeys(
            row.name
            for row in rows
            if row.mistake is not None or row.verdict in ("error", "wrong", "shape", "nonfinite")
        )
    )


def _mark_roots(problem: Problem, rows: Mapping[Key, Row], found: Blame) -> dict[Key, Row]:
    marked = dict(rows)
    diagnosis = Diagnosis()
    for key, root in found.roots.items():
        row = rows[key]
        if isinstance(root.answer.value, Raised) and root.answer.value.depends:
            continue  # the row says what it waited for
        shown = root.shown_by
        at = None
        if row.right:
            verdict = shown.comparison.verdict
            at = shown.trial.drawn.sizes or None
            row = replace(
                row,
                verdict="wrong" if verdict in ("exact", "rounding") else verdict,
                shape=shown.comparison.shape,
                expected_shape=shown.tensor.shape,
                max_error=shown.comparison.max_error,
                tolerance=shown.comparison.tolerance,
                ulps=shown.comparison.ulps,
                note=shown.comparison.note,
            )
        raised = root.answer.value
        if isinstance(raised, Raised) and raised.missing is not None:
            row = replace(row, note=_what_is_missing(raised, row, shown.trial))
        marked[key] = row = replace(row, at=at)
        diagnosed = diagnosis.of(root.answer, root.evidence)
        if diagnosed is not None:
            mistake, finding = diagnosed
            line = finding.line or row.line
            source = "" if line is None else problem.forward.source(line)
            span = None if finding.part is None else _span(problem, finding.part, line)
            marked[key] = replace(row, mistake=mistake, line=line, source=source, span=span)
    return marked


def _span(problem: Problem, part: ast.AST, line: int | None) -> tuple[int, int] | None:
    """The columns of a row's source in which a part stands; None where it isn't on that line."""
    end = getattr(part, "end_col_offset", None)
    if (
        line is None
        or end is None
        or getattr(part, "end_lineno", None) != getattr(part, "lineno", 0)
    ):
        return None
    text = linecache.getline(problem.forward.file, line)
    if getattr(part, "lineno", 0) != line:
        return None
    before, inside = text.encode()[: part.col_offset], text.encode()[part.col_offset : end]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
    start = len(before.decode()) - (len(text) - len(text.lstrip()))
    return start, start + len(inside.decode())


def _what_is_missing(raised: Raised, row: Row, trial: Trial) -> str:
    """What to do about a name that isn't defined."""
    name = raised.missing or ""
    if name in trial.available:
        advice = f"forward has it: add {name} to backward's parameters"
    else:
        advice = did_you_mean(name, [*trial.given, *trial.available]).removeprefix("; ")
    return f"{row.note}: {advice}" if advice else str(row.note)


def _mark_uneven(rows: Mapping[Key, Row], tied: Trial, found: Blame) -> dict[Key, Row]:
    """What is right wherever nothing is equal, but gives equal elements too much or too little."""
    marked = dict(rows)
    known = {key for key, row in rows.items() if row.mistake is not None}
    for key, mistake in uneven(tied, frozenset({*known, *found.roots, *found.lucky})).items():
        if key in rows:
            at = tied.drawn.sizes or None
            marked[key] = replace(rows[key], verdict="wrong", at=at, mistake=mistake)
    return marked


def _mark_early(rows: Mapping[Key, Row], trial: Trial, found: Blame) -> dict[Key, Row]:
    """What is right alone, but wrong in the real run although all it reads ended up right, read it
    before it did."""
    marked = dict(rows)
    for key, (read, line) in read_too_early(trial).items():
        row = rows[key]
        if not row.right and key not in found.roots and row.mistake is None:
            message = f"this line reads d{read} before all its paths have been added"
            source = trial.problem.forward.source(line)
            mistake = Mistake("used-too-early", message)
            marked[key] = replace(row, line=line, source=source, mistake=mistake)
    return marked


def _mark_lucky(rows: Mapping[Key, Row], found: Blame) -> dict[Key, Row]:
    marked = dict(rows)
    for key, evidence in found.lucky.items():
        row = marked[key]
        if row.right and row.mistake is None:
            note = why_it_holds(evidence)
            marked[key] = replace(row, note=f"{row.note}; {note}" if row.note else note)
    return marked


def _right_everywhere(first: Examination, others: Sequence[Examination]) -> frozenset[Key]:
    """The answers whose results are right on every draw, and so is all that they read."""
    right = {
        key
        for key, row in first.rows.items()
        if row.right and all(other.rows[key].right for other in others if key in other.rows)
    }
    trials = [e.trial for e in (first, *others) if e.trial is not None]
    return frozenset(
        key for key in right if all(trial.read.get(key, frozenset()) <= right for trial in trials)
    )


def _inherit(rows: Mapping[Key, Row], first: Examination, found: Blame) -> dict[Key, Row]:
    """What is wrong without being a root is inherited."""

    def at_fault(key: Key, row: Row) -> bool:
        return row.mistake is not None or key in found.roots

    roots = first.raised is not None or any(at_fault(key, row) for key, row in rows.items())
    return {
        key: row
        if row.right or at_fault(key, row) or not roots
        else replace(row, verdict="inherited")
        for key, row in rows.items()
    }


def _raised_elsewhere(others: Sequence[Examination]) -> list[Row]:
    """The first statement that raises at other sizes only, where it belongs to no gradient's
    row."""
    for other in others:
        if other.raised is not None and other.drawn.sizes:
            message = "this raises at other sizes: is one of them written as a number?"
            mistake = Mistake("hard-coded-size", message)
            return [replace(other.raised, at=other.drawn.sizes, mistake=mistake)]
    return []


def _elsewhere(rows: Mapping[Key, Row], other: Examination) -> dict[Key, Row]:
    """Takes over what shows only at other sizes: the safety net below the blame."""
    merged = dict(rows)
    roots = any(row.mistake is not None for row in rows.values())
    for key, there in other.rows.items():
        if key in merged and merged[key].right and not there.right:
            verdict = "inherited" if roots else there.verdict
            merged[key] = replace(there, verdict=verdict, at=other.drawn.sizes or None)
    return merged
