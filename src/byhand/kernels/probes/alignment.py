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

import time
from collections.abc import Iterator, Mapping

from byhand.checking.report import Finding
from byhand.kernels.bench import Attempt, Bench
from byhand.kernels.probes.probe import Probe, finding
from byhand.kernels.probes.sizes import at, at_one

NAME = "alignment"

PRIMES = (7, 11, 13, 5, 17, 3, 19, 23)

LONG = (131, 1031)
"""Primes: the last is more than one block of most kernels."""

SLOW = 0.03
"""Seconds of a call after which no larger size is tried."""


def _find(bench: Bench) -> Iterator[Finding]:
    usual = bench.kernel.sizes
    for sizes in bench.options.sizes:
        yield from _found(bench, sizes, at(bench, {**usual, **sizes}))
    primes = dict(zip(usual, PRIMES, strict=False))
    yield from _found(bench, primes, at(bench, {**usual, **primes}))
    for name, size in usual.items():
        for other in (size + 1, *(n for n in (3 * size, *LONG) if n > size + 1)):
            start = time.perf_counter()
            yield from _found(bench, {name: other}, at_one(bench, name, other))
            if time.perf_counter() - start > SLOW:
                break


def _found(bench: Bench, sizes: Mapping[str, int], attempt: Attempt | None) -> Iterator[Finding]:
    if attempt is not None and sizes:
        said = ", ".join(f"{name} = {size}" for name, size in sizes.items())
        yield from finding(NAME, f"at {said}", attempt, bench.first)


ALIGNMENT = Probe(NAME, "tries sizes that no block fits, that all differ, and the user's", _find)
