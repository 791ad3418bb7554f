"""Turns: where the local of a gradient goes on as the gradient of another value."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from byhand.checking.judging.trial import Trial
from byhand.checking.running.answers import Answer, UsedOn, answers
from byhand.checking.running.backward_run import Write
from byhand.checking.running.bindings import by_round
from byhand.engine.tensor import Tensor
from byhand.program.program import Program, Step
from byhand.referees.referee import Key
from byhand.values import tree

LONG = 40
"""How many characters the text of a value may have to be what it is called."""


@dataclass(frozen=True, eq=False)
class Way:
    """The way from a value to one that it was computed from: an op and a place among its arguments,
    for each step back."""

    steps: tuple[tuple[str, int], ...] = ()

    def further(self, op: str, position: int) -> Way:
        return Way((*self.steps, (op, position)))

    def end(self, start: Tensor) -> Tensor | None:
        tensor = start
        for op, position in self.steps:
            if tensor.op is None or tensor.op.name != op or position >= len(tensor.args):
                return None
            found = tensor.args[position]
            if not isinstance(found, Tensor):
                return None
            tensor = found
        return tensor


@dataclass(frozen=True, eq=False)
class Turn:
    """From its statement `write` on, the local of `root` holds the gradient of the value at the end
    of `way`; None where that value has an answer of its own, or it is unknown."""

    root: str
    write: Write
    way: Way | None


def overwritten(trial: Trial) -> list[str]:
    """The names of the outputs whose given gradients backward writes to."""
    written = {write.name for write in trial.run.writes}
    return [name for name in written if f"d{name}" in trial.run.upstream]


def without_answer(trial: Trial) -> Mapping[Key, tuple[Write, ...]]:
    """What is written to locals that may be used on, though they answer for nothing: given
    gradients, and those of a name that forward binds more or less often than backward."""
    found: dict[Key, tuple[Write, ...]] = {}
    for name in dict.fromkeys(write.name for write in trial.run.writes):
        steps = trial.drawn.truth.bindings.get(name, ())
        if steps and not any(name == answer.key[0] for answer in trial.answers.found):
            writes = [write for write in trial.run.writes if write.name == name]
            for binding, group in by_round(steps, writes, trial.run):
                found[name, binding] = group
    return found


def turned(trial: Trial, turns: Sequence[Turn]) -> Trial:
    """A trial whose answers are ended, and begun, at these turns."""
    found: list[tuple[UsedOn, Way | None]] = []
    plain = (trial.plain or trial).answers
    loose = without_answer(replace(trial, answers=plain))
    others = [Answer(key, None, writes=writes) for key, writes in loose.items()]
    for answer in [*plain.found, *others]:
        start = 0
        nodes = [write.node for write in answer.writes]
        last: Turn | None = None
        for turn in turns:
            if last is not None and last.write.node is turn.write.node:
                start += last.write.at != turn.write.at  # the same statement, a round later
            if turn.root != tree.root(answer.key[0]) or turn.write.node not in nodes[start:]:
                continue
            start, last = nodes.index(turn.write.node, start), turn
            value = None if turn.way is None else _value(trial.drawn.truth, answer.key, turn.way)
            found.append((UsedOn(answer.key, start, value), turn.way))
    drawn = trial.drawn
    truth = _with_steps(drawn.truth, found)
    program = truth if drawn.program is drawn.truth else _with_steps(drawn.program, found)
    if truth is not drawn.truth:
        drawn = drawn.with_steps(truth, program)
    new = answers(program, trial.run, [used for used, _ in found])
    return replace(trial, drawn=drawn, answers=new, first=None, plain=trial.plain or trial)


def turned_alike(trials: Sequence[Trial], turns: Sequence[Turn]) -> list[Trial]:
    """The trials of a backward, each with these turns, if there are any."""
    found: dict[Trial | None, Trial] = {}
    for each in trials if turns else ():
        found[each] = replace(turned(each, turns), first=found.get(each.first))
    return [*found.values()] if turns else [*trials]


def _value(program: Program, host: Key, way: Way) -> Key | None:
    """The key of the value at the end of a way; None where the way leads nowhere."""
    step = program.by_key[host]
    tensor = way.end(step.tensor)
    if tensor is None:
        return None
    known = {each.tensor: key for key, each in program.by_key.items()}
    if tensor in known:
        named = known[tensor]
        return named if program.by_key[named].line is not None else (f"input {named[0]}", host[1])
    near, rest = step, way  # the value that the last part of the way starts at
    for i in range(1, len(way.steps)):
        passed = Way(way.steps[:i]).end(step.tensor)
        if passed is not None and passed in known:
            near, rest = program.by_key[known[passed]], Way(way.steps[i:])
    return _name(rest, near), host[1]


def _name(way: Way, host: Step) -> str:
    """What to call a value without a name: by its text in forward, or by the op that takes it."""
    op, _ = way.steps[-1]
    said = _text(host.source, way.steps[0][1]) if len(way.steps) == 1 else None
    far = f", {len(way.steps)} ops before it" if len(way.steps) > 1 else ""
    return f"{said or f'what {op} takes'} in {host.name}{far}"


def _text(source: str, position: int) -> str | None:
    """The argument at this position of the one operation that a statement is."""
    try:
        statement = ast.parse(source.strip()).body[0]
    except (SyntaxError, IndexError):
        return None
    match statement:
        case ast.Assign(value=ast.Call(args=args)) if position < len(args):
            said = ast.unparse(args[position])
        case ast.Assign(value=ast.BinOp(left=left, right=right)):
            said = ast.unparse((left, right)[position])
        case _:
            return None
    return said if len(said) <= LONG else None


def _with_steps(program: Program, found: Sequence[tuple[UsedOn, Way | None]]) -> Program:
    """The program, in which the values that locals are used on for are steps, too."""
    new: list[Step] = []
    for used, way in found:
        if used.value is not None and way is not None and used.value not in program.by_key:
            host = program.by_key[used.host]
            tensor = way.end(host.tensor)
            assert tensor is not None
            new.append(Step(*used.value, host.line, host.source, tensor, (), ()))
    return replace(program, steps=(*program.steps, *new)) if new else program
