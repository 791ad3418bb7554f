"""The matrix products of a step, and nothing else: how fast the machine is at these sizes."""

from __future__ import annotations

import math

import numpy as np

from byhand.compiling.statements import Product
from byhand.train.compiled import FastSteps, fast_steps
from byhand.train.loop import trained_inputs
from byhand.train.optimisers import SGD

from .task import Task, Trainer

Sizes = tuple[int, int, int]


def products(task: Task) -> list[tuple[int, Sizes]]:
    """Those of byhand's step: how many of each together, and their sizes m, n and k."""
    parameters = trained_inputs(task.problem, task.values)
    steps = fast_steps(task.problem, task.values, parameters, SGD())
    assert isinstance(steps, FastSteps), steps
    found = [item for item in steps.step.plan.items if isinstance(item, Product)]
    return [(math.prod(item.batch), item.sizes) for item in found]


def operations(task: Task) -> int:
    """Floating-point operations in the products of a step; an addition is one of its own."""
    return sum(2 * count * m * n * k for count, (m, n, k) in products(task))


def alone(task: Task) -> Trainer:
    """The products by the BLAS that NumPy comes with, on arrays that lie as it likes them."""
    rng = np.random.default_rng(0)
    work = []
    for count, (m, n, k) in products(task):
        left, right = (rng.normal(size=(count, *shape)).astype("f4") for shape in ((m, k), (k, n)))
        work.append((left, right, np.empty((count, m, n), "f4")))

    def take(count: int) -> None:
        for _ in range(count):
            for left, right, out in work:
                np.matmul(left, right, out=out)

    return Trainer(take, dict)
