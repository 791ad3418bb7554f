"""Derives many random programs and counts what became of them.

    python -m benchmarks.random_programs [--count 10000] [--closed] [--json FILE]

Each derived backward is run, and its gradients are compared with the engine's and with PyTorch's.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from .draw import LONGEST, draw
from .judge import Outcome, judge, reason

FAILURES = ("unequal", "exception", "refused")
COUNTED = ("nothing_shorter", "not_right", "not_looked_for", "by_rounds", "one_size")
MEASURED = ("statements", "lines", "characters", "widest", "milliseconds")


def judged(seeds: Sequence[int], processes: int, **options: Any) -> list[Outcome]:
    """The outcomes in the order of their seeds, from several processes."""
    found: list[Outcome] = []
    with get_context("spawn").Pool(processes, maxtasksperchild=500) as pool:
        for outcome in pool.imap_unordered(partial(judge, **options), seeds, chunksize=10):
            found.append(outcome)
            if len(found) % 500 == 0:
                print(f"{len(found)} of {len(seeds)}", flush=True)
    return sorted(found, key=lambda outcome: outcome.seed)


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The counts, the extremes, and one example of every kind of failure."""
    right = [o for o in outcomes if o.verdict == "equal"]
    counts = {verdict: sum(o.verdict == verdict for o in outcomes) for verdict in FAILURES}
    return {
        "programs": len(outcomes),
        "equal": len(right),
        **counts,
        **{field: sum(getattr(o, field) for o in right) for field in COUNTED},
        "largest_difference_of_allowed": max((o.worst for o in right), default=0.0),
        "most": {
            field: asdict(max(right, key=lambda o: getattr(o, field)))
            for field in MEASURED
            if right
        },
        "kinds": {verdict: kinds(outcomes, verdict) for verdict in FAILURES},
    }


def kinds(outcomes: Sequence[Outcome], verdict: str) -> list[dict[str, Any]]:
    """The failures of this verdict, most frequent kind first, each with its first example."""
    failed = [o for o in outcomes if o.verdict == verdict]
    said = {o.seed: "other gradients" if verdict == "unequal" else reason(o) for o in failed}
    return [
        {"count": count, "seed": first.seed, "said": first.said}
        for kind, count in Counter(said.values()).most_common()
        for first in [next(o for o in failed if said[o.seed] == kind)]
    ]


def table(found: dict[str, Any]) -> str:
    lines = [
        f"{name.replace('_', ' '):34s} {found[name]:10}"
        for name in ("programs", "equal", *FAILURES, *COUNTED)
    ]
    worst = found["largest_difference_of_allowed"]
    lines.append(f"{'largest difference, of allowed':34s} {worst:10.2g}")
    for field, most in found["most"].items():
        lines.append(f"{f'most {field}':34s} {most[field]:10.0f}  (seed {most['seed']})")
    for verdict in FAILURES:
        for each in found["kinds"][verdict]:
            lines.append(f"\n{verdict}: {each['count']}, such as {each['seed']}: {each['said']}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many programs (1000)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first (0)")
    parser.add_argument("--longest", type=int, default=LONGEST, help="statements at most (40)")
    parser.add_argument("--dialect", default="numpy", choices=("numpy", "torch"))
    parser.add_argument("--closed", action="store_true", help="closed forms")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    parser.add_argument("--show", type=int, metavar="SEED", help="print this program, and stop")
    options = parser.parse_args()
    if options.show is not None:
        print(draw(options.show, options.longest).source)
        return
    outcomes = judged(
        range(options.seed, options.seed + options.count),
        os.cpu_count() or 1,
        longest=options.longest,
        dialect=options.dialect,
        closed=options.closed,
    )
    found = summary(outcomes)
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
