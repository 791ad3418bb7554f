"""The check: every gradient that a backward gives, against a referee, at more than one size."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from byhand.checking.answers import Answer, Answers, answers
from byhand.checking.compare import compare
from byhand.checking.draws import Draw, draw, other_sizes, related_sizes
from byhand.checking.hand import Hand, backward_function, root_name, run_backward, touched_names
from byhand.checking.report import Mistake, Report, Row
from byhand.errors import ProblemError
from byhand.program.problem import Problem, problem_of
from byhand.program.program import Program
from byhand.program.statements import Function
from byhand.referees import referee as find_referee
from byhand.referees.engine import sweep
from byhand.referees.referee import Gradient, Key

DTYPES = ("float64", "float32")


def check(
    problem: Problem | Callable[..., Any],
    backward: Callable[..., Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    *,
    referee: str = "engine",
    dtype: str = "float64",
    seed: int = 0,
) -> Report:
    """Checks a hand-written backward, gradient by gradient.

    Give a loaded problem, or a forward, a backward and the inputs (arrays by name) to try them on.
    `referee` is who says what is right: "engine", "finite", "torch" or "jax". The backward is run in
    `dtype`; the truth is always found in float64. At other sizes it is the engine in float64.

    Raises ProblemError if the problem can't be checked, RefereeError if the referee can't judge it.
    """
    start = time.perf_counter()
    if not isinstance(problem, Problem):
        if inputs is None:
            raise ProblemError("check(forward, backward, inputs): the inputs are missing")
        problem = problem_of(problem, backward, inputs)
    if not callable(problem.backward):
        raise ProblemError(f"{problem.file}: has no `def backward(...)`: there is nothing to check")
    if dtype not in DTYPES:
        raise ProblemError(f"dtype {dtype}: choose {' or '.join(DTYPES)}")
    function = backward_function(problem)
    rows, notes = _examine(problem, function, draw(problem, {}, dtype, seed), referee)
    for other, skipped in _others(problem, dtype, seed):
        notes += [skipped] if skipped else []
        if other is not None:
            there, _ = _examine(problem, function, other, "engine")
            rows = _merge(rows, there, other.sizes)
    return Report(
        file=problem.file,
        referee=referee,
        dtype=dtype,
        seconds=time.perf_counter() - start,
        rows=tuple(rows),
        roots=_roots(rows),
        notes=tuple(dict.fromkeys(notes)),
    )


def _others(problem: Problem, dtype: str, seed: int) -> list[tuple[Draw | None, str | None]]:
    """The problem drawn at other sizes, each a draw or a note on why there is none."""
    tried: list[tuple[Draw | None, str | None]] = []
    wanted = [*([{}] if dtype != "float64" else []), *other_sizes(problem.dimensions)]
    for sizes in wanted:
        tried.append(_try(problem, sizes, seed))
    if problem.dimensions and not any(found and found.sizes for found, _ in tried):
        tried.append(_try(problem, related_sizes(problem.dimensions), seed))
    return tried


def _try(problem: Problem, sizes: Mapping[str, int], seed: int) -> tuple[Draw | None, str | None]:
    try:
        with np.errstate(all="ignore"):
            return draw(problem, sizes, "float64", seed), None
    except ProblemError as error:
        at = ", ".join(f"{name}={size}" for name, size in sizes.items())
        return None, f"not tried at {at}: {error}"


def _examine(
    problem: Problem, function: Function | None, drawn: Draw, referee: str
) -> tuple[list[Row], list[str]]:
    """The rows for one draw, in backward's order, missing ones last; and notes."""
    program = drawn.program
    upstream = _upstream(drawn)
    hand = run_backward(problem, program.locals, upstream)
    given = answers(program, hand)
    errors = sweep(drawn.truth, drawn.upstream)
    keys = [answer.key for answer in given.found]
    if referee == "engine":
        eps = float(np.finfo(np.float64).eps)
        truths: Mapping[Key, Gradient] = {
            key: Gradient(errors[key].value, eps * errors[key].error) for key in keys
        }
    else:
        truths = find_referee(referee)(problem, drawn.inputs, keys, drawn.upstream)
    rows = [
        _row(problem, program, answer, truths[answer.key], errors[answer.key].error)
        for answer in given.found
    ]
    rows = _blame_damage(rows, hand)
    notes = list(given.notes)
    if hand.error is not None:
        rows.append(_raised(problem, function, program, hand))
    if not hand.taken_apart:
        notes.append("backward is no plain Python function: judged by its results alone")
    rows += _missing(problem, program, given, rows)
    return rows, notes


