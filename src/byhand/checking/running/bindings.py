"""A name's writes in backward, in groups: one for each binding that it has in forward."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from byhand.checking.running.backward_run import BackwardRun, Write
from byhand.program.expressions import added_terms, is_name
from byhand.values.held import array, unchanged

if TYPE_CHECKING:  # a submission that is graded runs without the engine
    from byhand.engine.tensor import Tensor
    from byhand.program.program import Program, Step


def by_name(program: Program, writes: Sequence[Write]) -> dict[str, list[Write]]:
    """The writes of each name. An array `dhs` answers for a list `hs`, item by item."""
    found: dict[str, list[Write]] = {}
    for write in writes:
        items = [name for name in program.bindings if name.startswith(f"{write.name}[")]
        value = array(write.value)
        if write.name not in program and items and value is not None and value.ndim:
            for name in items:
                i = name[len(write.name) + 1 : -1]
                if i.isdigit() and int(i) < len(value):
                    item = replace(write, name=name, value=write.value[int(i)])
                    before = found.setdefault(name, [])
                    if not before or write.fresh or not unchanged(item.value, before[-1].value):
                        before.append(item)
        else:
            found.setdefault(write.name, []).append(write)
    return {name: _said(_since_it_came(of_it)) for name, of_it in found.items()}


def _since_it_came(writes: list[Write]) -> list[Write]:
    """The writes of an item of a list since it came to its place: what stood there before was
    another's."""
    last = max((i for i, write in enumerate(writes) if write.moved), default=0)
    return writes[last:]


def _said(writes: list[Write]) -> list[Write]:
    """The writes of a name but for those of None, which only keep its place: `dx, x = None, cache`
    says nothing of a gradient. Where nothing else is written, None is the answer."""
    return [write for write in writes if write.value is not None] or writes


def grouped(writes: list[Write], wanted: int) -> list[tuple[Write, ...]]:
    """The writes in groups, one for each binding of the name.

    A fresh array starts a group. Where that gives more groups than wanted, `dh = dh + ...` is taken
    for an addition, and then an array of zeros for room to add to.
    """
    starts = [i for i, write in enumerate(writes) if write.fresh or i == 0]
    if len(starts) > wanted:
        starts = [i for i in starts if i == 0 or not _adds_to_itself(writes[i])]
    if len(starts) > wanted:
        rooms = {a for a, b in pairwise(starts) if b == a + 1 and _zeros(writes[a])}
        starts = [i for i in starts if i - 1 not in rooms or i == 0]
    ends = [*starts[1:], len(writes)]
    return [tuple(writes[a:b]) for a, b in zip(starts, ends, strict=True)]


def by_round(
    steps: Sequence[Step], writes: Sequence[Write], run: BackwardRun
) -> list[tuple[int, tuple[Write, ...]]]:
    """The writes of a name that backward binds once where forward binds it on several lines, with
    the binding that they stand beside: the last one, of each round of a loop that both go through,

        s = q[i] @ k[i].T
        s = s / np.sqrt(d)
    """
    given = next((i for i, step in enumerate(steps) if step.line is not None), 0)
    given += starts_with_another(steps[given:]) and len(steps) > 1
    lines = [step.line for step in steps[given:]]
    once = len({*lines})
    rounds = len(lines) // once if once else 1
    groups = grouped([*writes], rounds)
    if rounds < 2 or lines != lines[:once] * rounds or len(groups) != rounds:
        return [(len(steps) - 1, tuple(writes))]
    last = range(given + once - 1, len(steps), once)
    ordered = in_order([steps[i] for i in last], groups, run)
    return [*zip(last if ordered else reversed(last), groups, strict=True)]


def _adds_to_itself(write: Write) -> bool:
    match write.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return any(is_name(t, name) for t in added_terms(value))
        case _:
            return False


def _zeros(write: Write) -> bool:
    """Whether it is zero whatever the gradients are: one that was made of others may be so where no
    unit of a relu lets anything through."""
    value = array(write.value)
    return value is not None and not write.reads and not np.any(value)


def starts_with_another(steps: Sequence[Step]) -> bool:
    """Whether a name is bound first to what was given, or is no result: `h = h0` before a loop."""
    return steps[0].line is not None and steps[0].is_another


