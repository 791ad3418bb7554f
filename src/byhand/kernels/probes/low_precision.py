"""How a kernel in half precision stands beside its plain reference in the same type.

The usual rule is that its error may be twice that of the reference (FlashAttention's tests). That
says little where the reference computes in float32 itself. So this is for information: whether a
gradient is right is decided by what rounding explains.

Bad:
    acc = torch.zeros(n, dtype=x.dtype); for block in x: acc += block

Good:
    acc = torch.zeros(n, dtype=torch.float32); for block in x: acc += block
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import numpy as np

from byhand.checking.report import Finding
from byhand.kernels.bench import Bench
from byhand.kernels.probes.probe import Probe, called
from byhand.values.arrays import Array
from byhand.values.precision import SINGLE, eps_of

NAME = "low-precision"


def _find(bench: Bench) -> Iterator[Finding]:
    case, kernel, ran = bench.usual, bench.kernel, bench.first.ran
    if case.eps <= SINGLE or kernel.plain is None or ran is None:
        return
    inputs, upstream = bench.copied(case.inputs), [*map(bench.copy, case.upstream)]
    try:
        with (kernel.framework.watched or _unwatched)() as computed:
            found = kernel.plain(inputs, upstream, case.needs)
    except Exception:
        return  # the library has something that it needs in wider types alone
    mine, plain = case.values(ran), case.values(found)
    told = [
        f"{called(name)} {_beside(_error(mine[name], true), _error(plain[name], true))}"
        for name, true in case.true.items()
        if name in mine and name in plain
    ]
    seen = "; ".join(told)
    wider = dict.fromkeys(name for name, kind in computed if eps_of(kind) < case.eps)
    if wider and case.dtype != "tf32":
        names = ", ".join(wider)
        seen += f". The reference computes in a wider type itself ({names}), which makes its error "
        seen += "no measure"
    yield Finding(NAME, f"beside the plain reference in {case.dtype}", seen, wrong=False)


@contextmanager
def _unwatched() -> Generator[list[tuple[str, str]]]:
    yield []


def _error(value: Array, true: Array) -> float:
    if value.shape != true.shape:
        return np.inf
    return float(np.max(np.abs(value - true), initial=0.0, where=np.isfinite(true)))


def _beside(mine: float, plain: float) -> str:
    if plain == 0:
        return f"has an error of {mine:.2g}, the reference none"
    return f"has {mine / plain:.2g} times the reference's error ({mine:.2g} against {plain:.2g})"


LOW_PRECISION = Probe(
    NAME, "compares the error with that of the plain reference in its type", _find
)
