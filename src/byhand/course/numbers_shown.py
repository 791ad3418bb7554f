"""Whether the numbers that a reading shows are those of its example.

A code block that begins with

    ```text numbers three_rows.py

holds names, each with its array below, indented: values of forward, or gradients where the name is
`d` and a name. Each number must be the true one, rounded to the digits that are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np

from byhand.errors import ByhandError
from byhand.program.problem import load
from byhand.program.trace import trace_problem
from byhand.referees.engine import engine
from byhand.values.arrays import Array

_BLOCK = re.compile(r"^```\w* +numbers +(\S+)\n(.*?)^```", re.M | re.S)


def numbers(text: str, folder: Path) -> Iterator[str]:
    """What is wrong with the numbers in a reading's text; its examples lie in `folder`."""
    for file, block in _BLOCK.findall(text):
        try:
            true = _true(folder / file)
        except ByhandError as error:
            yield str(error)
            continue
        yield from (f"{file}: {what}" for what in _compared(block, true))


def _true(file: Path) -> Mapping[str, Array]:
    """Every array of forward by its name, and its gradient by `d` and its name."""
    problem = load(file)
    inputs = problem.inputs()
    program = trace_problem(problem, inputs)
    ones = [np.ones_like(step.value) for step in program.outputs]
    gradients = engine(problem, inputs, list(program.by_key), ones)
    known: dict[str, Array] = {name: np.asarray(value) for name, value in inputs.items()}
    for key, step in program.by_key.items():
        known[key[0]] = step.value
        known[f"d{key[0]}"] = gradients[key].value
    return known


def _compared(block: str, true: Mapping[str, Array]) -> Iterator[str]:
    for name, lines in re.findall(r"^(\S+)\n((?:[ \n].*\n?)*)", block, re.M):
        words = lines.split()
        if name not in true:
            yield f"has no {name}, which the reading shows"
            continue
        right = true[name].ravel().tolist()
        if len(words) != len(right):
            yield f"{name} has {len(right)} numbers, and the reading shows {len(words)}"
            continue
        for word, number in zip(words, right, strict=True):
            if not _rounds_to(number, word):
                yield f"{name} has {number:.6g} where the reading shows {word}"


def _rounds_to(number: float, word: str) -> bool:
    try:
        shown = Decimal(word)
        unit = Decimal(1).scaleb(int(shown.as_tuple().exponent))
    except (InvalidOperation, ValueError):  # no number; `inf` and `nan` have no digits
        return False
    return abs(Decimal(number) - shown) <= unit * Decimal("0.5000001")
