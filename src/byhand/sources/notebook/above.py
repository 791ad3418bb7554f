"""What stands above the first value whose gradient is answered, where gradients go on to it.

    acts = [X]
    for W in Ws:
        acts.append(np.tanh(acts[-1] @ W))
    A = scale * acts[-1]
    ...
    dscale = (dA * acts[-1]).sum()
    dA *= scale

Of these gradients dscale is judged alone, and A is all that forward would be. By its last line dA
is the gradient of what is above: with that as a part of forward it can be told.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from byhand.program.statements import Namespace
from byhand.sources.flow import binds, reads, touches
from byhand.sources.names import base_of
from byhand.sources.notebook.script import Script, Segment
from byhand.values import tree
from byhand.values.held import float_array


def places_above(found: Script, segment: Segment, space: Namespace) -> list[int]:
    """The places of the statements above forward that compute what the gradients go on to which a
    segment changes once more. What draws is none of them: it stays a value."""
    statements = found.statements
    inside = found.bound(found.forward)
    above: set[str] = set()
    for name in _changed_again([statements[i] for i in segment.places], segment.answers):
        made = [i for i in found.forward if name in binds(statements[i])]
        above |= {*reads(statements[made[-1]])} - inside if made else {name}
    places: set[int] = set()
    for name in above:
        own = [i for i in found.setting if name in touches(statements[i])]
        nodes = [statements[i] for i in own]
        read = {each for node in nodes for each in reads(node)} - {name}
        if any(_holds_floats(space.get(each)) for each in read) and not _draws(nodes, space):
            places |= {*own}
    return sorted(places)


def _changed_again(nodes: Sequence[ast.stmt], answers: Sequence[str]) -> set[str]:
    """The names of these whose gradients are made of themselves: `dA *= scale`, `dh[h < 0] = 0`."""
    return {
        base
        for node in nodes
        for name in touches(node)
        if (base := base_of(name)) is not None and base in answers
        if name in reads(node) or name not in binds(node)
    }


def _holds_floats(value: Any) -> bool:
    """Whether it is an array of floats, or a list or dict of such."""
    return any(float_array(leaf) is not None for _, leaf in tree.leaves([value]))


def _draws(nodes: Sequence[ast.stmt], space: Namespace) -> bool:
    """Whether any of the statements draws at random, and gives something else each time."""
    return any(
        (isinstance(part, ast.Attribute) and part.attr == "random")
        or (isinstance(part, ast.Name) and _is_generator(space.get(part.id)))
        for node in nodes
        for part in ast.walk(node)
    )


def _is_generator(value: Any) -> bool:
    return isinstance(value, np.random.Generator | np.random.RandomState)
