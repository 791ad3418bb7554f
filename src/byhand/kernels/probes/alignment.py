"""A kernel that is right only at the sizes it was tried with.

Its blocks fit a whole number of times, or one block is enough for a row; two sizes that happen to
be equal may be taken for each other. Tried are sizes that nothing divides and that all differ, each
size a little larger, several times as large and very large, and those that the user runs (`sizes`).

Bad:
    for start in range(0, n - n % BLOCK, BLOCK): ...

Good:
    for start in range(0, n, BLOCK): ...
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from byhand.checking.report import Finding
from byhand.kernels.bench import Attempt, Bench
from byhand.kernels.probes.probe import Probe, finding
from byhand.kernels.probes.sizes import at, at_one

NAME = "alignment"

PRIMES = (7, 11, 13, 5, 17, 3, 19, 23)

LONG = (131, 1031)
"""Primes: the last is more than one block of most kernels."""

PATIENCE = 0.1
"""Seconds of a call, as it would take if it grew with the square of a size, past which that size
isn't tried."""


def _find(bench: Bench) -> Iterator[Finding]:
    usual = bench.kernel.sizes
    for sizes in bench.options.sizes:
        yield from _found(bench, sizes, at(bench, {**usual, **sizes}))
    primes = dict(zip(usual, PRIMES, strict=False))
    yield from _found(bench, primes, at(bench, {**usual, **primes}))
    for name, size in usual.items():
        last, seconds = size, bench.first.seconds
        for other in (size + 1, *(n for n in (3 * size, *LONG) if n > size + 1)):
            if last and seconds * (other / last) ** 2 > PATIENCE:
                break
            attempt = at_one(bench, name, other)
            yield from _found(bench, {name: other}, attempt)
            if attempt is not None:
                last, seconds = other, attempt.seconds


def _found(bench: Bench, sizes: Mapping[str, int], attempt: Attempt | None) -> Iterator[Finding]:
    if attempt is not None and sizes:
        said = ", ".join(f"{name} = {size}" for name, size in sizes.items())
        yield from finding(NAME, f"at {said}", attempt, bench.first)


ALIGNMENT = Probe(NAME, "tries sizes that no block fits, that all differ, and the user's", _find)
