"""A backward that is right for the upstream it was tried with, and for no other.

One that forgets its upstream is right for a sum's, which is all ones. One that takes every output
to have an upstream raises, or reads what isn't there, where only one of them is used.

Bad:
    dx = 2 * x

Good:
    dx = dout * 2 * x
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from byhand.checking.report import Finding
from byhand.kernels.bench import Bench
from byhand.kernels.probes.probe import Probe, finding

NAME = "upstream"


def _find(bench: Bench) -> Iterator[Finding]:
    usual, first = bench.usual, bench.first
    ones = [
        None if g is None else bench.kernel.framework.like(np.ones(bench.shape(g)), g)
        for g in usual.upstream
    ]
    attempt = bench.attempt(bench.case(usual.inputs, ones))
    yield from finding(NAME, "the upstream was all ones", attempt, first)
    mended = [f"d{n}" for n in first.wrong if isinstance(n, str) and n not in attempt.wrong]
    if attempt.ran is not None and mended:
        yield Finding(
            NAME,
            "the upstream was all ones, then random",
            f"{', '.join(mended)} right for ones only: the upstream isn't used as it should be",
        )
    open_to = [i for i, g in enumerate(usual.upstream) if g is not None]
    for i in open_to if len(open_to) > 1 else ():
        alone = [g if place == i else None for place, g in enumerate(usual.upstream)]
        attempt = bench.attempt(bench.case(usual.inputs, alone))
        yield from finding(NAME, f"only output {i} had an upstream", attempt, first)


UPSTREAM = Probe(NAME, "sends ones back instead of random numbers, and to each output alone", _find)
