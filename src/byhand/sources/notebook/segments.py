"""Gradients that are answered together. A second answer of the same name begins a new segment."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from byhand.sources.flow import binds, reads, touches
from byhand.sources.names import base_of
from byhand.sources.notebook.forward import is_loss
from byhand.sources.notebook.gradients import is_autograds, starts_anew
from byhand.sources.notebook.script import Segment
from byhand.sources.notebook.training import trains

_AGAIN = re.compile(r"_?(fast|new|manual|closed|direct|alt|v2|2)$")


def segments_of(
    statements: Sequence[ast.stmt],
    answered: Mapping[int, Collection[str]],
    forward: Sequence[int],
    loss: str,
    parameters: Collection[str],
) -> list[Segment]:
    inside = {name for i in forward for name in touches(statements[i])}
    times = {n: sum(n in binds(statements[i]) for i in forward) for n in inside}
    known = inside | {*parameters} | {n for i in forward for n in reads(statements[i])}
    steps = [statements[i] for i in forward]
    users = {name: _users(name, steps) - {loss} for name in known}
    groups: list[list[int]] = []
    fresh: dict[str, int] = {}
    paths: dict[str, set[str]] = {}
    for i, names in answered.items():
        if i < min(forward) or not {*names} & known:
            continue
        node = statements[i]
        again = [n for n in names if starts_anew(node, n) and fresh.get(n, 0) >= times.get(n, 1)]
        by = {n: _paths(node, n, users) for n in names}
        rest = all(by[n] and paths.get(n) and not by[n] & paths[n] for n in again)
        if again and groups and _is_redone(statements, groups[-1], i, answered, by, paths, users):
            groups[-1] = [k for k in groups[-1] if answered[k] != names]
            again = []
        anew = again and not rest and not _reads_own(node, again)
        if (
            not groups
            or anew
            or _has_its_own_loss(statements, groups[-1], i, answered, loss, inside)
        ):
            groups.append([])
            fresh, paths = {}, {}
        for name in names:
            fresh[name] = fresh.get(name, 0) + starts_anew(node, name)
            paths[name] = paths.get(name, set()) | by[name]
        groups[-1].append(i)
    found: list[Segment] = []
    for number, places in enumerate(groups):
        first, after = number == 0, max(forward)
        found += _of_group(statements, places, answered, known, inside, loss, first, after)
    made = [_without_beside(each, answered, steps, loss) for each in found]
    return [each for each in made if each is not None]


def _without_beside(
    segment: Segment,
    answered: Mapping[int, Collection[str]],
    forward: Sequence[ast.stmt],
    loss: str,
) -> Segment | None:
    """A segment without the answers whose names go to the loss also beside what it starts from, as
    weights that the loss adds up: what comes back there isn't given."""
    if not segment.given:
        return segment
    beside = {n for n in segment.answers if _goes_to(loss, n, segment.given, forward)}
    places = tuple(i for i in segment.places if not beside & {*answered[i]})
    answers = tuple(name for name in segment.answers if name not in beside)
    return replace(segment, places=places, answers=answers) if places else None


def _goes_to(loss: str, name: str, given: Collection[str], forward: Sequence[ast.stmt]) -> bool:
    """Whether the loss depends on a name otherwise than by way of what is given."""
    reached = {name}
    for node in forward:
        if reads(node) & reached:
            reached |= touches(node) - {*given}
    return loss in reached


def _users(name: str, forward: Sequence[ast.stmt]) -> set[str]:
    """What forward computes of a name: each is a path on which its gradient comes back."""
    return {user for node in forward if name in reads(node) for user in touches(node)} - {name}


def _paths(node: ast.stmt, name: str, users: Mapping[str, Collection[str]]) -> set[str]:
    """The paths to a name that a statement adds: those by way of whose gradients it reads. `dcounts
    = ...` for one path and below it for another is no second answer: `+=` was forgotten."""
    known = users.get(name, ())
    return {base for each in reads(node) if (base := base_of(each)) is not None and base in known}


