"""One draw examined: the backward run on it, and the verdicts on what it gave in the end."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from byhand import referees
from byhand.checking.judging.compare import Comparison, compare
from byhand.checking.judging.own_rounding import OwnRounding
from byhand.checking.judging.trial import Trial
from byhand.checking.report import Row
from byhand.checking.running.answers import Answer, Answers, answers
from byhand.checking.running.backward_run import Hand
from byhand.checking.running.names import root_name, touched_names
from byhand.checking.running.run import run_backward
from byhand.checking.sampling.sample_inputs import Draw
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.program.statements import Function
from byhand.referees.engine import sweep
from byhand.referees.referee import Gradient, Key
from byhand.values.arrays import Array, as_torch


@dataclass(frozen=True, eq=False)
class Examination:
    """One draw, and the verdicts on what backward gave in the end, in backward's order.

    `raised` is the row of a statement that ended the run, `missing` those of absent gradients.
    `trial` is what definitions can be tried on, where backward can be taken apart; `tied` is one on
    the same draw as it came, where that has ties.
    """

    drawn: Draw
    hand: Hand
    rows: Mapping[Key, Row]
    raised: Row | None
    missing: tuple[Row, ...]
    notes: tuple[str, ...]
    trial: Trial | None
    tied: Trial | None


def examine(
    problem: Problem, function: Function | None, drawn: Draw, referee: str, seed: int
) -> Examination:
    """Runs the backward on one draw and judges what it gives in the end."""
    program = drawn.program
    swept, upstream, hand, given = _run(problem, drawn)
    keys = [answer.key for answer in given.found]
    errors = {key: swept[drawn.truth.by_key[key].tensor] for key in keys}
    if referee == "engine":
        eps = float(np.finfo(np.float64).eps)
        truths: Mapping[Key, Gradient] = {
            key: Gradient(errors[key].value, eps * errors[key].error) for key in keys
        }
    else:
        truths = referees.find(referee)(problem, drawn.inputs, keys, drawn.upstream)
    own = OwnRounding(problem, drawn, seed)
    judge = _Judge(problem, drawn, given, own)
    rows = {
        answer.key: judge.row(answer, truths[answer.key], errors[answer.key].error)
        for answer in given.found
    }
    notes = list(given.notes)
    if not hand.taken_apart:
        notes.append(
            "backward is no plain Python function: its results are judged, its lines can't be"
        )
    trial = tied = None
    if function is not None and drawn.program is drawn.truth:
        trial = Trial(problem, function, drawn, hand, given, upstream, own, seed)
    if function is not None and drawn.as_it_came is not None:
        _, g, ran, held = _run(problem, drawn.as_it_came)
        own = OwnRounding(problem, drawn.as_it_came, seed)
        tied = Trial(problem, function, drawn.as_it_came, ran, held, g, own, seed)
    raised = None if hand.error is None else _raised(problem, function, program, hand)
    missing = _missing(problem, program, given, [*rows.values(), *([raised] if raised else [])])
    if hand.unread is not None and (missing or not hand.taken_apart):
        notes.append(
            f"backward returned {hand.unread}, which is not read: return a dict with the gradients "
            'by name, such as {"W": dW}, or leave them in locals such as dW'
        )
    return Examination(drawn, hand, rows, raised, tuple(missing), tuple(notes), trial, tied)


def _run(
    problem: Problem, drawn: Draw
) -> tuple[Mapping[Tensor, Bounded], dict[str, Any], Hand, Answers]:
    """The true gradients, the upstream ones, a run of the backward, and what it answered."""
    upstream = upstream_of(drawn)
    swept = sweep(drawn.truth, drawn.upstream)
    truth = {
        name: as_given(swept[steps[0].tensor].value, drawn.program)
        for name, steps in drawn.truth.bindings.items()
        if len(steps) == 1
    }
    hand = run_backward(problem, drawn.program.locals, upstream, truth)
    return swept, upstream, hand, answers(drawn.program, hand)


def as_given(value: Array, program: Program) -> Any:
    """A gradient in the kind of array that the user's code works with."""
    return as_torch(value) if program.in_torch else np.array(value)


def upstream_of(drawn: Draw) -> dict[str, Any]:
    """The gradients d<output> that backward may ask for."""
    total: dict[str, Array] = {}
    for step, g in zip(drawn.program.outputs, drawn.upstream, strict=True):
        g = g.astype(step.value.dtype)  # a value that is returned twice gets both
        total[step.name] = total[step.name] + g if step.name in total else g
    return {f"d{name}": as_given(g, drawn.program) for name, g in total.items()}


@dataclass(frozen=True, eq=False)
class _Judge:
    """Judges what a backward gave in the end, on one draw."""

    problem: Problem
    drawn: Draw
    given: Answers
    own_rounding: OwnRounding

    def row(self, answer: Answer, truth: Gradient, error: Array) -> Row:
        name, binding = answer.key
        program = self.drawn.program
        step = program.bindings[name][binding]
        result = self.compared(answer, truth, error, step.value.dtype)
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
            source=_source(self.problem, answer.line),
            shape=result.shape,
            expected_shape=step.shape,
            max_error=result.max_error,
            tolerance=result.tolerance,
            ulps=result.ulps,
            note=note,
            heat=result.heat,
        )

    def compared(
        self, answer: Answer, truth: Gradient, error: Array, dtype: np.dtype[Any]
    ) -> Comparison:
        eps = self.eps
        found = compare(answer.value, truth, error, dtype, eps)
        own = self.scatter.get(answer.key) if found.verdict == "wrong" else None
        return found if own is None else compare(answer.value, truth, error, dtype, eps, own=own)

    @cached_property
    def eps(self) -> float:
        inputs = [step.value.dtype for step in self.drawn.program.inputs]
        return max((float(np.finfo(each).eps) for each in inputs), default=0.0)

    @cached_property
    def scatter(self) -> Mapping[Key, Array]:
        """How far rounding moves each answer, on backward's own way."""
        judged = {answer.key: answer.value for answer in self.given.found}

        def run(forward: Mapping[str, Any], change: Callable[[Any], Any]) -> Mapping[Key, Any]:
            upstream = {name: change(value) for name, value in upstream_of(self.drawn).items()}
            hand = run_backward(self.problem, forward, upstream)
            return {each.key: each.value for each in answers(self.drawn.program, hand).found}

        return self.own_rounding.scatter(run, judged)


def _raised(problem: Problem, function: Function | None, program: Program, hand: Hand) -> Row:
    """The row of the statement that raised."""
    assert hand.error is not None
    line = hand.error.line or None
    name = _being_written(function, program, hand.error.line)
    if name is None or any(write.name == name for write in hand.writes):
        name = "backward"  # it is no part of a gradient, or of one that has a row of its own
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


def _missing(problem: Problem, program: Program, given: Answers, rows: list[Row]) -> list[Row]:
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


def _source(problem: Problem, line: int | None) -> str:
    return "" if line is None else problem.forward.source(line)
