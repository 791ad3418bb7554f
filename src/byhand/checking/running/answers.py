"""Which of backward's locals answers for which step of forward.

The gradient of `h` is the local `dh`. A name that forward bound k times has k steps; backward runs
in reverse, so the last binding of `dh` there belongs to the first step of `h`; but where both have
a loop through the same rounds in the same order, as through the heads of attention.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.checking.running.backward_run import BackwardRun, Raised, Write
from byhand.checking.running.bindings import (
    are_of_the_next_round,
    begins_after,
    by_name,
    by_round,
    grouped,
    in_order,
    leaves_one_more,
    starts_with_another,
)
from byhand.checking.running.names import names_within, reached_names
from byhand.program.problem import did_you_mean
from byhand.program.scopes import walruses
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.held import array, unchanged

if TYPE_CHECKING:  # a submission that is graded runs without the engine
    from byhand.program.program import Program, Step

SLIP = 3
"""How long a name must be for one that is much like it to be meant: `dq` is no slip for `dp`."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What backward gave for one step.

    `value` is what it holds in the end, Raised if one of its statements raised; `line` that of the
    statement that raised, or else of the last that writes it. `writes` are the statements that made
    it, in order: none where it was only returned. `reads` are the other answers that they read.

    `local` is where it is held. `host` is the answer that this local bears the name of, where it is
    used on for the gradient of another value; else None. `scale` is how many times the gradient
    backward means it to hold: 1, but where it keeps a convention of its own.
    """

    key: Key
    value: Any
    line: int | None = None
    writes: tuple[Write, ...] = ()
    reads: frozenset[Key] = frozenset()
    local: str = ""
    host: Key | None = None
    scale: float = 1.0

    @property
    def computed(self) -> int | None:
        """The line of the statement that made its numbers: what comes after that only lays them out
        in another shape or type, as `dx = dx.reshape(x.shape)` does, or changes none of them, as
        `dh[h == 0] = 0` where those are 0 already."""
        if isinstance(self.value, Raised) or not self.writes:
            return self.line
        last = len(self.writes) - 1
        while last and _keeps_numbers(self.writes[last], self.writes[last - 1]):
            last -= 1
        return self.writes[last].line


@dataclass(frozen=True)
class UsedOn:
    """From its write number `start` on (counted from 0), the local of the gradient `host` holds the
    gradient of `value`; None where that is of no value that is judged by itself."""

    host: Key
    start: int
    value: Key | None


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers in backward's order, and notes on what could not be assigned to a step;
    `used_on` says which locals go on as something else, `shares` are the places of the writes that
    leave no gradient yet, but a share of it which others are made of that go into it later."""

    found: tuple[Answer, ...]
    notes: tuple[str, ...]
    used_on: tuple[UsedOn, ...] = ()
    shares: frozenset[int] = frozenset()

    @cached_property
    def by_key(self) -> Mapping[Key, Answer]:
        return {answer.key: answer for answer in self.found}

    @cached_property
    def written(self) -> Mapping[int, tuple[Answer, ...]]:
        """The answers that a write belongs to, by its place in `BackwardRun.writes`."""
        owners: dict[int, tuple[Answer, ...]] = {}
        for answer in self.found:
            for write in answer.writes:
                owners[write.at] = (*owners.get(write.at, ()), answer)
        return owners

    def read_by(self, answer: Answer, write: Write) -> list[Answer]:
        """The other answers that one write of an answer reads, but for those made with it."""
        together = self.made_with.get(answer.key, frozenset())
        return [owner for owner in self._readable(answer, write) if owner.key not in together]

    def _readable(self, answer: Answer, write: Write) -> list[Answer]:
        owners = [owner for at in write.reads for owner in self.written.get(at, ())]
        return [owner for owner in owners if owner is not answer]

    @cached_property
    def made_with(self) -> Mapping[Key, frozenset[Key]]:
        """The answers that each answer reads within one statement that writes both: the call of an
        inner function, or `(dz := ...)` in an expression. Nobody can come between them there."""
        by_calls: dict[int, set[Key]] = {}
        by_names: dict[int, dict[str, Key]] = {}
        for answer in self.found:
            for write in answer.writes:
                if tree.root(answer.local) in reached_names(write.node):
                    by_calls.setdefault(write.number, set()).add(answer.key)
                if walruses(write.node):
                    by_names.setdefault(write.number, {})[answer.local] = answer.key
        found: dict[Key, frozenset[Key]] = {}
        for answer in self.found if by_calls or by_names else ():
            with_it = set[Key]().union(*(by_calls.get(w.number, ()) for w in answer.writes))
            reads = {owner.key for w in answer.writes for owner in self._readable(answer, w)}
            within = {
                by_names[w.number].get(name)
                for w in answer.writes
                if w.number in by_names
                for name in names_within(w.node, tree.root(answer.local))
            }
            found[answer.key] = frozenset(reads & with_it) | {k for k in within if k is not None}
        return found

    def __contains__(self, key: Key) -> bool:
        return key in self.by_key


