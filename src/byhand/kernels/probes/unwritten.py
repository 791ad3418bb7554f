"""Memory that a kernel gives back, or reads, and never wrote.

`empty` gives whatever was there before: often zeros, in a test. So a buffer that is only added to,
rows past the last whole block, and a masked store that leaves a gap look right until the memory was
in use. Here it is full of NaN (integers: their largest number).

Bad:
    dw = torch.empty_like(w); dw += (dout * x).sum(0)

Good:
    dw = torch.zeros_like(w); dw += (dout * x).sum(0)
"""

from __future__ import annotations

from collections.abc import Iterator

from byhand.checking.report import Finding
from byhand.kernels.bench import Bench
from byhand.kernels.probes.probe import Probe, finding

NAME = "unwritten"


def _find(bench: Bench) -> Iterator[Finding]:
    poisoned = bench.kernel.framework.poisoned
    if poisoned is None:
        return
    attempt = bench.attempt(bench.usual, within=poisoned)
    yield from finding(NAME, "new memory was full of NaN", attempt, bench.first)


UNWRITTEN = Probe(NAME, "fills new memory with NaN before the kernel gets it", _find)
