"""One way of training one model, in a process of its own; `benchmarks.training` asks it for steps.

    python -m benchmarks.trainers CONTENDER MODEL THREADS

It prints the seconds from the start of its work to the end of the first step. For every number that
it then reads, it takes so many steps and prints the seconds they took, by the clock and by the
processor. At the end of its input it prints the most memory that it held, in MB.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from .peak import peak_kilobytes

Steps = Callable[[int], None]

AT_ONCE = 200  # steps in one call, where a contender takes many
RATE = 0.1


def _threads(count: int) -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(count)
    if count == 1:
        os.environ["XLA_FLAGS"] = (
            "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        )


def _problem(model: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The problem, its float32 inputs at training size, and many batches."""
    import numpy as np

    import byhand
    from byhand.train.loop import in_precision

    name, _, hidden = model.partition(":")
    problem = byhand.load(name)
    sizes = dict(problem.forward.globals.get("training", {})) | {"n": 32}
    if hidden:
        sizes["hidden"] = int(hidden)
    values = in_precision(problem.inputs(0, **sizes), np.float32)
    drawn = [problem.inputs(seed, **sizes) for seed in range(AT_ONCE)]
    return problem, values, {key: np.stack([each[key] for each in drawn]) for key in "XY"}


def _compiled(problem: Any, values: dict[str, Any]) -> Any:
    from byhand.train.compiled import FastSteps, fast_steps
    from byhand.train.loop import trained_inputs
    from byhand.train.optimisers import SGD

    steps = fast_steps(problem, values, trained_inputs(problem, values), SGD())
    assert isinstance(steps, FastSteps), steps
    return steps


def products(model: str) -> list[tuple[int, tuple[int, int, int]]]:
    """The matrix products of a step: how many of each, and their sizes m, n and k."""
    from byhand.compiling.statements import Product

    problem, values, _ = _problem(model)
    items = _compiled(problem, values).step.plan.items
    found = [item for item in items if isinstance(item, Product)]
    return [(math.prod(item.batch), item.sizes) for item in found]


def products_alone(model: str) -> Steps:
    """Nothing but products of the same sizes, by the BLAS that NumPy comes with."""
    import numpy as np

    rng = np.random.default_rng(0)
    work: list[Any] = []
    for count, (m, n, k) in products(model):
        sides = [rng.normal(size=(count, *shape)).astype("f4") for shape in ((m, k), (k, n))]
        work.append((*sides, np.empty((count, m, n), "f4")))

    def take(count: int) -> None:
        for _ in range(count):
            for left, right, out in work:
                np.matmul(left, right, out=out)

    return take


def byhand_compiled(model: str) -> Steps:
    import numpy as np

    problem, values, batches = _problem(model)
    steps = _compiled(problem, values)
    rates = np.full(AT_ONCE, RATE, np.float32)

    def take(count: int) -> None:
        for start in range(0, count, AT_ONCE):
            part = slice(0, min(AT_ONCE, count - start))
            steps.run({"X": batches["X"][part], "Y": batches["Y"][part], "rate": rates[part]})

    return take


def byhand_plain(model: str) -> Steps:
    import numpy as np

    from byhand.train.gradients import hand_gradients, items_named
    from byhand.train.loop import trained_inputs
    from byhand.train.optimisers import SGD

    problem, values, batches = _problem(model)
    gradients, parameters = hand_gradients(problem), trained_inputs(problem, values)

    def take(count: int) -> None:
        with np.errstate(all="ignore"):
            for step in range(count):
                values["X"], values["Y"] = (batches[key][step % AT_ONCE] for key in "XY")
                SGD().update(parameters, items_named(gradients(values).answers), {}, rate=RATE)

    return take


def _in_torch(model: str, wrap: Callable[[Any], Any]) -> Steps:
    import torch

    from . import models_torch

    _, values, batches = _problem(model)
    loss = wrap(models_torch.LOSSES[model.partition(":")[0]])
    parameters = models_torch.parameters(values)
    leaves = models_torch.leaves(parameters)
    X, Y = (torch.from_numpy(batches[key]) for key in "XY")

    def take(count: int) -> None:
        for step in range(count):
            at = step % AT_ONCE
            gradients = torch.autograd.grad(loss(parameters, X[at], Y[at]), leaves)
            with torch.no_grad():
                for leaf, gradient in zip(leaves, gradients, strict=True):
                    leaf -= RATE * gradient

    return take


def torch_eager(model: str) -> Steps:
    return _in_torch(model, lambda loss: loss)


def torch_compiled(model: str) -> Steps:
    import torch

    return _in_torch(model, torch.compile)


def torch_by_hand(model: str) -> Steps:
    import torch

    from . import models_torch

    _, values, batches = _problem(model)
    gradients_of = models_torch.BACKWARDS[model.partition(":")[0]]
    parameters = models_torch.parameters(values, learning=False)
    X, Y = (torch.from_numpy(batches[key]) for key in "XY")

    def take(count: int) -> None:
        with torch.no_grad():
            for step in range(count):
                at = step % AT_ONCE
                for name, gradient in gradients_of(parameters, X[at], Y[at]).items():
                    parameters[name] -= RATE * gradient

    return take


def jax_scan(model: str) -> Steps:
    import jax
    import jax.numpy as jnp

    from . import models_jax

    _, values, batches = _problem(model)
    loss = models_jax.LOSSES[model.partition(":")[0]]
    state = {
        "parameters": {
            k: jnp.array(v) for k, v in values.items() if getattr(v, "dtype", "i") == "float32"
        }
    }

    def step(parameters: Any, batch: Any) -> Any:
        value, gradients = jax.value_and_grad(loss)(parameters, *batch)
        return {k: p - RATE * gradients[k] for k, p in parameters.items()}, value

    run = jax.jit(lambda parameters, batches: jax.lax.scan(step, parameters, batches))
    drawn = tuple(jnp.array(batches[key]) for key in "XY")

    def take(count: int) -> None:
        for start in range(0, count, AT_ONCE):
            size = min(AT_ONCE, count - start)
            part = tuple(each[:size] for each in drawn)
            state["parameters"], _ = jax.block_until_ready(run(state["parameters"], part))

    return take


CONTENDERS: dict[str, Callable[[str], Steps]] = {
    "byhand compiled": byhand_compiled,
    "byhand plain": byhand_plain,
    "PyTorch, by hand": torch_by_hand,
    "PyTorch eager": torch_eager,
    "torch.compile": torch_compiled,
    "jax.jit and scan": jax_scan,
    "products alone": products_alone,
}


def main() -> None:
    contender, model, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    _threads(threads)
    began = time.perf_counter()
    if "orch" in contender:
        import torch

        torch.set_num_threads(threads)
    take = CONTENDERS[contender](model)
    take(1)
    print(time.perf_counter() - began, flush=True)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        take(int(line))
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
    print(peak_kilobytes() / 1024)


if __name__ == "__main__":
    main()
