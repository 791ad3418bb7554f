"""What a referee is: somebody else who knows the gradients, and how far off that may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from byhand.values.arrays import Array

if TYPE_CHECKING:
    from byhand.program.problem import Problem

Key: TypeAlias = tuple[str, int]
"""A step: its name, and which binding of that name it is, from 0."""


@dataclass(frozen=True, eq=False)
class Gradient:
    """The gradient of one step, as a referee has it.

    `value` and `error` (a bound on the referee's own absolute error) have the step's shape; or,
    where `places` is given, one entry for each of these positions in the flattened step.
    `direction` adds a check of all positions at once: a random direction, the derivative along it,
    and its error. `kinks` says of each position whether the slopes on either side differ: the error
    covers both.
    """

    value: Array
    error: Array
    places: Array | None = None
    direction: tuple[Array, float, float] | None = None
    kinks: Array | None = None


class Referee(Protocol):
    """Gradients of steps, found without looking at the hand-written backward."""

    def __call__(
        self,
        problem: Problem,
        inputs: Mapping[str, Any],
        steps: Sequence[Key],
        upstream: Sequence[Array],
    ) -> Mapping[Key, Gradient]:
        """The gradient of every step in `steps`, for `upstream` gradients of what forward returns.

        `inputs` are float64 (PyTorch tensors where the problem is in PyTorch).
        Raises RefereeError if this referee can't judge the problem.
        """
        ...
