"""The inputs of a notebook's problems: the values that it had, and fewer rows of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from byhand.program.problem import Inputs
from byhand.program.statements import Namespace
from byhand.sources.flow import binds, reads
from byhand.sources.names import base_of
from byhand.sources.notebook.script import Script, Segment
from byhand.values import tree
from byhand.values.held import array, as_number, detached, float_array


def inputs_of(
    body: Sequence[ast.stmt],
    space: Namespace,
    found: Script,
    segment: Segment,
    backward: Sequence[int],
    outputs: Sequence[str],
) -> Inputs:
    """What forward, or backward, reads and doesn't make: arrays, as they are in the notebook, and
    dicts and lists of them whose gradients are answered."""
    made: set[str] = set()
    read: dict[str, None] = {}
    for node in body:
        for name in sorted(reads(node)):
            if name not in made:
                read[name] = None
        made |= binds(node)
    for i in backward:
        node = found.statements[i]
        for name in sorted(reads(node)):
            if name not in made:
                read.setdefault(name)
        made |= binds(node)
    held = {name: space[name] for name in read if name in space}
    held |= {name: as_number(held[name]) for name in segment.answers if name in held}  # `b = 0`
    return {
        name: tree.map(detached, value)
        for name, value in held.items()
        if array(value) is not None or (name in segment.answers and _is_of_arrays(value))
        if base_of(name) not in made
    }


def _is_of_arrays(value: object) -> bool:
    """Whether it is a dict or a list that holds floats, and nothing else."""
    held = [leaf for _, leaf in tree.leaves(value)] if isinstance(value, dict | list) else []
    return bool(held) and all(float_array(leaf) is not None for leaf in held)


def linked(found: Script, inputs: Inputs) -> list[str]:
    """The integers of which another input was made, such as one-hot rows of labels."""
    floats = {name for name, value in inputs.items() if float_array(value) is not None}
    nodes = [found.statements[i] for i in found.setting]
    return [
        name
        for name in inputs
        if name not in floats
        and any(name in reads(node) and binds(node) & floats for node in nodes)
    ]


def drawing(inputs: Inputs, counts: Mapping[str, int], rows: int | None) -> Callable[..., Inputs]:
    """The notebook's values, and fewer rows where only arrays of rows have that size. `counts` are
    the names for the number of rows.

    Nothing is drawn anew: labels and what was made of them, such as one-hot rows, must agree. The
    largest label stays among fewer rows: `F.one_hot(Yb)` has as many classes as that says.
    """
    largest = _row_of_largest(inputs, rows)

    def draw(rng: np.random.Generator, **sizes: int) -> Inputs:
        taken = min(sizes.get("rows", rows or 0), rows or 0)  # there are no more
        kept = [*range(taken - 1), max(largest, taken - 1)] if taken else []
        found: Inputs = dict.fromkeys(counts, taken)
        for name, value in inputs.items():
            cut = rows is not None and taken < rows and _has_rows(array(value), rows)
            found[name] = value[kept] if cut else value
        return found

    return draw


def _row_of_largest(inputs: Inputs, rows: int | None) -> int:
    """The row with the largest of the labels, an array of one integer for each row."""
    for value in inputs.values():
        held = array(value)
        if held is not None and held.dtype.kind in "iu" and held.shape == (rows,):
            return int(held.argmax())
    return 0


def counts_of(rows: int | None, names: Collection[str], space: Namespace) -> dict[str, int]:
    """The names for the number of rows, such as batch_size."""
    found = {name: space.get(name) for name in names} if rows is not None else {}
    return {name: value for name, value in found.items() if type(value) is int and value == rows}


def _has_rows(held: Any, rows: int) -> bool:
    return held is not None and held.ndim > 0 and held.shape[0] == rows


def rows_of(inputs: Inputs, nodes: Sequence[ast.stmt]) -> int | None:
    """The number of rows of a batch, where nothing else has that size."""
    arrays = [held for _, leaf in tree.leaves(inputs) if (held := array(leaf)) is not None]
    labels = [held for held in arrays if held.dtype.kind in "iu" and held.ndim]
    sizes = {held.shape[0] for held in labels}
    if len(sizes) != 1:
        return None
    (rows,) = sizes
    others = [size for held in arrays for size in held.shape[1:]]
    others += [held.shape[0] for held in arrays if held.dtype.kind == "f" and held.ndim == 1]
    literals = {
        part.value
        for node in nodes
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, (int, float))
    }
    if rows < 4 or rows in others or rows in literals:
        return None
    return rows
