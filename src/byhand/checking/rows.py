"""The rows of a report: the verdicts on what backward gave, on its lines, and the mistakes."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from byhand.checking.judging.blame import Blame, wrong
from byhand.checking.judging.compare import in_one_note
from byhand.checking.judging.convention import Convention
from byhand.checking.judging.evidence import Evidence
from byhand.checking.judging.hidden import what_hid
from byhand.checking.judging.trial import Trial
from byhand.checking.judging.vague import vague
from byhand.checking.naming.name import Named, NamedMistakes
from byhand.checking.report import RIGHT, Part, Report, Row, Verdict
from byhand.checking.run_notes import convention_note, notes_on_run
from byhand.checking.running.answers import Answer
from byhand.checking.running.backward_run import Raised
from byhand.checking.running.names import touched_names
from byhand.engine.tensor import Tensor
from byhand.ops.elementwise import POSITIVE_OF
from byhand.program.problem import Problem
from byhand.program.program import Program, Step
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.arrays import Array
from byhand.values.held import array


def report_of(
    trials: Sequence[Trial],
    blame: Blame,
    names: NamedMistakes,
    kept: Convention | None,
    dtype: str,
    skipped: Sequence[str],
) -> Report:
    """The report; `kept` is a convention of backward's own, `skipped` are notes on draws that could
    not be made."""
    first, rows = trials[0], _rows(trials, blame, names)
    return Report(
        file=first.problem.file,
        name=first.problem.name,
        referee=first.referee,
        dtype=dtype,
        seconds=0.0,
        rows=tuple(rows),
        roots=_roots(rows),
        notes=tuple(dict.fromkeys([*notes_on_run(first, rows), *convention_note(kept), *skipped])),
    )


def _rows(trials: Sequence[Trial], blame: Blame, names: NamedMistakes) -> list[Row]:
    """The rows in backward's order, missing ones last: those of the first trial, with what the
    others show."""
    first, *others = (each for each in trials if not each.drawn.tied)
    rows = {
        answer.key: _at_root(first, _plain(first, answer), blame.roots[answer.key])
        if answer.key in blame.roots
        else _at_ties(_plain(first, answer), answer.key, blame)
        for answer in first.answers.found
    }
    rows = {key: _named(first, row, names.mistakes.get(key)) for key, row in rows.items()}
    if blame.trial is not None:
        at_fault = {*blame.roots, *names.mistakes}
        if first.run.error is not None or at_fault & {*rows}:
            rows = {k: row if k in at_fault else _inherited(row) for k, row in rows.items()}
    rows = {key: _noted(row, names.reasons.get(key)) for key, row in rows.items()}
    rows = {key: _noted(row, _turn(first, key)) for key, row in rows.items()}
    judged = {answer.key: answer for answer in first.answers.found}
    rows = {key: _unjudged(trials, judged[key], row) for key, row in rows.items()}
    explained = any(key in blame.roots or row.mistake is not None for key, row in rows.items())
    for other in others:
        if other.run.error is not None:
            continue  # what would have come of the rest isn't known: it has a row of its own
        for answer in other.answers.found:
            key = answer.key
            if key in rows and rows[key].right and not other.holds(key):
                there = _plain(other, answer)
                there = _inherited(there) if explained else there
                rows[key] = replace(there, at=other.drawn.at)
    rows = _folded(rows, first)
    rows |= _raised_elsewhere(trials, names, rows)
    last = [*_beside(first, names), *_unmatched(first.problem)]
    return [*rows.values(), *last, *_missing(first, [*rows.values(), *last])]


def _folded(rows: Mapping[Key, Row], trial: Trial) -> dict[Key, Row]:
    """The rows, one for each local: what it is used on for is told there, if it is wrong."""
    hosts = {a.key: a.host for a in trial.answers.found if a.host not in (None, a.key)}
    found: dict[Key, Row] = {}
    for key, row in rows.items():
        host = hosts.get(key)
        if host is None:
            found[key] = row
        elif host not in found and _is_bound(trial, host) and host not in rows and row.right:
            said = key[0]
            if said == host[0]:
                said += f" as line {trial.drawn.program.by_key[key].line} makes it"
            found[host] = _noted(row, f"d{host[0]} holds the gradient of {said}")
        elif host not in found or (found[host].mistake is None and row.mistake is not None):
            if not row.right:
                found[host] = row
        elif found[host].right and not row.right:
            found[host] = replace(found[host], verdict=row.verdict)
    return found


def _is_bound(trial: Trial, key: Key) -> bool:
    """Whether its local is one that backward makes, and wasn't given."""
    return f"d{key[0]}" not in trial.run.upstream


def _turn(trial: Trial, key: Key) -> str | None:
    """A note on what becomes of the local of an answer."""
    lines = {
        answer.key: answer.writes[0].line for answer in trial.answers.found if answer.host == key
    }
    said = [
        f"from line {lines[used.value]} on, d{key[0]} holds the gradient of {used.value[0]}"
        for used in trial.answers.used_on
        if used.host == key != used.value and used.value in lines
    ]
    return "; ".join(said) or None


