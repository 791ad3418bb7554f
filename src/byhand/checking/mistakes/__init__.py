"""The mistakes that byhand knows by name: one module each.

A module's docstring is its page (`byhand explain CODE`): a line that says what the mistake is, why it
happens, and a bad and a good piece of code. `find(suspect)` proves the mistake, or gives None. Where
several can be proved, the first in `ORDER` is named.

To add one: write the module, put it in its place in `ORDER`, and add nothing else; the tests plant
the bad code of every page and expect its code.
"""

from __future__ import annotations

import inspect
from types import ModuleType

from byhand.checking.answers import Answer
from byhand.checking.evidence import Evidence
from byhand.checking.mistakes import (
    aliased,
    bessel,
    double_path,
    factor,
    hard_coded_size,
    keepdims,
    label_index,
    mean_for_sum,
    missing_eps,
    missing_local,
    missing_path,
    missing_reduction,
    overwritten,
    scatter,
    sign,
    transposed,
    unknown,
    unnormalised,
    used_too_early,
    wrong_axis,
    wrong_exponent,
    wrong_operand,
    wrong_upstream,
)
from byhand.checking.mistakes.suspect import suspect
from byhand.checking.report import Mistake

ORDER: tuple[ModuleType, ...] = (
    aliased,
    used_too_early,
    keepdims,
    missing_reduction,
    wrong_axis,
    transposed,
    scatter,
    label_index,
    hard_coded_size,
    overwritten,
    double_path,
    missing_path,
    sign,
    bessel,
    mean_for_sum,
    unnormalised,
    missing_eps,
    wrong_exponent,
    wrong_operand,
    wrong_upstream,
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


def diagnose(
    answer: Answer, evidence: tuple[Evidence, ...]
) -> tuple[Mistake | None, int | None]:
    """The first mistake that is proved, and the line it stands on, if it is known."""
    definition = suspect(answer, evidence)
    if definition is None:
        return None, None
    for code, module in CODES.items():
        finding = module.find(definition)
        if finding is not None:
            return Mistake(code, finding.message), finding.line
    return None, None
