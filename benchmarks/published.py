"""Trains the models of the series at full size and compares their losses with the published ones.

    python -m benchmarks.published --data names.txt [--only NAME ...] [--steps N] [--json FILE]

The figures are those of Andrej Karpathy's lectures (Neural Networks: Zero to Hero, 2022) and of his
script makemore.py, all on the word list of the lectures, which isn't part of byhand: bring a copy.
`--steps` cuts every run short, to see that it works.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import byhand
from byhand.train import train
from byhand.train.data import examples, read_words

SHA256 = "0a30b555"  # how that of the lectures' list begins


@dataclass(frozen=True)
class Published:
    """A figure: a model at these sizes, on this schedule, and the losses in nats a character."""

    name: str
    model: str
    parameters: int
    validation: float
    training: float | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    schedule: Mapping[str, Any] = field(default_factory=dict)


FIGURES = (
    Published("MLP, good start", "mlp_scaled", 11_897, 2.1027, 2.0356),
    Published("MLP, batch norm", "mlp", 12_297, 2.1048, 2.0668),
    Published("MLP, manual backward", "mlp_fused", 12_297, 2.1099, 2.0705),
    Published("context of 8, flat", "mlp", 22_297, 2.027, 1.918, {"block": 8}, {"falls": 0.75}),
    Published(
        "hierarchical, 22K", "wavenet", 22_397, 2.022, 1.912, {"embedding": 10, "hidden": 68}
    ),
    Published("hierarchical, 76,579", "wavenet", 76_579, 1.993, 1.769),
    Published("transformer", "transformer", 204_544, 1.92),
)
BIGRAM = 2.454
"""The loss of the counts, on the words that they were taken from."""


@dataclass(frozen=True)
class Measured:
    """What came of a figure here."""

    name: str
    parameters: int
    steps: int
    seconds: float
    validation: float
    published_validation: float
    training: float | None = None
    published_training: float | None = None

    def __str__(self) -> str:
        def beside(loss: float | None, published: float | None) -> str:
            if loss is None:
                return f"{'':16}"
            return f"{loss:.4f} ({'      ' if published is None else format(published, '.4f')})"

        return (
            f"{self.name:22} {self.parameters:8,} {self.steps:8,} {self.seconds:8.1f} s   "
            f"{beside(self.training, self.published_training)}  "
            f"{beside(self.validation, self.published_validation)}  "
            f"{self.validation - self.published_validation:+.4f}"
        )


def bigram(data: str) -> Measured:
    """By counting: the forward of the zoo's model, with the logs of the counts."""
    words = read_words(data)
    index = {character: i for i, character in enumerate(words.characters, start=1)}
    every = examples(words.words, index, 1)
    counts = np.zeros((words.vocabulary, words.vocabulary))
    np.add.at(counts, (every.X[:, 0], every.Y), 1)
    with np.errstate(divide="ignore"):  # what was never seen has the probability 0
        logcounts = np.log(counts)
    loss = byhand.load("bigram").forward.globals["forward"](every.X, every.Y, logcounts)
    return Measured("bigram, counts", counts.size, 0, 0.0, float(loss), BIGRAM)


def measured(figure: Published, data: str, steps: int | None) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        run = train(
            figure.model,
            data=data,
            steps=steps,
            sizes=figure.sizes,
            schedule=figure.schedule,
            out=Path(folder, "run"),
            progress=progress,
        )
    if run.parameters != figure.parameters:
        raise SystemExit(f"{figure.name}: {run.parameters} parameters, not {figure.parameters}")
    return Measured(
        figure.name,
        run.parameters,
        run.steps,
        run.seconds,
        run.val_loss,
        figure.validation,
        run.train_loss,
        figure.training,
    )


def progress(step: int, steps: int, loss: float, speed: float) -> None:
    if sys.stderr.isatty():
        left = (steps - step) / speed if speed else math.inf
        end = "\n" if step == steps else "\r"
        print(f"step {step:,} of {steps:,}, loss {loss:.3f}, {left:.0f} s left   ", end=end,
              file=sys.stderr, flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="the lectures' list of 32,033 names")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="figures with this in their name")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--json", metavar="FILE")
    asked = parser.parse_args()
    if not read_words(asked.data).sha256.startswith(SHA256):
        print("This is another list of words: the losses can't be compared.", file=sys.stderr)

    def wanted(name: str) -> bool:
        return not asked.only or any(part in name for part in asked.only)

    print(
        f"{'':22} {'numbers':>8} {'steps':>8} {'time':>10}   training (publ.)  validation (publ.)"
    )
    found: list[Measured] = []
    if wanted("bigram, counts"):
        found.append(bigram(asked.data))
        print(found[-1], flush=True)
    for figure in FIGURES:
        if wanted(figure.name):
            found.append(measured(figure, asked.data, asked.steps))
            print(found[-1], flush=True)
    if asked.json:
        Path(asked.json).write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
