"""How the time of a step grows with the batch and with the width: the MLP, on one thread.

    python -m benchmarks.training.growth [--json FILE] [--plot FILE]

With batches of 8 to 512 at 200 hidden units, and with 25 to 800 hidden units at batches of 32. The
contenders take steps in turns, five times; the figures are medians of the processor's time, which
on one thread is that of the clock, but less disturbed by other work. The plot, PNG or SVG by the
name of its file, needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from .contenders import OURS
from .turns import Figures, measure

BATCHES = (8, 16, 32, 64, 128, 256, 512)
WIDTHS = (25, 50, 100, 200, 400, 800)
MODELS = {
    "batch": {n: f"mlp_fused:200:{n}" for n in BATCHES},
    "hidden units": {hidden: f"mlp_fused:{hidden}:32" for hidden in WIDTHS},
}
TITLES = ("MLP, 200 hidden units", "MLP, batch of 32")
CONTENDERS = {  # with the styles of their lines
    OURS: {"color": "#c44e52", "marker": "o"},
    "jax.jit and scan": {"color": "#dd9c3c", "marker": "s"},
    "PyTorch, by hand": {"color": "#8c9bb0", "marker": "^"},
    "PyTorch eager": {"color": "#3f5878", "marker": "v"},
}

Found = Mapping[str, Mapping[str, Figures]]
"""Of each model and contender."""


def growth() -> Found:
    models = dict.fromkeys(model for axis in MODELS.values() for model in axis.values())
    return {model: measure(model, 1, CONTENDERS) for model in models}


def table(found: Found) -> str:
    lines: list[str] = []
    for axis, models in MODELS.items():
        lines += ["", f"{axis:>12s}" + "".join(f"{name:>18s}" for name in CONTENDERS)]
        for size, model in models.items():
            times = (1e6 * found[model][name].cpu for name in CONTENDERS)
            lines.append(f"{size:12d}" + "".join(f"{time:15.1f} µs" for time in times))
    return "\n".join(lines[1:])


def plot(found: Found, file: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    figure = Figure(figsize=(10, 4.5), layout="constrained")
    panels = figure.subplots(1, len(MODELS), sharey=True)
    for panel, (axis, models), title in zip(panels, MODELS.items(), TITLES, strict=True):
        sizes = list(models)
        for name, style in CONTENDERS.items():
            times = [1e6 * found[model][name].cpu for model in models.values()]
            panel.plot(sizes, times, label=name, **style)
        panel.set(title=title, xlabel=axis)
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.set_xticks(sizes, map(str, sizes))
        panel.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}"))
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("µs a step")
    panels[0].legend()
    figure.savefig(file, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them in FILE")
    options = parser.parse_args()
    if options.plot and find_spec("matplotlib") is None:
        parser.error("--plot needs matplotlib: pip install 'byhand[plots]'")
    found = growth()
    print(table(found))
    if options.json:
        rows = {model: {k: asdict(row) for k, row in found[model].items()} for model in found}
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    if options.plot:
        plot(found, options.plot)


if __name__ == "__main__":
    main()
