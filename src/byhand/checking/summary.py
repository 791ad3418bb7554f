"""What a report tells of forward, for who draws it: its steps, how they hang together, and a few
numbers of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from byhand.values.arrays import Array

SIDE = 32
"""The most rows and the most columns of a summary."""


@dataclass(frozen=True, eq=False)
class Summary:
    """At most 32 x 32 numbers of an array, each one of its elements.

    A cell of `cells`, of shape (rows, columns), stands for a block of the array: of its elements it
    is the largest in size. `whole` says whether these are all there are. All axes but the last are
    laid out as rows. `lowest` and `highest` are those of the whole array; NaN where it is empty.
    """

    cells: Array
    whole: bool
    lowest: float
    highest: float


@dataclass(frozen=True)
class StepUse:
    """A value that a step was computed from.

    `step` is the place of that value among the steps, `times` how often this one reads it, `ops`
    the ops that it goes into. `copied` are the axes along which broadcasting copied it there,
    `summed` those that were added up. `wider`: in the whole step it is copied, so that there are
    more numbers; `narrower`: it is summed, so that there are fewer. `missing`: nothing comes back
    this way, though it should.
    """

    name: str
    step: int
    times: int
    ops: tuple[str, ...]
    copied: tuple[int, ...] = ()
    summed: tuple[int, ...] = ()
    wider: bool = False
    narrower: bool = False
    missing: bool = False


@dataclass(frozen=True, eq=False)
class StepSummary:
    """A step of forward beside its gradient.

    `line` is None for an input; in a notebook it counts in `cell`. `returned`: forward returns it.
    `row` is the place of its row in the report, None where backward doesn't write its gradient.
    `gradient` is what is true, None where nothing comes back; `answer` what backward gave, where
    that isn't right.
    """

    name: str
    line: int | None
    source: str
    op: str
    shape: tuple[int, ...]
    uses: tuple[StepUse, ...]
    value: Summary
    gradient: Summary | None
    answer: Summary | None = None
    row: int | None = None
    returned: bool = False
    cell: int | None = None
