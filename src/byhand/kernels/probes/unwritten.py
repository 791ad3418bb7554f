"""Memory that a kernel gives back, or reads, and never wrote.

`empty` gives whatever was there before: often zeros, in a test. So a buffer that is only added to,
rows past the last whole block, and a masked store that leaves a gap look right until the memory was
in use. Here it is full of NaN (integers: their largest number).

What such memory holds is chance, and so is all that other probes would see: they aren't asked then.
A kernel that is wrong by its order gives other numbers in a second try: that is another danger's.

Bad:
    dw = torch.empty_like(w); dw += (dout * x).sum(0)

Good:
    dw = torch.zeros_like(w); dw += (dout * x).sum(0)
"""

from __future__ import annotations

from byhand.checking.report import Finding
from byhand.kernels.bench import Attempt, Bench
from byhand.kernels.probes.apart import apart
from byhand.kernels.probes.probe import Probe, finding, told

NAME = "unwritten"


def unwritten(bench: Bench) -> list[Finding]:
    """What is wrong where new memory is full of NaN, in both of two calls."""
    poisoned = bench.kernel.framework.poisoned
    if poisoned is None:
        return []
    attempt, done = bench.attempt(bench.usual, within=poisoned), "new memory was full of NaN"
    seen = list(finding(NAME, done, attempt, bench.first)) or _no_numbers(bench, attempt, done)
    if seen and _repeats(bench, attempt, bench.attempt(bench.usual, within=poisoned)):
        return seen
    return []


def _no_numbers(bench: Bench, attempt: Attempt, done: str) -> list[Finding]:
    """What was wrong without, too, and is no number now: the same rows may have held anything."""
    before = bench.first.wrong
    wrong = {
        name: one
        for name, one in attempt.wrong.items()
        if one.verdict == "nonfinite" and before[name].verdict != "nonfinite"
    }
    return [Finding(NAME, done, told(wrong))] if wrong else []


def _repeats(bench: Bench, one: Attempt, other: Attempt) -> bool:
    """Whether two calls gave the same, but for rounding, or raised the same."""
    if one.ran is None or other.ran is None:
        return one.raised == other.raised
    differing = apart(bench.usual, bench.usual.values(one.ran), bench.usual.values(other.ran))
    return all(each.explained for each in differing.values())


UNWRITTEN = Probe(
    NAME,
    "fills new memory with NaN before the kernel gets it",
    lambda bench: iter(unwritten(bench)),
    ends=True,
)