INNOCENT: frozenset[Verdict] = frozenset({*RIGHT, "inherited", "missing", "unjudged"})
"""The verdicts of rows where nothing was done wrong, or nothing at all."""


def _roots(rows: Sequence[Row]) -> tuple[str, ...]:
    """The names of the rows where a mistake was made, in backward's order."""
    return tuple(
        dict.fromkeys(
            row.name for row in rows if row.mistake is not None or row.verdict not in INNOCENT
        )
    )


def _plain(trial: Trial, answer: Answer) -> Row:
    """The row of an answer, with the verdict on what it held in the end."""
    program, (name, binding) = trial.drawn.program, answer.host or answer.key
    result = trial.result(answer.key)
    step, bound, note = program.by_key[name, binding], len(program.bindings[name]), result.note
    if bound > 1:
        which = f"binding {binding + 1} of {bound} in forward" + (
            f", line {step.line}" if step.line else ", the input"
        )
        note = f"{which}; {note}" if note else which
    true = trial.drawn.true_gradients[trial.drawn.truth.by_key[answer.key].tensor]
    line = answer.line if result.right else _line(answer, true.value)
    return Row(
        name=name,
        verdict=result.verdict,
        line=line,
        source=_source(trial.problem, line),
        shape=result.shape,
        expected_shape=step.shape,
        max_error=result.max_error,
        tolerance=result.tolerance,
        ulps=result.ulps,
        note=note,
        heat=result.heat,
        mismatch=result.mismatch,
        binding=binding,
    )


def _at_root(first: Trial, row: Row, evidence: tuple[Evidence, ...]) -> Row:
    """A wrong definition shows what it gave alone, and where, if its result was right on the first
    draw."""
    raised = evidence[0].answer.value
    if isinstance(raised, Raised) and raised.depends:
        return row  # it says what it waited for
    shown = next(found for found in evidence if wrong(found))
    if row.right:
        result, alone = shown.comparison, shown.answer.value
        # That of another statement, where that draw takes another way.
        line = _line(shown.answer, shown.expected.value)
        said = f"raised {alone.message}" if isinstance(alone, Raised) else result.note
        row = replace(
            row,
            verdict="wrong" if result.right else result.verdict,
            line=line,
            source=_source(first.problem, line),
            shape=result.shape,
            expected_shape=shown.tensor.shape,
            max_error=result.max_error,
            tolerance=result.tolerance,
            ulps=result.ulps,
            note=in_one_note(said, _hid(first, shown)),
            mismatch=result.mismatch,
            at=shown.trial.drawn.at,
        )
    return row


def _line(answer: Answer, true: Array) -> int | None:
    """The line that a wrong answer is said to be from: that in which its numbers were made, if they
    are wrong in any order."""
    value = array(answer.value)
    if value is not None and value.size == true.size:
        with np.errstate(invalid="ignore"):
            if np.allclose(np.sort(value, axis=None), np.sort(true, axis=None)):
                return answer.line
    return answer.computed


def _hid(first: Trial, shown: Evidence) -> str | None:
    """A note on what hid a mistake, where the inputs had to be moved to see it, or to be wider."""
    narrow = first.drawn.program is not first.drawn.truth
    if narrow and shown.trial.drawn.at is None:
        return "hidden by the rounding of the inputs' type; this shows in float64"
    if not shown.trial.drawn.moved:
        return None
    return what_hid(first, shown.trial, shown.answer.key)


def _at_ties(row: Row, key: Key, blame: Blame) -> Row:
    if key not in blame.uneven:
        return row
    return replace(row, at=blame.uneven[key].evidence.trial.drawn.at)


def _named(trial: Trial, row: Row, named: Named | None) -> Row:
    if named is None:
        return row
    line = named.line or row.line
    part = _part(trial.problem, named.part)
    if row.right:  # its values are: so no error is to be seen in a row that is wrong
        row = replace(row, verdict="wrong", max_error=None, tolerance=None, ulps=None)
    return replace(
        row,
        mistake=named.mistake,
        line=line,
        source=_source(trial.problem, line),
        span=_span(trial.problem, part, line),
        part=part,
    )


def _part(problem: Problem, node: ast.AST | None) -> Part | None:
    """Where a node stands in the file."""
    if not isinstance(node, (ast.expr, ast.stmt)):
        return None
    if node.end_lineno is None or node.end_col_offset is None:
        return None
    file = problem.forward.file
    start = _column(file, node.lineno, node.col_offset)
    return Part(
        node.lineno, start, node.end_lineno, _column(file, node.end_lineno, node.end_col_offset)
    )


def _column(file: str, line: int, offset: int) -> int:
    """The character that is so many bytes into a line."""
    return len(linecache.getline(file, line).encode()[:offset].decode(errors="ignore"))


