"""What is true by the values of forward alone: central differences, where nothing else can say."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from byhand.errors import ProblemError
from byhand.kernels.kernel import Framework, Inputs, Ran, Run, Upstream
from byhand.values.arrays import Array

LARGEST = 300
"""Elements of all inputs at most, each of which is moved to see what happens."""

STEP = 1e-4


def truth_by_differences(run: Run, framework: Framework) -> Run:
    """A truth that runs forward alone, with each element moved by two steps, and extrapolates.

    Raises ProblemError where there are too many elements for that.
    """

    def truth(inputs: Inputs, upstream: Upstream | None, needs: Collection[str]) -> Ran:
        ran = run(inputs, None, needs)
        if upstream is None:
            return ran
        wanted = [(n, i) for n in needs for i in np.ndindex(tuple(inputs[n].shape))]
        if len(wanted) > LARGEST:
            raise ProblemError(
                f"what is true must be found by differences, of {len(wanted)} elements: give a "
                "reference, or smaller inputs"
            )
        sent = [framework.numpy(g) for g, takes in zip(upstream, ran.takes, strict=True) if takes]

        def outputs(name: str, at: tuple[int, ...], step: float) -> list[Array]:
            values = framework.numpy(inputs[name])
            values[at] += step
            moved = {**inputs, name: framework.like(values, inputs[name])}
            found = run(moved, None, needs).outputs
            return [framework.numpy(o) for o, takes in zip(found, ran.takes, strict=True) if takes]

        gradients = {name: np.zeros(tuple(inputs[name].shape)) for name in needs}
        errors = {name: np.zeros(tuple(inputs[name].shape)) for name in needs}
        for name, at in wanted:
            h = STEP * max(1.0, abs(float(framework.numpy(inputs[name])[at])))
            slopes: list[float] = []
            mass = 0.0
            for step in (h, h / 2):
                pairs = zip(outputs(name, at, step), outputs(name, at, -step), sent, strict=True)
                terms = [((a - b) * g, np.abs(a * g)) for a, b, g in pairs]
                slopes.append(sum(float(np.sum(term)) for term, _ in terms) / (2 * step))
                mass = sum(float(np.sum(size)) for _, size in terms)
            gradients[name][at] = (4 * slopes[1] - slopes[0]) / 3
            errors[name][at] = abs(slopes[1] - slopes[0]) + 4e-16 * mass / h
        found = {name: framework.like(g, inputs[name]) for name, g in gradients.items()}
        return Ran(ran.outputs, ran.takes, found, errors=errors)

    return truth
