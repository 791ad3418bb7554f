"""Which statements belong to a segment: its part of forward, its backward, what stands before."""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Collection, Sequence

from byhand.sources.flow import (
    binds,
    changes,
    is_plain,
    needed,
    needed_among,
    read_in_turn,
    reads,
    touches,
)
from byhand.sources.intermediates import Renames
from byhand.sources.names import base_of
from byhand.sources.notebook.gradients import without_gradients
from byhand.sources.notebook.script import Script, Segment
from byhand.sources.notebook.segments import stands_for
from byhand.sources.notebook.training import trains


def setting_of(found: Script) -> list[int]:
    """The places of what must be run: what forward needs, and what the gradients need besides."""
    places = set(found.setting)
    inside = found.bound(found.forward) | found.parameters
    usable = without_gradients(found.statements, found.gradients)
    for segment in found.segments:
        backward = backward_places(found, segment)
        own = sorted(backward if segment.anew is None else [*backward, segment.anew])
        wanted = {*read_in_turn([found.statements[i] for i in own])} - inside
        above = [
            i for i in usable if i <= max(own) and i not in found.forward and i not in backward
        ]
        places |= {*needed_among(found.statements, above, wanted)}
    return sorted(places | {i for some in from_below(found).values() for i in some})


def from_below(found: Script) -> dict[str, list[int]]:
    """The names that are only bound below what reads them, as in cells that were run in another
    order, with the places of the statements that bind them and change nothing else."""
    end = max(i for segment in found.segments for i in segment.places)
    above = {name for node in found.statements[: end + 1] for name in binds(node)} | {
        *dir(builtins)
    }
    own = {*found.forward, *(i for each in found.segments for i in backward_places(found, each))}
    missing = {name for i in own for name in reads(found.statements[i])} - above
    usable = without_gradients(found.statements, found.gradients)
    taken: dict[str, list[int]] = {}
    for name in sorted(missing):
        below = [i for i in usable if i > end and name in binds(found.statements[i])]
        if below and is_plain(found.statements[below[0]]):
            chain = needed_among(found.statements, [i for i in usable if i <= below[0]], {name})
            fresh = [i for i in chain if i > end]
            if not any(
                (binds(n) | changes(n)) & above for n in (found.statements[i] for i in fresh)
            ):
                taken[name] = fresh
    return taken


def unfounded(found: Script, segment: Segment) -> list[str]:
    """The gradients that a segment starts from and that nothing above it computes, nor leaves to be
    computed, as None."""
    written = {**found.written.answers, **found.written.empty}
    above = {name for i, some in written.items() if i < segment.places[0] for name in some}
    return [f"d{name}" for name in segment.given if name not in above]


def backward_places(found: Script, segment: Segment) -> list[int]:
    """The statements of a segment's backward: those that write gradients, and what those need that
    is computed from forward's values."""
    inside = found.bound(found.forward) | found.parameters
    end = max(segment.places)
    written = {name for i in found.gradients for name in touches(found.statements[i])}
    tainted = inside | _held(found) | {name for name in written if base_of(name) in inside}
    helpers: dict[int, set[str]] = {}
    for i in range(end):
        node = found.statements[i]
        if i in found.chain or i in found.gradients or not reads(node) & tainted or trains(node):
            continue
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        if _is_step_of_others(i, found, segment):
            continue
        new = {name for name in touches(node) if name not in inside}
        new = {name for name in new if base_of(name) not in inside}
        if i > max(found.forward):  # `probs[range(n), y] -= 1`: the gradient is made in its place
            new |= changes(node) & inside
        if new:
            tainted |= new
            helpers[i] = new
    places: list[int] = []
    wanted: set[str] = set()
    for i in range(end, -1, -1):
        helps = i != segment.anew and bool(helpers.get(i, set[str]()) & wanted)
        if i in segment.places or helps:
            places.append(i)
            if is_plain(found.statements[i]):
                wanted -= binds(found.statements[i])
            wanted |= reads(found.statements[i])
    return places[::-1]


def steps_of_others(found: Script, segment: Segment) -> list[int]:
    """The places of the steps that are taken above a segment with gradients that aren't its own, of
    what it reads: it is judged as if they stood below."""
    read = {n for i in backward_places(found, segment) for n in reads(found.statements[i])}
    between = range(max(found.forward) + 1, max(segment.places))
    return [
        i
        for i in between
        if i not in found.gradients and changes(found.statements[i]) & read
        if _is_step_of_others(i, found, segment)
    ]


def _is_step_of_others(place: int, found: Script, segment: Segment) -> bool:
    """Whether a statement changes what forward reads by gradients as another segment gave them."""
    if not changes(found.statements[place]) & found.known:
        return False
    read = {name for name in reads(found.statements[place]) if base_of(name) in found.known}
    gave = {
        name: i
        for i in sorted(found.written.answers)
        for name in touches(found.statements[i])
        if i < place
    }
    return any(name in gave and gave[name] not in segment.places for name in read)


def _held(found: Script) -> set[str]:
    """The values that forward reads of its setting: what is made of them is made anew with them."""
    read = {name for i in found.forward for name in reads(found.statements[i])}
    nodes = [found.statements[i] for i in found.setting]
    return read & {name for node in nodes if isinstance(node, ast.Assign) for name in binds(node)}


def forward_part(
    found: Script,
    segment: Segment,
    answers: Collection[str],
    wanted: Collection[str],
    outputs: Sequence[str],
) -> list[ast.stmt]:
    """The part of forward that goes from a segment's answers to its outputs."""
    statements = found.statements
    after = {*answers} & found.parameters
    kept: list[tuple[ast.stmt, ast.stmt]] = []
    for i in found.forward:
        node = statements[i]
        if reads(node) & after:
            after |= touches(node)
        elif binds(node) & {*answers}:
            after |= binds(node)  # forward begins with this one
            continue
        kept.append((copy.deepcopy(node), node))
    if segment.anew is not None:
        node = statements[segment.anew]
        name = next(name for name in binds(node) if stands_for(name) in outputs)
        output = stands_for(name)
        kept = [(new, old) for new, old in kept if output not in binds(old)]
        fresh = Renames({name: output}).visit(copy.deepcopy(node))
        kept.append((fresh, fresh))
    tainted = {*answers}
    chosen: list[ast.stmt] = []
    for new, old in kept:
        if reads(old) & tainted:
            chosen.append(new)
            tainted |= touches(old)
    return [chosen[i] for i in needed(chosen, {*wanted} | {*outputs})]
