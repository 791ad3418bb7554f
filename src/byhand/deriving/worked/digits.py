"""How many digits to print, so that every number can be redone from those printed before it."""

from __future__ import annotations

import math

import numpy as np

from byhand.deriving.worked.sheet import Entry, Sheet, Work
from byhand.values.arrays import Array

SIGNIFICANT = 4
MOST = 9  # decimals: who would write more by hand?
NOISE = 1e-12  # what rounding leaves of a zero


def choose(sheet: Sheet) -> int:
    """Sets the decimals of every entry: as few as will do. Gives the most of them.

    A number that is redone from printed ones must come out within one unit of its own last printed
    digit. So we go from the last statement back to the first, and where one doesn't come out, what
    it was made from gets another digit: first the number that spoils it most.
    """
    for entry in sheet.entries:
        entry.decimals, entry.exact = _enough(entry.value)
    for work in reversed(sheet.works):
        while not _comes_out(work, {entry: entry.printed for entry in work.uses}):
            spoilt = {e: _off(work, {e: e.printed}) for e in work.uses if _can_grow(e)}
            if not spoilt:
                for entry in work.gives:
                    entry.redone = False
                break
            worst = max(spoilt, key=lambda entry: spoilt[entry])
            worst.decimals += 1
    return max((e.decimals + (not e.redone) for e in sheet.entries), default=0)


def _enough(value: Array) -> tuple[int, bool]:
    """Decimals for four significant digits of the largest number, or fewer if they are exact."""
    if value.dtype.kind != "f":
        return 0, True
    value = value[np.isfinite(value)]
    largest = float(np.abs(value).max(initial=0))
    if largest < NOISE:
        return (SIGNIFICANT, False) if largest else (0, True)
    wanted = min(max(SIGNIFICANT - 1 - math.floor(math.log10(largest)), 0), MOST)
    for decimals in range(wanted + 1):
        if np.allclose(np.round(value, decimals), value, rtol=NOISE, atol=NOISE):
            return decimals, True
    return wanted, False


def _can_grow(entry: Entry) -> bool:
    return not entry.exact and entry.decimals < MOST


def _comes_out(work: Work, values: dict[Entry, Array]) -> bool:
    return _off(work, values) <= 1


def _off(work: Work, values: dict[Entry, Array]) -> float:
    """How far the statement's numbers are from the printed ones, in units of their last digit."""
    worst = 0.0
    with np.errstate(all="ignore"):
        for entry, value in zip(work.gives, work.again(values), strict=True):
            if entry.value.dtype.kind == "f" and entry.value.size:
                off = np.abs(value - entry.printed) * 10.0**entry.decimals
                worst = max(worst, float(np.nan_to_num(off).max()) - 1e-6)  # inf - inf is 0
    return worst
