"""One slip behind several roots: in a local that all of them need, and that answers for nothing.

    g = 1 - sigmoid(u @ v)        the slip
    du = g[:, None] * v
    dv = g @ u

Each could be mended in its own line, too: by a sign there, and another one there. But one slip is
likelier than several that come to the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from byhand.checking.judging.evidence import Evidence
from byhand.checking.judging.replay import Edits
from byhand.checking.judging.rounds import ROUNDS, rows_of
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import only_counts
from byhand.checking.running.names import touched_names
from byhand.referees.referee import Key


@dataclass(frozen=True, eq=False)
class Shared:
    """The roots `keys`, all of which need the same `statements`, the nearest first: none of these
    writes a gradient. `suspect` is all of them at once, so that what mends it mends each."""

    keys: tuple[Key, ...]
    statements: tuple[ast.stmt, ...]
    suspect: Suspect


def shared(suspects: Mapping[Key, Suspect]) -> Iterator[Shared]:
    """The groups of roots that need the same locals, the largest first."""
    needing: dict[ast.stmt, list[Key]] = {}
    for key, suspect in suspects.items():
        for statement in suspect.statements:
            needing.setdefault(statement, []).append(key)
    writing = {
        write.node
        for suspect in suspects.values()
        for answer in suspect.first.trial.answers.found
        for write in answer.writes
    }
    sizes = (e for e, keys in needing.items() if only_counts(e, suspects[keys[0]].function))
    apart = {*writing, *sizes}
    groups = {tuple(keys) for each, keys in needing.items() if each not in apart}
    for group in sorted(groups, key=len, reverse=True):
        if len({_own(suspects[key]) for key in group}) < 2:
            continue  # a definition in a loop is one, however often it runs
        first = suspects[group[0]]
        statements = tuple(
            each for each in first.statements if each not in apart and {*group} <= {*needing[each]}
        )
        evidence = tuple(chain.from_iterable(suspects[key].evidence for key in group))
        yield Shared(group, statements, Suspect(evidence, first.effort, statements, True))


def _own(suspect: Suspect) -> frozenset[ast.stmt]:
    return frozenset(write.node for write in suspect.answer.writes)


@dataclass(frozen=True, eq=False)
class Meant:
    """A local that isn't the gradient which all that reads it takes it for: that of `value`, in
    words. `statement` makes it last; `holds` is a step that uses the value, if it is the gradient
    of that."""

    local: str
    value: str
    statement: ast.stmt
    holds: str | None


def meant(group: Shared) -> Meant | None:
    """The first local that isn't what all that reads it takes it for."""
    seen = set[str]()
    needed_elsewhere = {*group.statements} - {*group.suspect.doubtful}  # by what is right
    for statement in (each for each in group.statements if each not in needed_elsewhere):
        made = [name for name, rebinds in touched_names(statement).items() if rebinds is not None]
        for local in made:
            if local in seen:
                continue
            seen.add(local)
            for key in group.suspect.first.paths.between:
                if all(_holding(found, statement, local, key) for found in group.suspect.evidence):
                    return Meant(local, key[0], statement, _held(group, statement, local, key))
            for name, tensor in group.suspect.first.paths.unnamed.items():
                edits = _assigned(statement, local, name)
                if all(found.becomes_right(edits) for found in group.suspect.evidence):
                    steps = ", ".join(group.suspect.program.owners[tensor])
                    return Meant(local, f"a value in {steps} that has no name", statement, None)
    return _meant_in_rounds(group)


def _meant_in_rounds(group: Shared) -> Meant | None:
    """The first local of a loop that isn't, in each of its rounds, what all that reads it takes it
    for: the gradient of another value of those that forward makes one after the other."""
    evidence = [replace(found, in_rows=True) for found in group.suspect.evidence]
    for statement in group.suspect.doubtful:
        for local, rebinds in touched_names(statement).items():
            if rebinds is None or statement not in group.statements:
                continue
            for name in group.suspect.first.paths.rows:
                edits = _assigned(statement, local, name)
                if all(found.becomes_right(edits) for found in evidence):
                    return Meant(local, rows_of(group.suspect.program)[name].name, statement, None)
    return None


def _held(group: Shared, statement: ast.stmt, local: str, key: Key) -> str | None:
    """The step right after one whose gradient a local holds in place of that one's."""
    program, evidence = group.suspect.program, group.suspect.evidence
    for other in group.suspect.first.paths.between:
        if key[0] in program.by_key[other].inputs and all(
            (edits := _incoming(found, statement, local, other)) is not None
            and found.gives(found.tried(edits))
            for found in evidence
        ):
            return other[0]
    return None


def _holding(found: Evidence, statement: ast.stmt, local: str, key: Key) -> bool:
    """Whether a definition is right where a local holds the gradient of a step."""
    edits = _incoming(found, statement, local, key)
    return edits is not None and found.becomes_right(edits)


def _incoming(found: Evidence, statement: ast.stmt, local: str, key: Key) -> Edits | None:
    """A local that holds the gradient of a step; None where that isn't jumped over."""
    between = found.paths.between
    if key not in between:
        return None
    return _assigned(statement, local, f"__incoming_{between.index(key)}")


def _assigned(statement: ast.stmt, local: str, gradient: str) -> Edits:
    """A local that holds a gradient, in the place of a statement: in the shape that it has there,
    such as flat rows. Of a row of gradients it is the last that isn't taken yet."""
    value: ast.expr = ast.Name(gradient, ast.Load())
    match statement:
        case _ if gradient.startswith(ROUNDS):
            value = ast.Call(ast.Attribute(value, "pop", ast.Load()), [], [])
        case ast.Assign(targets=[ast.Name(id=name)], value=held) if name == local:
            shape = ast.Attribute(held, "shape", ast.Load())
            value = ast.Call(ast.Attribute(value, "reshape", ast.Load()), [shape], [])
        case _:
            pass
    return {statement: ast.fix_missing_locations(ast.Assign([ast.Name(local, ast.Store())], value))}