def begins_after(
    steps: Sequence[Step], groups: Sequence[tuple[Write, ...]], run: BackwardRun
) -> bool:
    """Whether the first group is the gradient of what the last round of forward's loop leaves:
    that has no such name, which is bound as each round begins, as in `h = hs[-1]`."""
    if len(groups) != len(steps) + 1 or run.function is None:
        return False
    (line, *more) = {step.line for step in steps}
    if line is None or more or not all(step.is_another for step in steps):
        return False
    loops = (node for node in run.function.nodes if isinstance(node, (ast.For, ast.While)))
    inside = {node for loop in loops for node in ast.walk(loop)}
    begins, *rounds = ({write.node for write in group} for group in groups)
    return inside.isdisjoint(begins) and all(nodes <= inside for nodes in rounds)


def are_of_the_next_round(
    steps: Sequence[Step], groups: Sequence[tuple[Write, ...]], run: BackwardRun
) -> bool:
    """Whether each group is the gradient of what its round of forward's loop leaves, which has the
    name when the next round begins: of

        h = hs[-1]
        hs.append(np.tanh(x @ W + h @ U))

    backward's `dh = dhs[t] + dh_next` is made of what comes back to the round, and read in it.
    """
    if len(groups) != len(steps) or run.function is None or steps[0].line is None:
        return False
    nodes = {tuple(write.node for write in group) for group in groups}
    if len({step.line for step in steps}) > 1 or not _is_last_item(steps[0].source):
        return False
    loops = (node for node in run.function.nodes if isinstance(node, (ast.For, ast.While)))
    inside = {node for loop in loops for node in ast.walk(loop)}
    if len(nodes) > 1 or not inside.issuperset(next(iter(nodes))):
        return False
    return all(_is_read_in_its_round(group, run) for group in groups)


_LAST_ITEM = re.compile(r"\w+ = [\w.]+\[-1\]$")


def _is_last_item(source: str) -> bool:
    """Whether a statement takes up what the round before left: `h = self.hs[-1]`."""
    return bool(_LAST_ITEM.match(source.strip()))


def _is_read_in_its_round(group: Sequence[Write], run: BackwardRun) -> bool:
    """Whether a gradient of another name is made of it further down in the same round."""
    first, *_, last = (group[0], *group)
    later = [w for w in run.writes if w.number > last.number]
    next_round = next((w.number for w in later if w.node is first.node), None)
    return any(
        last.at in w.reads and w.name != last.name and w.line > last.line
        for w in later
        if next_round is None or w.number < next_round
    )


def leaves_one_more(
    steps: Sequence[Step], groups: Sequence[tuple[Write, ...]], run: BackwardRun
) -> bool:
    """Whether the last group is what the last round of backward's loop leaves and nothing reads:
    the `dZ` that would go on to a layer below the first, as those before did to theirs."""
    if len(groups) != len(steps) + 1 or len(steps) < 2 or steps[0].line is None:
        return False
    *before, last = groups
    left, read = {write.at for write in last}, set[int]().union(*(w.reads for w in run.writes))
    same = {write.node for write in before[-1]} == {write.node for write in last}
    return same and read.isdisjoint(left)


def in_order(steps: Sequence[Step], groups: Sequence[tuple[Write, ...]], run: BackwardRun) -> bool:
    """Whether backward goes through the rounds of a loop from the first to the last, where no round
    of forward uses what another computed."""
    nodes = {tuple(write.node for write in group) for group in groups}
    if len(steps) < 2 or len(nodes) > 1 or run.function is None:
        return False
    (first, *_) = groups[0]
    loops = (node for node in run.function.nodes if isinstance(node, ast.For))
    inside = [loop for loop in loops if any(part is first.node for part in ast.walk(loop))]
    turned = re.compile(r"reversed\(|::-|, -1\)")
    if not inside or any(turned.search(ast.unparse(loop.iter)) for loop in inside):
        return False
    return not _uses(steps[1].tensor, steps[0].tensor)


def _uses(tensor: Tensor, other: Tensor) -> bool:
    """Whether a value was computed from another."""
    open_ends, seen = [tensor], set[int]()
    while open_ends:
        now = open_ends.pop()
        if now is other:
            return True
        if id(now) not in seen:
            seen.add(id(now))
            open_ends += [arg for arg in now.args if hasattr(arg, "args")]
    return False
