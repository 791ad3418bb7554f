"""What a caller may say about how a kernel is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How a kernel is checked; as it stands, everything is tried.

    `dtype` is the float type in which the kernel runs; None for the types its inputs have. `sizes`
    are those that the user runs, each a full or partial set of sizes by name, tried beside the
    usual ones. `needs` are the inputs whose gradient is wanted, if not all. `allow_inplace` names
    the inputs that may be overwritten, and "upstream". `repeats` is how often the same call is made
    to see whether it gives the same.
    """

    dtype: str | None = None
    sizes: Sequence[Mapping[str, int]] = ()
    layouts: bool = True
    edges: bool = True
    needs: Sequence[str] | None = None
    allow_inplace: Sequence[str] = ()
    repeats: int = 2
    seed: int = 0