def _is_redone(
    statements: Sequence[ast.stmt],
    places: Sequence[int],
    place: int,
    answered: Mapping[int, Collection[str]],
    by: Mapping[str, set[str]],
    paths: Mapping[str, set[str]],
    users: Mapping[str, Collection[str]],
) -> bool:
    """Whether a gradient that was left half finished is begun once more, before anything read it:
    that is no second answer."""
    last = max((k for k in places if answered[k] == answered[place]), default=None)
    if last is None or not all(
        by[n] and by[n] <= paths.get(n, set()) < {*users[n]} for n in answered[place]
    ):
        return False
    mine = binds(statements[last])
    between = statements[last + 1 : place]
    return not any(mine & reads(node) for node in between if not isinstance(node, ast.Expr))


def _has_its_own_loss(
    statements: Sequence[ast.stmt],
    places: Sequence[int],
    place: int,
    answered: Mapping[int, Collection[str]],
    loss: str,
    inside: Collection[str],
) -> bool:
    """Whether another loss is computed between gradients and those from a place on, none of which
    reads one of these: as the loss of a generator, below the gradients of the discriminator."""
    between = statements[places[-1] + 1 : place]
    losses = {n for node in between if reads(node) for n in binds(node) if is_loss(n, statements)}
    if all(name in inside or stands_for(name) == loss for name in losses):
        return False
    above = {name for i in places for name in touches(statements[i])}
    above = {name for name in above if base_of(name) is not None}
    for i in (i for i in sorted(answered) if i >= place):
        if reads(statements[i]) & above:
            return False
        above -= binds(statements[i])
    return True


def _reads_own(node: ast.stmt, names: Collection[str]) -> bool:
    return any(base_of(name) in names for name in reads(node))


def _of_group(
    statements: Sequence[ast.stmt],
    places: Sequence[int],
    answered: Mapping[int, Collection[str]],
    known: Collection[str],
    inside: Collection[str],
    loss: str,
    first: bool,
    after: int,
) -> list[Segment]:
    """The segments of a group: what starts from gradients that aren't computed in it is its own."""
    from_loss = is_loss(loss, statements)
    written: dict[int, set[str]] = {}
    starts: dict[str, set[str]] = {}
    for i in places:
        node = statements[i]
        if is_autograds(node):
            continue  # PyTorch's own gradient: taken, not judged
        written[i] = {name for name in touches(node) if base_of(name) in known}
        for name in written[i]:
            starts.setdefault(name, set())
    for _ in written:  # until it is known of all, whatever their order
        for i, mine in written.items():
            given: set[str] = set()
            for name in _read_by_way(statements, i, known, after):
                base = base_of(name)
                if name in starts:
                    given |= starts[name]
                elif base is not None and base in inside and (base != loss or not from_loss):
                    given.add(base)
            for name in mine:
                starts[name] |= given
    lists: dict[tuple[str, ...], list[int]] = {}
    for i, mine in written.items():
        key = set[str]().union(*(starts[name] for name in mine))
        lists.setdefault(tuple(sorted(key)), []).append(i)
    found: list[Segment] = []
    for outputs, some in lists.items():
        names = dict.fromkeys(n for i in some for n in sorted(answered[i]) if n in known)
        anew = None
        if not first or outputs:
            anew = _anew(statements, some[0], outputs or (loss,))
        found.append(Segment(tuple(some), tuple(names), outputs, anew))
    return found


def _read_by_way(
    statements: Sequence[ast.stmt], place: int, known: Collection[str], after: int
) -> set[str]:
    """The names that a statement reads, and those that are read by what makes them for it below
    forward, which ends at `after`; but for gradients of what is `known`."""
    found: set[str] = set()
    todo = [(name, place) for name in reads(statements[place])]
    while todo:
        name, before = todo.pop()
        if name in found:
            continue
        found.add(name)
        for i in reversed(range(after + 1, before)) if base_of(name) not in known else ():
            node = statements[i]
            if name in touches(node) and not trains(node):
                todo += [(each, i) for each in reads(node)]
                break
    return found


def _anew(statements: Sequence[ast.stmt], before: int, outputs: Sequence[str]) -> int | None:
    """The last statement that computes an output another way, such as loss_fast."""
    for i in reversed(range(before)):
        node = statements[i]
        if isinstance(node, ast.Assign):
            for name in binds(node):
                if name not in outputs and stands_for(name) in outputs:
                    return i
    return None


def stands_for(name: str) -> str:
    """What is computed anew by this name: `loss` for loss_fast."""
    return _AGAIN.sub("", name)
