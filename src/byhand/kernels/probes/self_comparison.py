"""A kernel that is compared with itself.

The reference is the same object, or calls it: then whatever it gives is right.

Bad:
    check(rms_norm, inputs, reference=lambda x, w: rms_norm(x, w))

Good:
    check(rms_norm, inputs, reference=lambda x, w: x * torch.rsqrt((x * x).mean(-1, True)) * w)
"""

from __future__ import annotations

from collections.abc import Iterator

from byhand.checking.report import Finding
from byhand.kernels.bench import Bench
from byhand.kernels.probes.probe import Probe

NAME = "self-comparison"


def _find(bench: Bench) -> Iterator[Finding]:
    kernel, ran = bench.kernel, bench.first.ran
    shared = (bench.usual.truth.parts or frozenset()) & ((ran and ran.parts) or frozenset())
    if kernel.truth is kernel.run:
        yield Finding(NAME, "the reference was looked at", "it is the kernel itself")
    elif shared:
        names = ", ".join(sorted(getattr(part, "__name__", str(part)) for part in shared))
        yield Finding(NAME, "the reference was looked at", f"it goes through {names} itself")


SELF_COMPARISON = Probe(NAME, "looks for the kernel in its own reference", _find)