def _upstream(drawn: Draw) -> dict[str, Any]:
    """The gradients d<output> that backward may ask for."""
    given: dict[str, Any] = {}
    for step, g in zip(drawn.program.outputs, drawn.upstream, strict=True):
        value = np.asarray(g).astype(step.value.dtype)
        if drawn.program.in_torch:
            import torch

            value = torch.from_numpy(value.copy())
        given[f"d{step.name}"] = value
    return given


def _row(
    problem: Problem, program: Program, answer: Answer, truth: Gradient, error: Any
) -> Row:
    name, binding = answer.key
    step = program.bindings[name][binding]
    result = compare(answer.value, truth, error, step.value.dtype)
    note = result.note
    bound = len(program.bindings[name])
    if bound > 1:
        which = f"binding {binding + 1} of {bound} in forward" + (
            f", line {step.line}" if step.line else ", the input"
        )
        note = f"{which}; {note}" if note else which
    return Row(
        name=name,
        verdict=result.verdict,
        line=answer.line,
        source=_source(problem, answer.line),
        shape=result.shape,
        expected_shape=step.shape,
        max_error=result.max_error,
        tolerance=result.tolerance,
        ulps=result.ulps,
        note=note,
    )


def _blame_damage(rows: list[Row], hand: Hand) -> list[Row]:
    """Marks the rows whose statements changed a value of the forward pass."""
    for damage in hand.damages:
        message = (
            f"this line changes {damage.given}, a value of the forward pass: "
            "copy it first, and change the copy"
        )
        rows = [
            replace(row, verdict="wrong", line=damage.line, mistake=Mistake("aliased", message))
            if row.name == damage.name
            else row
            for row in rows
        ]
    return rows


def _raised(
    problem: Problem, function: Function | None, program: Program, hand: Hand
) -> Row:
    """The row of the statement that raised."""
    assert hand.error is not None
    line = hand.error.line or None
    name = _being_written(function, program, hand.error.line) or "backward"
    return Row(
        name=name,
        verdict="error",
        line=line,
        source=_source(problem, line),
        expected_shape=program[name].shape if name in program else None,
        note=f"raised {hand.error}".replace("\n", " "),
    )


def _being_written(function: Function | None, program: Program, line: int) -> str | None:
    """The gradient that the statement at `line` writes, or else the next one after it."""
    if function is None:
        return None
    statements = [
        node
        for top in function.body
        for node in ast.walk(top)
        if isinstance(node, ast.stmt) and (node.end_lineno or node.lineno) >= line
    ]
    for node in sorted(statements, key=lambda node: node.lineno):
        for root in touched_names(node):
            if root.startswith("d") and root[1:] in program:
                return root[1:]
    return None


def _missing(
    problem: Problem, program: Program, given: Answers, rows: list[Row]
) -> list[Row]:
    named = {row.name for row in rows}
    return [
        Row(
            name=step.name,
            verdict="missing",
            expected_shape=step.shape,
            note=f"backward has no d{step.name}",
        )
        for step in program.inputs
        if _root(step.name) not in problem.data
        and step.name not in problem.data
        and step.name not in named
        and (step.name, 0) not in given
    ]


def _root(name: str) -> str:
    return root_name(ast.parse(name, mode="eval").body) or name


def _merge(rows: list[Row], there: list[Row], sizes: Mapping[str, int]) -> list[Row]:
    """The rows, with those replaced that are right at the default sizes and wrong at others."""
    wrong = {(row.name, row.note if row.right else None): row for row in there if not row.right}
    by_name = {name: row for (name, _), row in wrong.items()}
    merged: list[Row] = []
    for row in rows:
        other = by_name.get(row.name)
        if row.right and other is not None:
            merged.append(replace(other, at=dict(sizes) or None))
        else:
            merged.append(row)
    return merged


def _roots(rows: list[Row]) -> tuple[str, ...]:
    """The rows where a mistake was made: for now the first that isn't right, and damage done."""
    wrong = [row for row in rows if not row.right and row.verdict != "missing"]
    first = wrong[:1]
    return tuple(dict.fromkeys(row.name for row in wrong if row in first or row.mistake))


def _source(problem: Problem, line: int | None) -> str:
    return "" if line is None else problem.forward.source(line)