def answers(program: Program, run: BackwardRun, used_on: Sequence[UsedOn] = ()) -> Answers:
    """Assigns what a backward wrote to the steps of forward.

    `used_on` says where a local goes on as the gradient of another value than its name tells. An
    upstream gradient that backward writes to does so from the start, if it was complete.
    """
    found: list[Answer] = []
    notes: list[str] = []
    for name, writes in by_name(program, run.writes).items():
        steps = program.bindings.get(name, ())
        if not steps:
            taken_apart = f"d{tree.root(name)}" in run.upstream  # `dy = dy.unbind(-1)`
            note = None if taken_apart else _unknown(name, writes[-1].value, program)
            notes += [note] if note else []
            continue
        once = len(steps) == 1
        groups: list[tuple[Write, ...]] = [tuple(writes)] if once else grouped(writes, len(steps))
        one_more = grouped(writes, len(steps) + 1)
        if begins_after(steps, one_more, run):
            groups = one_more[1:]
        elif leaves_one_more(steps, groups, run):
            groups = groups[:-1]
        elif are_of_the_next_round(steps, groups, run):
            groups = groups[1:]  # no next round begins after the last
        fewer = len(groups) < len(steps)
        own = range(1 if fewer and starts_with_another(steps) else 0, len(steps))
        if len(groups) == len(own):
            turned = own if in_order(steps, groups, run) else reversed(own)
            for binding, group in zip(turned, groups, strict=True):
                found += _parts((name, binding), group, program, run, used_on)
        elif steps[0].line is None:  # an input: whatever is in d<name> at the end is its gradient
            found.append(_written((name, 0), groups[-1]))
            if len(steps) > 1 < len(groups):
                notes.append(_counts(name, len(steps), len(groups)) + "; the last is judged")
        elif any(tree.root(each.host[0]) == tree.root(name) for each in used_on):
            for binding, group in by_round(steps, writes, run):
                found += _parts((name, binding), group, program, run, used_on)
        elif f"d{name}" not in run.upstream:
            notes.append(_counts(name, len(steps), len(groups)) + ": not judged")
    found.sort(key=lambda answer: answer.writes[-1].number)
    for name, value in run.returned.items():
        for key, leaf in tree.named(name, value):
            if any(a.key[0] == key and _is_held(leaf, a.value) for a in found):
                continue  # what a local holds, statement by statement
            steps = program.bindings.get(key, ())
            if steps and (len(steps) == 1 or steps[0].line is None):  # of an input that is meant
                found = [answer for answer in found if answer.key != (key, 0)]
                found.append(Answer((key, 0), leaf, local=f"d{key}"))
            elif steps:
                notes.append(_counts(key, len(steps), 1) + ": not judged")
            else:
                notes.append(
                    f"the returned dict has {key!r}, which is neither a float input nor a step"
                    f"{did_you_mean(key.removeprefix('d'), program.bindings)}"
                )
    owned = frozenset(w.at for a in found for w in a.writes)
    found = _with_all_reads(found, run.writes, owned)
    if shares := _shares(found):
        found = _with_all_reads(found, run.writes, owned - shares)
    known = Answers(tuple(found), ())
    complete = (replace(answer, reads=_reads(answer, known)) for answer in found)
    return Answers(tuple(complete), tuple(notes), tuple(used_on), shares)


def _shares(found: Sequence[Answer]) -> frozenset[int]:
    """The places of the writes whose gradient goes into itself by way of others: in

        dx = dxhat / std
        dmean = -dx.sum(axis=0)
        dx += dmean / n

    dmean is made of what dx is by then, which isn't the gradient of x, nor can it be. An array that
    is filled row by row has the gradient in those that are.
    """
    by_place = {write.at: write for answer in found for write in answer.writes}
    read = {at for write in by_place.values() for at in write.reads}
    shares: set[int] = set()
    for answer in found:
        own = {write.at for write in answer.writes}
        if read.isdisjoint(write.at for write in answer.writes[:-1]):
            continue
        passed = set[int]()
        ahead = [at for write in answer.writes[1:] for at in write.reads - own]
        while ahead:
            write = by_place[ahead.pop()]
            if write.at not in passed:
                passed.add(write.at)
                shares.update(a for a in write.reads & own if by_place[a].number < write.number)
                ahead.extend(write.reads - own)
        shares -= {write.at for write in answer.writes if _is_kept(write.value, answer.value)}
    return frozenset(shares)


def _is_kept(value: Any, last: Any) -> bool:
    """Whether what a gradient holds is in it to the last, but for what is zero yet."""
    then, now = array(value), array(last)
    if then is None or now is None or then.shape != now.shape:
        return True
    return not np.any((np.asarray(then) != 0) & (np.asarray(then) != np.asarray(now)))


def _with_all_reads(
    found: Sequence[Answer], writes: Sequence[Write], owned: frozenset[int]
) -> list[Answer]:
    seen = _seen_through(writes, owned)
    return [
        replace(answer, writes=tuple(_with_reads(w, seen[w.at]) for w in answer.writes))
        for answer in found
    ]


