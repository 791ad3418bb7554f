"""A kernel that takes for granted how its arrays lie in memory.

It is written for contiguous arrays and reads memory in that order, or it uses the strides of one
array for another. But a sum hands back an expanded upstream, a transpose a transposed one, and q, k
and v that were computed at once are rows of a wider array.

Bad:
    dx = torch.as_strided(dout, x.shape, x.stride()) * w

Good:
    dx = dout.contiguous() * w
"""

from __future__ import annotations

from collections.abc import Iterator

from byhand.checking.report import Finding
from byhand.kernels.bench import Bench
from byhand.kernels.case import Case
from byhand.kernels.kernel import Inputs, Layout, Upstream
from byhand.kernels.probes.probe import Probe, finding, same

NAME = "layout"


def _find(bench: Bench) -> Iterator[Finding]:
    if not bench.options.layouts:
        return
    usual, framework = bench.usual, bench.kernel.framework
    arrays = {name: a for name, a in usual.inputs.items() if framework.is_array(a)}
    for layout in framework.layouts:
        for name, array in arrays.items():
            yield from _tried(bench, layout, name, _laid(layout, {name: array}))
        if len(every := _laid(layout, arrays)) > 1:
            yield from _tried(bench, layout, " and ".join(every), every)
        if "upstream" in bench.first.overwritten:
            continue  # which no expanded one can be: that is one danger, not two
        sent = [None if g is None else layout.of(g) for g in usual.upstream]
        if any(g is not None for g in sent):
            upstream = [
                g if laid is None else laid for laid, g in zip(sent, usual.upstream, strict=True)
            ]
            yield from _tried(bench, layout, "the upstream", {}, upstream)


def _laid(layout: Layout, arrays: Inputs) -> Inputs:
    """Those of the arrays that can be laid out so, laid out so."""
    found = {name: layout.of(array) for name, array in arrays.items()}
    return {name: array for name, array in found.items() if array is not None}


def _tried(
    bench: Bench, layout: Layout, names: str, laid: Inputs, upstream: Upstream | None = None
) -> Iterator[Finding]:
    """What is wrong so, and right where the same numbers lie as usual."""
    if not laid and upstream is None:
        return
    case = _of_these_numbers(bench, laid, upstream)
    before = bench.first if case is bench.usual else bench.attempt(case)
    attempt = bench.attempt(case, inputs=laid, upstream=upstream)
    if same(attempt, before):
        return
    # Forward may say that it takes no such input; backward has no choice.
    done = f"{names} {'were' if len(laid) > 1 else 'was'} {layout.name}"
    yield from finding(NAME, done, attempt, before)


def _of_these_numbers(bench: Bench, laid: Inputs, upstream: Upstream | None) -> Case:
    """The usual case, but where a layout changes the numbers, or those that are drawn at random."""
    usual, ran = bench.usual, bench.first.ran
    sent = usual.upstream if upstream is None else upstream
    same = not any(bench.differs(array, usual.inputs[name]) for name, array in laid.items())
    if same and not (ran and ran.draws) and not any(map(bench.differs, sent, usual.upstream)):
        return usual
    return bench.case({**usual.inputs, **bench.copied(laid)}, [*map(bench.copy, sent)])


LAYOUT = Probe(NAME, "lays each input, all of them, and the upstream out in other ways", _find)
