"""A backward that is right only if every gradient is asked for.

Of frozen inputs none is (`requires_grad=False`, as in fine-tuning), and `needs_input_grad` says so.
A backward that computes one gradient on the way to another, or counts what it returns, goes wrong
there.

Bad:
    if ctx.needs_input_grad[0]: dxhat = dout * w; dx = ...
    dw = (dxhat / w * xhat).sum(0)

Good:
    dw = (dout * xhat).sum(0)
"""

from __future__ import annotations

from collections.abc import Iterator

from byhand.checking.report import Finding
from byhand.kernels.bench import Bench
from byhand.kernels.probes.probe import Probe, finding

NAME = "needs"


def _find(bench: Bench) -> Iterator[Finding]:
    for asked in _subsets(bench.usual.needs):
        frozen = [name for name in bench.usual.needs if name not in asked]
        attempt = bench.attempt(bench.usual, needs=asked)
        yield from finding(NAME, f"frozen: {', '.join(frozen)}", attempt, bench.first)


def _subsets(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Each alone, and all but each: of three names, that is every proper subset."""
    if len(names) < 2:
        return
    for name in names:
        yield (name,)
    if len(names) > 2:
        for name in names:
            yield tuple(other for other in names if other != name)


NEEDS = Probe(NAME, "asks for the gradient of each input alone, and of all but one", _find)
