"""Training: byhand's compiled and plain steps next to PyTorch's and JAX's, side by side.

    python -m benchmarks.training [--models wavenet,...] [--threads 1,2] [--json F] [--chart F]

After a model's colon stand its hidden units, and after another one its batch. Each model is trained
with its own optimiser: AdamW for the transformer, else SGD. Each contender runs in a process of its
own; all take steps in turns, five times, and the figures are medians of these five.

Next to the time by the clock stands the time that the processor spent, which other work on the
machine disturbs less; on two threads it is that of both. In brackets: how many times as long as
byhand's compiled steps. The first step is timed from the start of the work, compiling included.

GFLOP/s counts the matrix products of byhand's step, whoever trains, in a second by the clock: so on
two threads it is what both reach together. The last line is NumPy's BLAS with those products alone;
in brackets: how much of that is reached.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path

from .contenders import CONTENDERS, PRODUCTS
from .products import operations
from .shown import Race, chart, table
from .task import task_called
from .turns import measure

MODELS = ("mlp_fused:200", "mlp_fused:64", "wavenet", "transformer")


def race(model: str, threads: int) -> Race:
    rows = measure(model, threads, [*CONTENDERS, PRODUCTS])
    title = f"{model}, {threads} thread{'s' if threads > 1 else ''}"
    return Race(title, operations(task_called(model)), rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--threads", default=",".join(dict.fromkeys(("1", str(os.cpu_count())))))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    parser.add_argument(
        "--chart", type=Path, metavar="FILE", help="write a bar chart, SVG, to FILE"
    )
    options = parser.parse_args()
    models, threads = options.models.split(","), map(int, options.threads.split(","))
    races = [race(model, count) for count in threads for model in models]
    print(table(races))
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in races], indent=2) + "\n")
    if options.chart:
        options.chart.write_text(chart(races), encoding="utf-8")


if __name__ == "__main__":
    main()
