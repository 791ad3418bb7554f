"""What is computed of a whole array, and then read at a few places, is computed there only.

`np.log(probs)[rows, y]` is `np.log(probs[rows, y])`: of 27 logarithms in a row one is needed.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from byhand.compiling.dependences import accesses
from byhand.compiling.statements import Loop, Statement, Window
from byhand.compiling.storage import Storage


def at_picks(
    statements: list[Statement], storages: list[Storage], kept: Collection[int]
) -> list[Statement]:
    """The statements, of which some now read nothing but single places. It may add storages."""
    found: list[Statement] = []
    written: dict[int, list[int]] = {}
    read: dict[int, int] = {}
    for at, statement in enumerate(statements):
        for window, writing in accesses(statement):
            if writing:
                written.setdefault(window.storage, []).append(at)
            else:
                read[window.storage] = read.get(window.storage, 0) + 1
    for at, statement in enumerate(statements):
        if isinstance(statement, Loop):
            for source in statement.sources:
                if not isinstance(source, Window) or not source.picks:
                    continue
                once = read[source.storage] == len(written.get(source.storage, ())) == 1
                if not once or source.storage in kept:
                    continue
                (start,) = written[source.storage]
                there = _there(statements[start], statement, source, storages)
                if there is None or _changed(there, written, start, at):
                    continue
                found.append(there)
                sources = tuple(there.target if s == source else s for s in statement.sources)
                statement = replace(statement, sources=sources)
        found.append(statement)
    return found


def _there(computed: Statement, reading: Loop, at: Window, storages: list[Storage]) -> Loop | None:
    """`computed` at the places only where `reading` reads it; None where that is no gain, or not
    known."""
    if not isinstance(computed, Loop) or computed.combine != "set":
        return None
    target = computed.target
    windows = [target, *(s for s in computed.sources if isinstance(s, Window))]
    if any(w.picks for w in windows) or at.offset != target.offset:
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
    base = np.empty(reading.shape, storages[target.storage].dtype)
    storages.append(Storage(len(storages), base, constant=False))
    return replace(computed, shape=reading.shape, target=storages[-1].window(base), sources=sources)


def _moved(source: Window, at: Window, axes: Mapping[int, int]) -> Window:
    """A window on what an array is computed from, at the places where that array is read."""
    strides = tuple(source.strides[axes[s]] if s else 0 for s in at.strides)
    picks = [replace(pick, stride=source.strides[axes[pick.stride]]) for pick in at.picks]
    return replace(source, strides=strides, picks=tuple(p for p in picks if p.stride))


def _changed(there: Loop, written: Mapping[int, list[int]], start: int, end: int) -> bool:
    """Whether what it reads is another by the time it is read."""
    return any(start < at < end for window in there.reads for at in written.get(window.storage, ()))
