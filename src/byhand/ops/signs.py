"""What the sign of a result can be, as far as the signs of the arguments say.

A rule is `(signs, numbers) -> sign`: the signs of the arguments, and their values where they are
plain numbers, else None.
"""

# A number can also be an array of numbers.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np


class Sign(IntEnum):
    """What is known of all elements of an array."""

    UNKNOWN = 0
    NOT_NEGATIVE = 1
    POSITIVE = 2


SignRule: TypeAlias = Callable[[Sequence[Sign], Sequence[Any]], Sign]


def sign_of(value: Any) -> Sign:
    least = smallest(value)
    if least > 0:
        return Sign.POSITIVE
    return Sign.NOT_NEGATIVE if least == 0 else Sign.UNKNOWN


def smallest(value: Any) -> float:
    return float(np.min(value)) if np.size(value) else 0.0


def unknown(signs: Sequence[Sign], numbers: Sequence[Any]) -> Sign:
    return Sign.UNKNOWN


def positive(signs: Sequence[Sign], numbers: Sequence[Any]) -> Sign:
    return Sign.POSITIVE


def not_negative(signs: Sequence[Sign], numbers: Sequence[Any]) -> Sign:
    return Sign.NOT_NEGATIVE


def of_the_first(signs: Sequence[Sign], numbers: Sequence[Any]) -> Sign:
    """As the first argument."""
    return signs[0]


def weakest(signs: Sequence[Sign], numbers: Sequence[Any]) -> Sign:
    """Of a product."""
    return min(signs)


def strongest(signs: Sequence[Sign], numbers: Sequence[Any]) -> Sign:
    """Of a maximum: at least as large as each."""
    return max(signs)


def of_a_sum(signs: Sequence[Sign], numbers: Sequence[Any]) -> Sign:
    return max(signs) if min(signs) >= Sign.NOT_NEGATIVE else Sign.UNKNOWN


def of_a_root(signs: Sequence[Sign], numbers: Sequence[Any]) -> Sign:
    """There is none of a negative number."""
    return max(signs[0], Sign.NOT_NEGATIVE)


def of_a_power(signs: Sequence[Sign], numbers: Sequence[Any]) -> Sign:
    base, exponent = signs[0], numbers[1]
    if base is Sign.POSITIVE or exponent is None:
        return base
    if np.all(np.asarray(exponent) % 1 != 0):  # a root; one over a root is never 0
        return Sign.POSITIVE if smallest(exponent) < 0 else max(base, Sign.NOT_NEGATIVE)
    even = np.all(np.asarray(exponent) % 2 == 0)
    return max(base, Sign.NOT_NEGATIVE) if even else base


def of_logaddexp(signs: Sequence[Sign], numbers: Sequence[Any]) -> Sign:
    """log(exp(x) + exp(y)) is larger than x and than y."""
    return Sign.POSITIVE if max(signs) >= Sign.NOT_NEGATIVE else Sign.UNKNOWN
