"""What is computed of a whole array, and then read at a few places, is computed there only.

`np.log(probs)[rows, y]` is `np.log(probs[rows, y])`: of 27 logarithms in a row one is needed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from byhand.compiling.buffer import Buffer
from byhand.compiling.dependences import accesses
from byhand.compiling.statements import Loop, Statement, Window


def at_picks(
    statements: list[Statement], buffers: list[Buffer], kept: Collection[int]
) -> list[Statement]:
    """The statements, of which some now read nothing but single places. It may add buffers."""
    written: dict[int, list[int]] = {}
    read: Counter[int] = Counter()
    for at, statement in enumerate(statements):
        for view, writing in accesses(statement):
            if writing:
                written.setdefault(view.buffer, []).append(at)
            else:
                read[view.buffer] += 1
    found: list[Statement] = []
    for at, statement in enumerate(statements):
        for source in _picked(statement):
            starts = written.get(source.buffer, [])
            if source.buffer in kept or not read[source.buffer] == len(starts) == 1:
                continue
            there = _there(statements[starts[0]], statement, source, buffers)
            if there is not None and not _changed(there, written, starts[0], at):
                found.append(there)
                statement = _reading(statement, source, there.target)
        found.append(statement)
    return found


def _picked(statement: Statement) -> list[Window]:
    """What a loop reads at places that an index array says."""
    sources = statement.sources if isinstance(statement, Loop) else ()
    return [source for source in sources if isinstance(source, Window) and source.picks]


def _reading(loop: Statement, source: Window, instead: Window) -> Statement:
    assert isinstance(loop, Loop)
    return replace(loop, sources=tuple(instead if s == source else s for s in loop.sources))


def _there(
    computed: Statement, reading: Statement, at: Window, buffers: list[Buffer]
) -> Loop | None:
    """`computed` at the places only where `reading` reads it; None where that is no gain, or not
    known."""
    if not isinstance(computed, Loop) or not isinstance(reading, Loop):
        return None
    if computed.combine != "set":
        return None
    target = computed.target
    views = [target, *(s for s in computed.sources if isinstance(s, Window))]
    if any(w.picks for w in views) or at.offset != target.offset:
        return None
    if math.prod(reading.shape) >= math.prod(computed.shape):
        return None
    axes = {stride: axis for axis, stride in enumerate(target.strides) if stride}
    steps = [*(s for s in at.strides if s), *(pick.stride for pick in at.picks)]
    if len(set(steps)) < len(steps) or not set(steps) <= set(axes):
        return None
    sources = tuple(_moved(s, at, axes) if isinstance(s, Window) else s for s in computed.sources)
    if not any(isinstance(s, Window) and len(s.picks) == len(at.picks) for s in sources):
        return None  # an index out of bounds would go unseen
    base = np.empty(reading.shape, buffers[target.buffer].dtype)
    buffers.append(Buffer(len(buffers), base, constant=False))
    return replace(computed, shape=reading.shape, target=buffers[-1].view(base), sources=sources)


def _moved(source: Window, at: Window, axes: Mapping[int, int]) -> Window:
    """A view on what an array is computed from, at the places where that array is read."""
    strides = tuple(source.strides[axes[s]] if s else 0 for s in at.strides)
    picks = [replace(pick, stride=source.strides[axes[pick.stride]]) for pick in at.picks]
    return replace(source, strides=strides, picks=tuple(p for p in picks if p.stride))


def _changed(there: Loop, written: Mapping[int, list[int]], start: int, end: int) -> bool:
    """Whether what it reads is another by the time it is read."""
    return any(start < at < end for view in there.reads for at in written.get(view.buffer, ()))
