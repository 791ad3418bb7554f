"""The same call, and other numbers.

Blocks that add to one place at the same time add in another order each time, and round otherwise:
that is told for information, as long as rounding explains it. Where a block reads what another is
still writing, no rounding does. What memory holds that was never written differs too, which is
another danger.

Bad:
    partial[row % groups] += dw   # two blocks, no lock

Good:
    partial[row] = dw             # summed afterwards
"""

from __future__ import annotations

from collections.abc import Iterator

from byhand.checking.report import Finding
from byhand.kernels.bench import Bench
from byhand.kernels.case import Name
from byhand.kernels.probes.apart import Apart, apart
from byhand.kernels.probes.probe import Probe, called, finding
from byhand.kernels.probes.unwritten import unwritten

NAME = "nondeterministic"


def _find(bench: Bench) -> Iterator[Finding]:
    case, repeats = bench.usual, bench.options.repeats
    # Anew, one right after the other: what alternates may be the same in the first call.
    attempts = [bench.attempt(case) for _ in range(repeats)]
    done = f"the same call was made {repeats} times"
    for attempt in attempts:
        if attempt.ran is None:
            yield from finding(NAME, done, attempt, bench.first)
            return
    first, *others = (case.values(each.ran) for each in attempts if each.ran is not None)
    differing = [apart(case, first, other) for other in others]
    for explained in (False, True):
        most: dict[Name, Apart] = {}
        for name, found in (pair for each in differing for pair in each.items()):
            if found.explained == explained and (
                name not in most or found.count > most[name].count
            ):
                most[name] = found
        if most and (explained or not unwritten(bench)):
            said = "; ".join(f"{called(name)} {found}" for name, found in most.items())
            yield Finding(NAME, done, said, wrong=not explained)


NONDETERMINISTIC = Probe(NAME, "makes the same call several times", _find, ends=True)
