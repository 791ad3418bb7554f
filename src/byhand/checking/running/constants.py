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

import numpy as np

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


def constants_in(backward: Iterable[ast.AST], forward: Function) -> Iterable[DecimalConstant]:
    """Those in these parts of backward, but for those that forward has, too."""
    known = {part.value for part in forward.nodes if isinstance(part, ast.Constant)}
    for node in backward:
        match node:
            case ast.Constant(value=float(value)) if np.isfinite(value) and value not in known:
                digits = len(Decimal(repr(value)).normalize().as_tuple().digits)
                if digits >= FEWEST:
                    yield DecimalConstant(value, node.lineno, digits)
            case _:
                pass


def coarsest(constants: Iterable[DecimalConstant]) -> DecimalConstant | None:
    """The one that is least exact."""
    return max(constants, key=lambda each: each.eps, default=None)


def _last(value: float) -> int:
    """The power of ten of the last digit."""
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