def _span(problem: Problem, part: Part | None, line: int | None) -> tuple[int, int] | None:
    """The columns of a row's source in which a part stands; None where it isn't on that line."""
    if part is None or line is None or not line == part.line == part.end_line:
        return None
    text = linecache.getline(problem.forward.file, line)
    indented = len(text) - len(text.lstrip())
    return part.column - indented, part.end_column - indented


def _unjudged(trials: Sequence[Trial], answer: Answer, row: Row) -> Row:
    why = vague(trials, answer) if row.right else None
    return row if why is None else replace(row, verdict="unjudged", note=why)


def _inherited(row: Row) -> Row:
    return row if row.right else replace(row, verdict="inherited")


def _noted(row: Row, note: str | None) -> Row:
    if note is None:
        return row
    return replace(row, note=in_one_note(row.note, note))


def _beside(first: Trial, names: NamedMistakes) -> Iterator[Row]:
    """The row of what belongs to no gradient: a statement that raised, a change in place."""
    if first.run.error is not None:
        yield _raised(first)
    elif names.beside is not None:
        row = Row(name="backward", verdict="wrong")
        yield _named(first, row, names.beside)


def _raised_elsewhere(
    trials: Sequence[Trial], names: NamedMistakes, rows: Mapping[Key, Row]
) -> dict[Key, Row]:
    """The rows of a statement that raised on another draw alone, where nothing else is wrong: of
    the gradients that it writes on the first, or one of its own."""
    raising = next((each for each in trials if each.run.error is not None), trials[0])
    if raising is trials[0] or not all(row.right for row in rows.values()):
        return {}
    trial, named = names.raised or (raising, None)
    own = replace(_named(trial, _raised(trial), named), at=trial.drawn.at)
    writes = trials[0].run.writes
    written = {write.name for write in writes if write.line == own.line}
    found = {key: row for key, row in rows.items() if row.name in written} or {("", 0): own}
    return {
        key: replace(own, name=row.name, binding=row.binding, expected_shape=row.expected_shape)
        for key, row in found.items()
    }


def _raised(trial: Trial) -> Row:
    """The row of the statement that raised."""
    error, program = trial.run.error, trial.drawn.program
    assert error is not None
    line = error.line or None
    name = _being_written(trial, error.line)
    if name is None or any(write.name == name for write in trial.run.writes):
        name = "backward"  # it is no part of a gradient, or of one that has a row of its own
    return Row(
        name=name,
        verdict="error",
        line=line,
        source=_source(trial.problem, line),
        expected_shape=program[name].shape if name in program else None,
        note=f"raised {trial.run.said}",
    )


def _being_written(trial: Trial, line: int) -> str | None:
    """The gradient that the statement at `line` writes: the simple one, or else the loop."""
    if trial.run.function is None:
        return None
    statements = [
        node
        for node in trial.run.function.nodes
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    for node in sorted(statements, key=lambda node: node.lineno, reverse=True):
        for root in touched_names(node):
            if root.startswith("d") and root[1:] in trial.drawn.program:
                return root[1:]
    return None


def _unmatched(problem: Problem) -> Iterator[Row]:
    """The rows of gradients that are those of nothing that forward has."""
    for name, line in problem.unmatched.items():
        source = linecache.getline(problem.file, line).strip()
        note = f"what this is the gradient of isn't known: forward has no {name}"
        yield Row(name, "unjudged", line, source, note=note)


def _missing(trial: Trial, rows: Sequence[Row]) -> list[Row]:
    """The rows of the inputs that have no gradient."""
    named = {row.name for row in rows}
    return [
        Row(
            name=step.name,
            verdict="missing",
            expected_shape=step.shape,
            note=f"backward has no d{step.name}",
        )
        for step in missing_inputs(trial)
        if step.name not in named
    ]


def missing_inputs(trial: Trial) -> list[Step]:
    """The inputs whose gradient backward should give and doesn't: one that forward only compares,
    as it does a mask, has none; that of `W = params["W"]` may be given as dW."""
    data, program = {*trial.problem.data}, trial.drawn.program
    answered = {program.by_key[answer.host or answer.key].tensor for answer in trial.answers.found}
    return [
        step
        for step in program.inputs
        if not {step.name, tree.root(step.name)} & data and (step.name, 0) not in trial.answers
        if step.tensor in program.reached and not answered & {*_other_names(step.tensor, program)}
    ]


def _other_names(tensor: Tensor, program: Program) -> Iterator[Tensor]:
    """What stands for a value, if forward uses that by this name alone."""
    users = [each for each in program.tensors if any(arg is tensor for arg in each.args)]
    if len(users) == 1 and users[0].op is POSITIVE_OF:
        yield users[0]
        yield from _other_names(users[0], program)


def _source(problem: Problem, line: int | None) -> str:
    return "" if line is None else problem.forward.source(line)
