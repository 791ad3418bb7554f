"""Whether all contenders compute the same: their parameters after the same few steps.

    python -m benchmarks.training.agreement

In small, and in float64, where they differ by rounding only. Every model is trained by SGD, and by
its own optimiser if that is another one: AdamW hides how large a gradient is. Exit status 1 if a
contender differs.
"""

from __future__ import annotations

import os
from collections.abc import Collection

import numpy as np

import byhand
from byhand.train.loop import trained_inputs
from byhand.train.schedule import schedule_of

from .contenders import CONTENDERS, begin
from .task import Task, task

SMALL = {
    "mlp_fused": {"hidden": 12, "n": 6},
    "wavenet": {"hidden": 8, "embedding": 4, "n": 5},
    "transformer": {"layers": 2, "heads": 2, "head": 4, "block": 6, "n": 4},
}

REFERENCE = "byhand plain"

TOLERANCE = 1e-5
"""Compiled steps are given their rates in float32, whatever the parameters are in."""

LITTLE = 1e-2
"""A shorter way counts as this long: a bias before a batch norm goes only where rounding takes it.
"""


def cases() -> list[tuple[str, str]]:
    """The models with the optimisers that they are trained by here."""
    own = {model: schedule_of(byhand.load(model), {}).optimiser for model in SMALL}
    return [(model, each) for model in SMALL for each in dict.fromkeys(("sgd", own[model]))]


def small(model: str, optimiser: str) -> Task:
    return task(model, SMALL[model], {"optimiser": optimiser, "rate": 0.1}, np.float64)


def trained(contender: str, task: Task) -> dict[str, np.ndarray]:
    """The parameters after two calls of two steps each."""
    trainer = begin(contender, task)
    for _ in range(2):
        trainer.take(2)
    return trained_inputs(task.problem, trainer.parameters())


def differences(contenders: Collection[str]) -> dict[str, float]:
    """For every contender, model and optimiser: how far the farthest parameter is off, as a part of
    the way that it should have gone."""
    os.environ["JAX_ENABLE_X64"] = "1"
    found: dict[str, float] = {}
    for model, optimiser in cases():
        start = small(model, optimiser)
        right = trained(REFERENCE, small(model, optimiser))
        way = {
            name: max(LITTLE, np.abs(right[name] - parameter).max())
            for name, parameter in trained_inputs(start.problem, start.values).items()
        }
        for contender in contenders:
            other = trained(contender, small(model, optimiser))
            assert other.keys() == right.keys()
            off = [np.abs(other[name] - right[name]).max() / way[name] for name in way]
            found[f"{contender}, {model}, {optimiser}"] = float(np.max(off))
    return found


def main() -> None:
    found = differences([name for name in CONTENDERS if name != REFERENCE])
    for title, off in found.items():
        print(f"{title:40s}{off:10.1e}")
    if not np.max(list(found.values())) < TOLERANCE:  # nor a NaN
        raise SystemExit(f"not the same: {TOLERANCE:.0e} is allowed")


if __name__ == "__main__":
    main()
