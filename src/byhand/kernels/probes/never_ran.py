"""A backward that is never called.

The function under test falls back to plain operations at these sizes, in this type, on this device;
or it was handed over in a way that leaves the hand-written part out. Then autograd is compared with
itself, and all is right.

Bad:
    check(lambda x: x * torch.rsqrt(...), ...)   # the reference again

Good:
    check(RMSNorm.apply, ...)
"""

from __future__ import annotations

from collections.abc import Iterator

from byhand.checking.report import Finding
from byhand.kernels.bench import Bench
from byhand.kernels.probes.probe import Probe

NAME = "never-ran"


def _find(bench: Bench) -> Iterator[Finding]:
    kernel, ran = bench.kernel, bench.first.ran
    if ran is not None and ran.parts is not None and not ran.parts:
        done = "what the gradients went through was looked at"
        yield Finding(NAME, done, f"nothing hand-written: {kernel.framework.name} alone gave them")
    elif kernel.without is not None:
        attempt = bench.attempt(bench.usual, within=kernel.without)
        if attempt.ran is not None:
            done = "the backward was made to raise as soon as it is called"
            yield Finding(NAME, done, "the same gradients came all the same: it isn't called")


NEVER_RAN = Probe(
    NAME, "makes the hand-written backward raise, and looks at whether it does", _find, ends=True
)