def _is_held(returned: Any, value: Any) -> bool:
    """Whether what was returned is what a local holds; where a statement raised, that is what was
    put in place of what it would have given."""
    return isinstance(value, Raised) or unchanged(returned, value)


def _parts(
    key: Key,
    writes: tuple[Write, ...],
    program: Program,
    run: BackwardRun,
    used_on: Sequence[UsedOn],
) -> Iterator[Answer]:
    """The answer that a local bears the name of, and those that it is used on for."""
    raised = any(isinstance(write.value, Raised) for write in writes)
    cuts = [each for each in used_on if each.host == key and not raised]
    upstream = f"d{key[0]}" in run.upstream and not _goes_on(program.by_key[key], program)
    if upstream and not cuts and not raised:
        cuts = [UsedOn(key, 0, None)]
    first = cuts[0].start if cuts else len(writes)
    if first:
        yield _written(key, writes[:first])
    ends = [cut.start for cut in [*cuts, UsedOn(key, len(writes), None)]][1:]
    for cut, end in zip(cuts, ends, strict=True):
        if cut.value is not None and cut.start < end:
            part = _written(cut.value, writes[cut.start : end])
            yield replace(part, local=f"d{key[0]}", host=key)


def _goes_on(step: Step, program: Program) -> bool:
    """Whether forward computes more from a step."""
    return any(step.name in other.inputs for other in program)


def _written(key: Key, writes: tuple[Write, ...]) -> Answer:
    raised = [write for write in writes if isinstance(write.value, Raised)]
    last = raised[0] if raised else writes[-1]
    return Answer(key, last.value, last.node.lineno, writes, local=f"d{key[0]}")


def _keeps_numbers(last: Write, before: Write) -> bool:
    """Whether a write leaves the numbers of the one before it as they are, and in their order: it
    lays them out anew, or masks what is 0 already. What adds nothing may be meant to add, and
    what divides by 1, `2 * (dx / n)` for two, to divide."""
    match last.node:
        case ast.AugAssign(op=ast.Add() | ast.Sub()):
            return False
        case ast.Assign(value=ast.BinOp(op=ast.Add() | ast.Sub())):
            return False
        case node if any(isinstance(part, ast.Div) for part in ast.walk(node)):
            return False
        case _:
            new, old = array(last.value), array(before.value)
            if new is None or old is None or new.size != old.size:
                return False
            return np.array_equal(new.ravel(), old.ravel(), equal_nan=new.dtype.kind == "f")


def _reads(answer: Answer, known: Answers) -> frozenset[Key]:
    places = frozenset[int]().union(*(write.reads for write in answer.writes))
    owners = (owner for at in places for owner in known.written.get(at, ()) if owner is not answer)
    return frozenset(owner.key for owner in owners) - known.made_with.get(answer.key, frozenset())


def _with_reads(write: Write, seen: Write) -> Write:
    if write.reads == seen.reads and write.through == seen.through:
        return write
    return replace(write, reads=seen.reads, through=seen.through)


def _seen_through(writes: Sequence[Write], owned: frozenset[int]) -> list[Write]:
    """The writes, where reading a local that answers for no step, such as `dpre`, counts as reading
    the gradients that went into it; `owned` are the places of those that belong to an answer."""
    seen: list[Write] = []
    latest: dict[str, Write] = {}
    for write in writes:
        others = write.reads - owned
        reads = (write.reads & owned).union(*(seen[at].reads for at in others))
        numbers = {seen[at].number for at in others}
        through = write.through.union(numbers, *(seen[at].through for at in others))
        if not write.fresh and write.name in latest:
            before = latest[write.name]
            reads |= before.reads
            through |= before.through
            if before.at in owned:
                reads |= {before.at}
            else:
                through |= {before.number}
        changed = reads != write.reads or through != write.through
        seen.append(replace(write, reads=reads, through=through) if changed else write)
        latest[write.name] = seen[-1]
    return seen


def _counts(name: str, steps: int, groups: int) -> str:
    return f"{name} is bound {steps} times in forward, d{name} {groups} times in backward"


DELTA = "delta"
"""A word of its own, which begins with d."""
OVER = "_d_"
"""In `d_h_d_w`, the derivative of something else than the loss."""


def _unknown(name: str, value: Any, program: Program) -> str | None:
    """A note on a local that is the gradient of no step; None where it is a local like others."""
    if array(value) is None or not name:
        return None
    root = tree.root(name)
    if root in program.locals and _is_whole(program.locals[root]):
        return f"d{name} is not judged: {root} holds integers, which have no gradient"
    if root in program:
        return f"d{name} is not judged: {root} is one array, not a list"
    if len(root) < SLIP or root.startswith(DELTA[1:]) or OVER in root:
        return None
    near = did_you_mean(root, [n for n in program.bindings if tree.root(n) == n])
    return f"d{name} is not judged: forward has no {root}{near}" if near else None


def _is_whole(value: Any) -> bool:
    found = array(value)
    return isinstance(value, int) or (found is not None and found.dtype.kind in "iub")
