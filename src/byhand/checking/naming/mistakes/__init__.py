"""The mistakes that byhand knows by name: one module each.

A module's docstring is its page (`byhand explain CODE`): a line that says what the mistake is, why
it happens, and a bad and a good piece of code. It proves the mistake in one or more of these ways,
each a function that gives a `Diagnosis`, or None:

- `find(suspect)`: from what a wrong definition gives, or by undoing the mistake. Where several
  mistakes can be proved, the first in `ORDER` is named.
- `find_late(suspect)`, asked where nothing was found: it leaves a number open, or tries what is
  less often the case.
- `find_last(suspect)`, asked where that found nothing either, of the few statements of a long
  definition where a local first holds no gradient: what costs too much to be tried everywhere.
- `find_at_ties(uneven)`: from the weights given to elements that are equal.
- `find_in_run(trial)`: from watching the run; it gives the findings by answer.

To add one: write the module, put it in its place in `ORDER`, and add nothing else; the tests plant
the bad code of every page and expect its code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from byhand.checking.naming.mistakes import (
    aliased,
    bessel,
    division_by_zero,
    double_path,
    factor,
    hard_coded_size,
    keepdims,
    label_index,
    mean_for_sum,
    missing_broadcast,
    missing_eps,
    missing_local,
    missing_path,
    missing_reduction,
    missing_upstream,
    over_reduced,
    overwritten,
    scatter,
    sign,
    softmax_diagonal,
    swapped,
    transposed,
    unknown,
    unnormalised,
    updated_too_early,
    used_too_early,
    wrong_axis,
    wrong_exponent,
    wrong_index,
    wrong_operand,
    wrong_upstream,
)

ORDER: tuple[ModuleType, ...] = (
    updated_too_early,
    aliased,
    used_too_early,
    division_by_zero,
    keepdims,
    missing_broadcast,
    missing_reduction,
    over_reduced,
    wrong_axis,
    transposed,
    scatter,
    label_index,
    hard_coded_size,
    overwritten,
    double_path,
    softmax_diagonal,
    missing_path,
    sign,
    bessel,
    mean_for_sum,
    unnormalised,
    missing_eps,
    wrong_exponent,
    swapped,
    wrong_index,
    wrong_operand,
    wrong_upstream,
    missing_upstream,
    missing_local,
    factor,
    unknown,
)


def code_of(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2].replace("_", "-")


CODES: dict[str, ModuleType] = {code_of(module): module for module in ORDER}


def page(code: str) -> str:
    """What `byhand explain CODE` prints."""
    return inspect.getdoc(CODES[code]) or ""


def ways_to(question: str) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """The functions of this name that the mistakes have, by code, in order."""
    for code, module in CODES.items():
        if hasattr(module, question):
            yield code, getattr(module, question)
