"""Constants that backward is written with, and how many of their digits.

`0.1070322243` stands for 3 times the product of two constants of forward, to ten digits: what is
computed with it is no more exact than that. One of few digits, such as 1e-5 or 0.044715, is meant
as it stands: it would excuse too much.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import chain

import numpy as np

from byhand.program.scopes import inner_functions
from byhand.program.statements import Function

FEWEST = 8


@dataclass(frozen=True)
class DecimalConstant:
    """One of `digits` digits; `eps` is half a unit of the last, beside its size."""

    value: float
    line: int
    digits: int

    @property
    def eps(self) -> float:
        return 0.5 * 10.0 ** _last(self.value) / abs(self.value)


def constants_in(statements: Iterable[ast.stmt], forward: Function) -> list[DecimalConstant]:
    """Those in these statements of backward, but for those that forward has, too."""
    found = [constant for node in statements for constant in _of_many_digits(node)]
    if not found:
        return []
    known = {part.value for part in forward.nodes if isinstance(part, ast.Constant)}
    return [constant for constant in found if constant.value not in known]


@lru_cache(maxsize=1 << 12)
def _of_many_digits(node: ast.stmt) -> tuple[DecimalConstant, ...]:
    """Those in a statement and in inner functions that it may call."""
    found: list[DecimalConstant] = []
    for part in chain(ast.walk(node), *map(ast.walk, inner_functions(node))):
        match part:
            case ast.Constant(value=float(value)) if np.isfinite(value):
                digits = len(Decimal(repr(value)).normalize().as_tuple().digits)
                if digits >= FEWEST:
                    found.append(DecimalConstant(value, part.lineno, digits))
            case _:
                pass
    return tuple(found)


def coarsest(constants: Iterable[DecimalConstant]) -> DecimalConstant | None:
    """The one that is least exact."""
    return max(constants, key=lambda each: each.eps, default=None)


def _last(value: float) -> int:
    """The power of ten of the last digit."""
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
