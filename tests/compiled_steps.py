"""Steps to compile, and two ways to run them: as Numba's machine code, and line by line in Python.

What the generated source means doesn't depend on Numba. Running it as it stands, with the two
kernels in NumPy, takes milliseconds where compiling takes seconds; so most is tested like this.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from byhand.compiling import compile as compiling
from byhand.compiling import compile_step
from byhand.program.problem import Problem
from byhand.train.compiled import FastSteps, fast_steps
from byhand.train.gradients import hand_gradients, items_named
from byhand.train.loop import in_precision, trained_inputs
from byhand.train.optimisers import SGD

Values = dict[str, Any]


def within(index: int, length: int) -> int:
    if not -length <= index < length:
        raise IndexError("an index is out of bounds")
    return index % length


def product(sizes: Any, left: Any, right: int, target: int) -> Callable[..., None]:
    m, n, k = sizes

    def run(T: Any, t: int, L: Any, l: int, R: Any, r: int) -> None:  # noqa: E741
        rows = L[l + np.add.outer(np.arange(m) * left[0], np.arange(k) * left[1])]
        columns = R[r + np.add.outer(np.arange(k) * right, np.arange(n))]
        T[t + np.add.outer(np.arange(m) * target, np.arange(n))] = rows @ columns

    return run


def transpose(sizes: Any, source: int, target: int) -> Callable[..., None]:
    rows, columns = sizes

    def run(T: Any, t: int, S: Any, s: int) -> None:
        held = S[s + np.add.outer(np.arange(rows) * source, np.arange(columns))]
        T[t + np.add.outer(np.arange(columns) * target, np.arange(rows))] = held.T

    return run


def in_python(source: str) -> ModuleType:
    """The module of a generated source, without Numba."""
    names: dict[str, Any] = {
        "quick": lambda function: function,
        "product": product,
        "transpose": transpose,
        "math": math,
        "within": within,
        "f4": np.float32,
        "f8": np.float64,
        "i8": np.int64,
        "inf": math.inf,
        "nan": math.nan,
        **{f"{name}_f4": getattr(np, name) for name in ("exp", "log", "tanh")},
        **{f"{name}_f8": getattr(np, name) for name in ("exp", "log", "tanh")},
        "larger": np.maximum,
        "highest": np.maximum,
        "sign": np.sign,
        "smaller": np.minimum,
        "lowest": np.minimum,
    }
    lines = source.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith(("kernel_", "@quick")))
    exec("\n".join(lines[start:]), names)
    return SimpleNamespace(**names)  # pyright: ignore[reportReturnType]


def run_both(
    step: Callable[[Values], Any], values: Values, monkeypatch: Any, *, numba: bool = False
) -> tuple[Values, Values]:
    """The inputs after one step: as the plain one leaves them, and as the compiled one does."""
    if not numba:
        monkeypatch.setattr(compiling, "load", in_python)
    compiled = compile_step(step, values, ())
    with np.errstate(all="ignore"):
        compiled.run({}, steps=1)
        plain = copy.deepcopy(values)
        step(plain)
    return plain, {name: compiled.input(name).copy() for name in values}


def fast(problem: Problem, values: Values) -> FastSteps | str:
    return fast_steps(problem, values, trained_inputs(problem, values), SGD())


def plain_steps(problem: Problem, values: Values, fed: Mapping[str, Any]) -> list[float]:
    """The losses of plain steps on `values`, whose parameters are changed in place."""
    gradients, losses = hand_gradients(problem), list[float]()
    with np.errstate(all="ignore"):
        for X, Y, rate in zip(fed["X"], fed["Y"], fed["rate"], strict=True):
            found = gradients({**values, "X": X, "Y": Y})
            answers = items_named(found.answers)
            SGD().update(trained_inputs(problem, values), answers, {}, rate=float(rate))
            losses.append(float(found.loss))
    return losses


def drawn(problem: Problem, dtype: Any = np.float32, **sizes: int) -> Values:
    return in_precision(problem.inputs(0, **sizes), dtype)
