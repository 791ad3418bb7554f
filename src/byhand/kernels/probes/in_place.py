"""A kernel that writes into what isn't its own.

The upstream may go to other backwards too: one that scales it where it lies spoils theirs. So does
one that writes into an input, or into what forward saved, which a second backward of the same
forward (`retain_graph=True`) then reads. What has no gradient forward may write into, as into the
statistics of a batch norm: that is for information, and so is what PyTorch itself refuses then,
since it counts the changes of what went through `save_for_backward`.

Bad:
    dout *= mask; return dout

Good:
    return dout * mask
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from byhand.checking.report import Finding
from byhand.kernels.bench import Bench
from byhand.kernels.case import Name
from byhand.kernels.kernel import Ran, Upstream
from byhand.kernels.probes.apart import Apart, apart
from byhand.kernels.probes.probe import Probe, called

NAME = "in-place"


def _find(bench: Bench) -> Iterator[Finding]:
    case, first = bench.usual, bench.first
    if first.ran is None:
        return
    given = bench.copied(case.inputs)
    forward = bench.kernel.run(given, None, case.needs)
    changed = [n for n in first.overwritten if n not in bench.options.allow_inplace]
    # Statistics, caches: forward's caller sees it, and no gradient goes there.
    kept = [n for n in changed if n in given and n not in case.needs and _differs(bench, given, n)]
    for who, names in (("it", [n for n in changed if n not in kept]), ("forward", kept)):
        if names:
            done = "what the kernel was given was compared with a copy"
            seen = f"{who} wrote into {' and '.join(names)}"
            yield Finding(NAME, done, seen, wrong=names is not kept)
    before, after = (case.values(ran, gradients=False) for ran in (forward, first.ran))
    done = "the outputs were looked at before and after backward"
    yield from _differing(done, apart(case, before, after), "backward wrote into it")
    if first.ran.again is not None and not first.overwritten:
        yield from _twice(bench, first.ran, first.ran.again)


def _differs(bench: Bench, given: Mapping[str, Any], name: str) -> bool:
    return bench.differs(given[name], bench.usual.inputs[name])


def _twice(
    bench: Bench, ran: Ran, again: Callable[[Upstream], Mapping[str, Any]]
) -> Iterator[Finding]:
    """Two backwards of one forward: the second reads what the first left."""
    case = bench.usual
    once = case.values(ran)
    try:
        found: Mapping[str, Any] = again([*map(bench.copy, case.upstream)])
    except Exception as error:
        if "inplace" in str(error):
            seen = "PyTorch refused the second, as the first wrote into what forward saved"
            yield Finding(NAME, _TWICE, seen, wrong=False)
        return  # it frees what was saved, and says so
    twice = case.values(replace(ran, gradients=found))
    yield from _differing(_TWICE, apart(case, once, twice), "the first wrote into what was saved")


_TWICE = "backward ran twice after one forward"


def _differing(done: str, found: Mapping[Name, Apart], why: str) -> Iterator[Finding]:
    far = {name: each for name, each in found.items() if not each.explained}
    if far:
        told = "; ".join(f"{called(name)} {each}" for name, each in far.items())
        yield Finding(NAME, done, f"{told}: {why}")


IN_PLACE = Probe(
    NAME, "compares with copies what the kernel was given, and runs backward twice", _find
)
