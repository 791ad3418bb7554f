"""All that is found of a kernel beside the plain comparison."""

from __future__ import annotations

import warnings
from collections.abc import Collection

from byhand.checking.report import Finding
from byhand.kernels.bench import Bench
from byhand.kernels.probes import PROBES


def findings(bench: Bench, *, but_for: Collection[str] = ()) -> tuple[Finding, ...]:
    """What each probe finds, in their order, but for some by name; nothing where the plain
    comparison raised.

    Of those of one name the first stands for the others that saw the same.
    """
    if bench.first.ran is None:
        return ()
    found: dict[tuple[str, str], Finding] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the user's code is called in ways that it may warn of
        for probe in PROBES:
            if probe.name in but_for:
                continue
            seen = list(probe.find(bench))
            for each in seen:
                found.setdefault((each.name, each.seen), each)
            if probe.ends and any(each.wrong for each in seen):
                break
    return tuple(found.values())
