"""How long deriving takes, every step and in closed form; and what the closed form saves.

    python -m benchmarks.derive [--repeats 20] [--json FILE]

Each time is that of a whole `byhand.derive`: the forward run and recorded, the backward found,
written, run and compared with the engine at several sizes. Time of the processor stands beside that
of the clock, as other programs on the machine slow down the second only.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import byhand
from byhand.program.problem import Problem

from . import ROOT

FORWARDS = {
    "cross-entropy, ten statements": "cross_entropy_staged",
    "batch norm with Bessel's correction": "batch_norm_bessel",
    "layer norm": "layer_norm",
    "the lecture's MLP": "mlp",
    "transformer block": "transformer_block",
}


def problem(name: str) -> Problem:
    file = ROOT / "tests" / "problems" / f"{name}.py"
    return byhand.load(file if file.exists() else name)


def milliseconds(forward: Problem, closed: bool, repeats: int) -> dict[str, float]:
    """The median of warm runs, by the clock and by the processor."""
    inputs = forward.inputs()
    byhand.derive(forward, inputs, closed=closed)
    found: dict[str, list[float]] = {"clock": [], "processor": []}
    for _ in range(repeats):
        clock, processor = time.perf_counter(), time.process_time()
        byhand.derive(forward, inputs, closed=closed)
        found["clock"].append(time.perf_counter() - clock)
        found["processor"].append(time.process_time() - processor)
    return {name: 1e3 * median(times) for name, times in found.items()}


def measured(name: str, repeats: int) -> dict[str, Any]:
    forward = problem(name)
    derived = byhand.derive(forward, closed=True)
    assert derived.cost is not None and derived.staged is not None
    return {
        "every_step_milliseconds": milliseconds(forward, False, repeats),
        "closed_milliseconds": milliseconds(forward, True, repeats),
        "every_step_operations": derived.staged.operations,
        "closed_operations": derived.cost.operations,
        "every_step_bytes_kept": derived.staged.bytes_kept,
        "closed_bytes_kept": derived.cost.bytes_kept,
    }


def measure(repeats: int) -> dict[str, Any]:
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, one thread",
        "versions": {"numpy": np.__version__},
        "repeats": repeats,
        "forwards": {said: measured(name, repeats) for said, name in FORWARDS.items()},
    }


def table(found: dict[str, Any]) -> str:
    lines = [
        f"{found['machine']}; {found['versions']}; medians of {found['repeats']} warm runs",
        "",
        f"{'':38s}{'every step':>20s}{'closed':>20s}{'operations':>21s}{'bytes kept':>20s}",
        f"{'':38s}{'clock, processor ms':>20s}{'clock, processor ms':>20s}",
    ]
    for said, each in found["forwards"].items():
        times = [each[f"{form}_milliseconds"] for form in ("every_step", "closed")]
        cells = [f"{t['clock']:.1f}, {t['processor']:.1f}" for t in times]
        saved = [
            f"{each[f'every_step_{what}']:,} -> {each[f'closed_{what}']:,}"
            for what in ("operations", "bytes_kept")
        ]
        lines.append(f"{said:38s}{cells[0]:>20s}{cells[1]:>20s}{saved[0]:>21s}{saved[1]:>20s}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20, help="warm runs of each (20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    options = parser.parse_args()
    found = measure(options.repeats)
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
