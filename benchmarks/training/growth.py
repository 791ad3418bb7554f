"""How the time of a step grows with the batch and with the width: the MLP, on one thread.

    python -m benchmarks.training.growth [--json FILE] [--plot FILE]

With batches of 8 to 512 at 200 hidden units, and with 25 to 800 hidden units at batches of 32. The
contenders take steps in turns, five times; the figures are medians. The plot, PNG or SVG by the
name of its file, needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from .contenders import OURS
from .turns import measure

BATCHES = (8, 16, 32, 64, 128, 256, 512)
WIDTHS = (25, 50, 100, 200, 400, 800)
MODELS = {
    "batch": {n: f"mlp:200:{n}" for n in BATCHES},
    "hidden units": {hidden: f"mlp:{hidden}:32" for hidden in WIDTHS},
}
CONTENDERS = {  # with the styles of their lines
    OURS: {"color": "#c44e52", "marker": "o"},
    "jax.jit and scan": {"color": "#dd9c3c", "marker": "s"},
    "PyTorch, by hand": {"color": "#8c9bb0", "marker": "^"},
    "PyTorch eager": {"color": "#3f5878", "marker": "v"},
}

Growth = Mapping[str, Mapping[int, Mapping[str, float]]]
"""Of what it grows with, of its size, of a contender: µs a step."""


def growth() -> Growth:
    found: dict[str, dict[str, float]] = {}
    for model in dict.fromkeys(model for models in MODELS.values() for model in models.values()):
        rows = measure(model, 1, CONTENDERS)
        found[model] = {name: 1e6 * row.wall for name, row in rows.items()}
    return {
        axis: {size: found[model] for size, model in models.items()}
        for axis, models in MODELS.items()
    }


def table(found: Growth) -> str:
    lines: list[str] = []
    for axis, sizes in found.items():
        lines += ["", f"{axis:>12s}" + "".join(f"{name:>18s}" for name in CONTENDERS)]
        for size, row in sizes.items():
            lines.append(f"{size:12d}" + "".join(f"{row[name]:15.1f} µs" for name in CONTENDERS))
    return "\n".join(lines[1:])


def plot(found: Growth, file: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    figure = Figure(figsize=(10, 4.5), layout="constrained")
    titles = ("batch", "MLP, 200 hidden units"), ("hidden units", "MLP, batch of 32")
    panels = figure.subplots(1, len(titles), sharey=True)
    for panel, (axis, title) in zip(panels, titles, strict=True):
        sizes = found[axis]
        for name, style in CONTENDERS.items():
            panel.plot(sizes.keys(), [row[name] for row in sizes.values()], label=name, **style)
        panel.set(title=title, xlabel=axis)
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.set_xticks(list(sizes), [str(size) for size in sizes])
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
    found = growth()
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    if options.plot:
        plot(found, options.plot)


if __name__ == "__main__":
    main()
