"""Answers over time: a local that is used on for the gradient of another value.

    dhidden = dscores @ W2.T
    dhidden[hidden <= 0] = 0

From its second statement on, dhidden is the gradient of what stands inside forward's `maximum`,
which may have no name there. Each version of a local is compared with the true gradients of its own
value and of those that it was computed from; what comes later is judged with what the local is
then. Where a version is none of these, its statement may be wrong: it is taken for the gradient of
the value that makes all right that reads it.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from byhand.checking.judging.convention import nearly, times_of
from byhand.checking.judging.evidence import evidence_of
from byhand.checking.judging.isolated_run import unscaled
from byhand.checking.judging.trial import Trial
from byhand.checking.running.answers import Answer, UsedOn, answers
from byhand.checking.running.backward_run import Write
from byhand.checking.running.names import loaded_names
from byhand.engine.tensor import Tensor
from byhand.program.program import Program, Step
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.held import array

LONG = 40
"""How many characters the text of a value may have to be what it is called."""

FAR = 40
"""How many ops before its own value a local may be the gradient of."""


@dataclass(frozen=True, eq=False)
class _Way:
    """The way from a value to one that it was computed from: an op and a place among its arguments,
    for each step back."""

    steps: tuple[tuple[str, int], ...]

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
class _Turn:
    """From its statement `write` on, the local of `root` holds the gradient of the value at the end
    of `way`; None where that value has an answer of its own, or it is unknown."""

    root: str
    write: Write
    way: _Way | None


_Near: TypeAlias = tuple[Tensor, _Way]


def follow(trials: Sequence[Trial]) -> list[Trial]:
    """The trials, with every answer ended where its local is used on, and what it is then as an
    answer of its own, beside it."""
    first = next((each for each in trials if each.line_by_line and not each.drawn.tied), None)
    if first is None or not first.wrong | {*_overwritten(first)}:
        return [*trials]
    turns: list[_Turn] = []
    known = first
    for _ in range(len(first.answers.found) + len(_overwritten(first))):
        new = next(_turns(known, turns), None)
        if new is None:
            break
        turns += new
        known = _turned(first, turns)
    return [_turned(each, turns) for each in trials] if turns else [*trials]


def _overwritten(trial: Trial) -> list[str]:
    """The names of the outputs whose given gradients backward writes to."""
    written = {write.name for write in trial.run.writes}
    return [name for name in written if f"d{name}" in trial.run.given and name in trial.drawn.truth]


# Finding the turns.


def _turns(trial: Trial, before: Sequence[_Turn]) -> Iterator[list[_Turn]]:
    """What may be said about one more local, the first one first."""
    versions = trial.versions
    hosts = [answer for answer in trial.answers.found if answer.host is None and answer.writes]
    done = {turn.root for turn in before}
    for answer in hosts:
        root = tree.root(answer.key[0])
        if root not in done and len(answer.writes) > 1:
            values = versions.get(answer.key, [])
            if len(values) == len(answer.writes):
                found = _of_versions(trial, answer.key, answer.writes, values, given=False)
                if found:
                    yield found
    for name in _overwritten(trial):
        writes = tuple(write for write in trial.run.writes if write.name == name)
        if name not in done and (name, 0) not in trial.answers:
            found = _of_versions(trial, (name, 0), writes, [w.value for w in writes], given=True)
            if found:
                yield found


def _of_versions(
    trial: Trial, key: Key, writes: Sequence[Write], values: Sequence[Any], given: bool
) -> list[_Turn]:
    """The turns of one local, which held these values after these statements; with `given`, it held
    its own gradient before them."""
    step = trial.drawn.truth.by_key[key]
    own = [i for i, value in enumerate(values) if _is(value, step.tensor, trial)]
    at = own[-1] + 1 if own else 0
    near = list(_before(step.tensor))
    if not own and not given:
        guess = _guess_with_start(trial, key, writes, near)
        return [] if guess is None else [guess]
    if at == len(values):
        return []
    found: list[_Turn] = []
    root = tree.root(key[0])
    while at < len(values):
        match = next(
            (
                (i, tensor, way)
                for i in range(at, len(values))
                for tensor, way in near
                if _is(values[i], tensor, trial)
            ),
            None,
        )
        if match is None:
            break
        last, tensor, way = match
        while last + 1 < len(values) and _is(values[last + 1], tensor, trial):
            last += 1
        has_own = any(
            trial.drawn.truth.by_key[each.key].tensor is tensor for each in trial.answers.found
        )
        found.append(_Turn(root, writes[at], None if has_own else way))
        at = last + 1
    if at < len(values):
        guess = _guess(trial, key, writes[at], found, near)
        return [] if guess is None else [*found, guess]
    return found


def _guess(
    trial: Trial, key: Key, write: Write, before: Sequence[_Turn], near: Sequence[_Near]
) -> _Turn | None:
    """The first value of whose gradient all that reads the local must have taken it for."""
    readers = _readers(trial, key, write)
    if not readers:
        return None
    root = tree.root(key[0])
    named = {trial.drawn.truth.by_key[each.key].tensor for each in trial.answers.found}
    for tensor, way in near:
        if tensor in named or tensor.shape != trial.drawn.truth.by_key[key].shape:
            continue
        turn = _Turn(root, write, way)
        if _all_right(_turned(trial, [*before, turn]), readers):
            return turn
    return None


def _guess_with_start(
    trial: Trial, key: Key, writes: Sequence[Write], near: Sequence[_Near]
) -> _Turn | None:
    """The same for a local that never held its own gradient: where its first statements are wrong,
    it may yet be used on, and be right in that."""
    readers = _readers(trial, key, writes[0])
    if not readers or _all_right(trial, readers):
        return None
    for write in writes[1:]:
        found = _guess(trial, key, write, (), near)
        if found is not None:
            tried = _turned(trial, [found])
            if _all_right(tried, {a.key for a in tried.answers.found if a.host == key}):
                return found
    return None


def _all_right(trial: Trial, keys: Container[Key]) -> bool:
    """Whether these definitions are right, each alone."""
    return all(evidence_of(trial, a).right for a in trial.answers.found if a.key in keys)


def _readers(trial: Trial, key: Key, write: Write) -> frozenset[Key]:
    """The answers that read a local after a statement that writes it."""
    local = f"d{tree.root(key[0])}"
    return frozenset(
        answer.key
        for answer in trial.answers.found
        if answer.key != key
        and any(
            each.number > write.number
            and (key in answer.reads or local in dict(loaded_names(each.node)))
            for each in answer.writes
        )
    )


def _is(value: Any, tensor: Tensor, trial: Trial) -> bool:
    """Whether a value is, to rounding, the true gradient of a tensor, or as many times that as some
    convention of sums for means would have it."""
    true = trial.drawn.true_gradients.get(tensor)
    held = array(value)
    if true is None or held is None or held.shape != true.value.shape:
        return False
    times = (1.0, *times_of(held, true.value, trial.drawn.truth))
    return any(nearly(unscaled(held, each), true) for each in times)


def _before(start: Tensor) -> Iterator[_Near]:
    """The values that one was computed from, each with the way to it, the nearest first."""
    level: list[_Near] = [(start, _Way(()))]
    seen = {start}
    for _ in range(FAR):
        further: list[_Near] = []
        for tensor, way in level:
            for position, arg in enumerate(tensor.args if tensor.op is not None else ()):
                if isinstance(arg, Tensor) and arg not in seen and tensor.op is not None:
                    seen.add(arg)
                    further.append((arg, _Way((*way.steps, (tensor.op.name, position)))))
        yield from further
        level = further


# Applying them.


def _turned(trial: Trial, turns: Sequence[_Turn]) -> Trial:
    """A trial whose answers are ended, and begun, at these turns."""
    found: list[tuple[UsedOn, _Way | None]] = []
    plain = answers(trial.drawn.program, trial.run)
    upstream = [
        Answer((name, 0), None, writes=tuple(w for w in trial.run.writes if w.name == name))
        for name in _overwritten(trial)
        if (name, 0) not in plain
    ]
    for answer in [*plain.found, *upstream]:
        start = 0
        nodes = [write.node for write in answer.writes]
        for turn in turns:
            if turn.root != tree.root(answer.key[0]) or turn.write.node not in nodes[start:]:
                continue
            start = nodes.index(turn.write.node, start)
            value = None if turn.way is None else _value(trial.drawn.truth, answer.key, turn.way)
            found.append((UsedOn(answer.key, start, value), turn.way))
    drawn = trial.drawn
    truth = _with_steps(drawn.truth, found)
    program = truth if drawn.program is drawn.truth else _with_steps(drawn.program, found)
    drawn = replace(drawn, truth=truth, program=program)
    new = answers(program, trial.run, [used for used, _ in found])
    return replace(trial, drawn=drawn, answers=new)


def _value(program: Program, host: Key, way: _Way) -> Key | None:
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
        passed = _Way(way.steps[:i]).end(step.tensor)
        if passed is not None and passed in known:
            near, rest = program.by_key[known[passed]], _Way(way.steps[i:])
    return _name(rest, near), host[1]


def _name(way: _Way, host: Step) -> str:
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


def _with_steps(program: Program, found: Sequence[tuple[UsedOn, _Way | None]]) -> Program:
    """The program, in which the values that locals are used on for are steps, too."""
    new: list[Step] = []
    for used, way in found:
        if used.value is not None and way is not None and used.value not in program.by_key:
            host = program.by_key[used.host]
            tensor = way.end(host.tensor)
            assert tensor is not None
            new.append(Step(*used.value, host.line, host.source, tensor, (), ()))
    return replace(program, steps=(*program.steps, *new)) if new else program
