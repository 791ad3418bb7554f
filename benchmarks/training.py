"""Training: byhand's compiled and plain steps next to PyTorch's and JAX's, side by side.

    python -m benchmarks.training [--models mlp:200,wavenet] [--threads 1,2] [--json F] [--chart F]

Each contender runs in a process of its own; all take steps in turns, five times. The figures are
medians of these five. Next to the time by the clock stands the time that the processor spent, which
other work on the machine disturbs less. In brackets: how many times as long as byhand's compiled
steps. The first step is timed from the start of the work, compiling included. GFLOP/s counts the
matrix products of byhand's step only; the last line is what NumPy's BLAS reaches on them alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from . import ROOT, models_jax, models_torch
from .trainers import AT_ONCE, CONTENDERS, products

ROUNDS = 5
OURS = "byhand compiled"

MODELS = {"mlp:200": 2000, "mlp:64": 2000, "wavenet": 400, "transformer": 20}
"""The models, with how many steps are timed together; after the colon, the hidden units."""

MISSING = {"PyTorch, by hand": models_torch.BACKWARDS, "jax.jit and scan": models_jax.LOSSES}
"""What some contenders are written for."""


def contenders(model: str) -> list[str]:
    name = model.partition(":")[0]
    return [each for each in CONTENDERS if name in MISSING.get(each, {name: None})]


def measure(model: str, threads: int) -> dict[str, dict[str, float]]:
    """Seconds a step by clock and processor, seconds to the first step and peak MB of each."""
    workers = {name: _start(name, model, threads) for name in contenders(model)}
    found: dict[str, dict[str, Any]] = {}
    for name, worker in workers.items():
        found[name] = {"first": float(_read(worker)), "wall": [], "cpu": []}
    steps = MODELS[model]
    for warm in (True, *[False] * ROUNDS):
        for name, worker in workers.items():
            few = name in (
                "byhand plain",
                "PyTorch eager",
                "PyTorch, by hand",
                "torch.compile",
                "products alone",
            )
            count = max(5, steps // 8) if few else -(-steps // AT_ONCE) * AT_ONCE
            wall, cpu = (float(each) for each in _ask(worker, count).split())
            if not warm:
                found[name]["wall"].append(wall / count)
                found[name]["cpu"].append(cpu / count)
    gflop = sum(2 * count * m * n * k for count, (m, n, k) in products(model)) / 1e9
    for name, worker in workers.items():
        out, _ = worker.communicate()
        found[name] |= {key: median(found[name][key]) for key in ("wall", "cpu")}
        found[name]["gflops"] = gflop / found[name]["cpu"]
        found[name]["megabytes"] = float(out.splitlines()[-1])
    return found


def _start(contender: str, model: str, threads: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.trainers", contender, model, str(threads)]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _read(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise SystemExit(f"{' '.join(map(str, worker.args))} failed")  # pyright: ignore
    return line


def _ask(worker: subprocess.Popen[str], count: int) -> str:
    assert worker.stdin is not None
    worker.stdin.write(f"{count}\n")
    worker.stdin.flush()
    return _read(worker)


def table(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    lines = [f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"]
    for title, rows in found.items():
        lines += ["", title, f"{'':18s}{'steps/s':>9s}{'µs a step':>17s}{'µs of CPU':>17s}"
                  f"{'GFLOP/s':>9s}{'first step':>12s}{'memory':>9s}"]  # fmt: skip
        ours = rows[OURS]
        for name, row in rows.items():
            times = "".join(
                f"{1e6 * row[key]:9.1f} {f'({row[key] / ours[key]:.1f})':>7s}"
                for key in ("wall", "cpu")
            )
            rest = f"{row['gflops']:9.0f}{row['first']:10.1f} s{row['megabytes']:6.0f} MB"
            lines.append(f"{name:18s}{1 / row['wall']:9.0f}{times}{rest}")
    return "\n".join(lines)


def chart(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """A bar chart of steps a second, in SVG; each model's bars are beside its fastest."""
    parts: list[str] = []
    y = 10
    for title, rows in found.items():
        parts.append(f'<text x="10" y="{y + 12}" font-weight="bold">{title}</text>')
        y += 22
        most = max(1 / row["wall"] for row in rows.values())
        for name, row in rows.items():
            speed = 1 / row["wall"]
            colour = "#c44e52" if name == OURS else "#8c9bb0"
            parts.append(f'<text x="150" y="{y + 12}" text-anchor="end">{name}</text>')
            parts.append(
                f'<rect x="158" y="{y + 2}" width="{max(1.0, 420 * speed / most):.1f}" height="12" '
                f'fill="{colour}"/>'
            )
            parts.append(
                f'<text x="{164 + 420 * speed / most:.0f}" y="{y + 12}">{speed:,.0f}</text>'
            )
            y += 18
        y += 12
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="660" height="{y}" '
        f'font-family="sans-serif" font-size="12">\n<title>Steps a second</title>\n{body}\n</svg>\n'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--threads", default=f"1,{os.cpu_count()}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    parser.add_argument(
        "--chart", type=Path, metavar="FILE", help="write a bar chart, SVG, to FILE"
    )
    options = parser.parse_args()
    found = {
        f"{model}, {threads} thread{'s' if int(threads) > 1 else ''}": measure(model, int(threads))
        for model in options.models.split(",")
        for threads in options.threads.split(",")
    }
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    if options.chart:
        options.chart.write_text(chart(found), encoding="utf-8")


if __name__ == "__main__":
    main()
