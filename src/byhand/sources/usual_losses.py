"""The loss of a forward that comes without one: `backward(X, y)` says it by where it starts.

`dZ2 = A2 - Y` is the gradient of a cross-entropy, `(output - y) * ...` that of squares. The usual
losses are tried, and that is taken of which most gradients are right, up to a factor that is the
same for all: 2, or one over the number of examples, or a sign where the steps are added.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from byhand.engine.backward import computed_first_to_last
from byhand.errors import ByhandError, ProblemError
from byhand.program.call import call_of
from byhand.program.plain_run import inputs_of_their_own, plain_locals
from byhand.program.problem import Problem
from byhand.program.statements import StatementError
from byhand.program.trace import trace_problem
from byhand.values import tree
from byhand.values.arrays import Array
from byhand.values.held import array

_LOG = "__import__('numpy').log"
_OF_FLOATS = (
    "((A - T) ** 2).sum()",
    f"-({_LOG}(A) * T).sum()",
    f"-({_LOG}(A) * T + {_LOG}(1 - A) * (1 - T)).sum()",
)
_OF_CLASSES = (
    f"-{_LOG}(A[T, range(len(T))]).sum()",
    f"-{_LOG}(A[range(len(T)), T]).sum()",
)
_NUMBERS = {"": 1.0, " / 2": 0.5, " * 2": 2.0}
_COUNTS = ("", " / A.shape[0]", " / A.shape[-1]", " / A.size")
_NEAR = 1e-6


@dataclass(frozen=True)
class _Fit:
    """How many gradients of `number` are a factor, the same for all, times those of a loss; that
    factor, and the shape of the output, on each draw. `start` are the factors of the gradient of
    the output itself, if backward has that by name."""

    right: int
    number: int
    factors: tuple[float, ...]
    shapes: tuple[tuple[int, ...], ...]
    start: tuple[float, ...]


def with_usual_loss(
    made: Callable[[ast.FunctionDef], Problem],
    backward: ast.FunctionDef,
    where: ast.AST,
    output: str,
    label: str,
    sign: str | None = None,
) -> Problem | None:
    """The problem that is `made` with the loss that its backward starts from; None where it starts
    from none of the usual ones. `where` is the place in the file that the loss gets, `sign` that
    which it has where that is known, whatever the gradients have."""
    begun: list[tuple[str, str]] = []
    for loss in _OF_CLASSES if _is_of_classes(label, backward) else _OF_FLOATS:
        try:
            fit = _fit(made(_cost(loss, where)), output)
        except ProblemError:  # it doesn't run on such an output
            continue
        scale = next(_scales(fit.factors, fit.shapes, sign), None) if fit is not None else None
        if fit is not None and scale is not None and 2 * fit.right >= fit.number:
            return _with(made, loss, scale, where, output, label)
        if fit is not None and sign is not None:
            begun += [(loss, scale) for scale in _scales(fit.start, fit.shapes, sign)]
    return _with(made, *begun[0], where, output, label) if begun else None


def _with(
    made: Callable[[ast.FunctionDef], Problem],
    loss: str,
    scale: str,
    where: ast.AST,
    output: str,
    label: str,
) -> Problem:
    scaled = f"-({loss}){scale[1:]}" if scale.startswith("-") else f"{loss}{scale}"
    problem = made(_cost(scaled, where))
    said = scaled.replace(_LOG, "np.log").replace("A", output).replace("T", label)
    note = f"no loss was found: backward starts from the gradient of {said}, so that is taken"
    return replace(problem, notes=(*problem.notes, note))


def _is_of_classes(label: str, backward: ast.FunctionDef) -> bool:
    """Whether labels are the numbers of classes, as far as the text tells."""
    text = ast.unparse(backward)
    return bool(
        re.search(rf"{label}\.(size|max)\b|one_?hot\w*\({label}|, {label}\]|\[{label},", text)
    )


def _cost(text: str, where: ast.AST) -> ast.FunctionDef:
    made = ast.parse(f"def usual_loss(A, T):\n    return {text}").body[0]
    assert isinstance(made, ast.FunctionDef)
    for part in ast.walk(made):
        if hasattr(part, "lineno"):
            ast.copy_location(part, where)
    return made


def _scales(
    factors: Sequence[float], shapes: Sequence[tuple[int, ...]], known: str | None
) -> Iterator[str]:
    """The expressions that are the factors on all draws, the simplest first; with the sign that is
    `known`."""
    wanted = factors if known is None else np.abs(factors)
    signs = ("", "-") if known is None else ("",)
    for sign, count, number in itertools.product(signs, _COUNTS, _NUMBERS):
        values = [
            (-1.0 if sign else 1.0) * _NUMBERS[number] / _size(count, shape)
            for shape, _ in zip(shapes, factors, strict=False)
        ]
        if values and np.allclose(values, wanted, rtol=_NEAR):
            yield f"{sign if known is None else known}{number}{count}"


def _size(count: str, shape: Sequence[int]) -> int:
    match count:
        case "":
            return 1
        case " / A.size":
            return int(np.prod(shape))
        case " / A.shape[0]":
            return shape[0] if shape else 1
        case _:
            return shape[-1] if shape else 1


def _fit(problem: Problem, output: str) -> _Fit | None:
    draws = [dict[str, int](), {name: size + 2 for name, size in problem.dimensions.items()}]
    found = [each for sizes in draws if (each := _factors(problem, sizes, output)) is not None]
    if not found:
        return None
    by_name = found[0].by_name
    known = [factor for factor in by_name.values() if factor is not None]
    counts = {f: sum(np.isclose(f, g, rtol=_NEAR) for g in known) for f in known}
    factor = max(counts, key=lambda f: counts[f], default=None)
    names = [
        n
        for n, f in by_name.items()
        if f is not None and factor is not None and np.isclose(f, factor, rtol=_NEAR)
    ]
    factors = [f for each in found if names and (f := each.by_name.get(names[0])) is not None]
    start = [each.start for each in found if each.start is not None]
    return _Fit(
        len(names), len(by_name), (*factors,), tuple(each.shape for each in found), (*start,)
    )


@dataclass(frozen=True)
class _Factors:
    """For each input that has a gradient, how many times the true one it is, None where it isn't,
    those nearest to the loss first; the same of the output; and the output's shape."""

    by_name: Mapping[str, float | None]
    start: float | None
    shape: tuple[int, ...]


def _factors(problem: Problem, sizes: Mapping[str, int], output: str) -> _Factors | None:
    """The factors on one draw; None where it doesn't run."""
    try:
        drawn = problem.inputs(**sizes)
        known = plain_locals(problem, inputs_of_their_own(drawn))
        call = call_of(problem)
        with np.errstate(all="ignore"):
            answers = call.answers(call.filled(known))
            program = trace_problem(problem, drawn)
            program.outputs[0].tensor.backward()
    except (ByhandError, StatementError):
        return None
    found: dict[str, float | None] = {}
    order = computed_first_to_last([step.tensor for step in program.outputs])
    used = {arg: i for i, tensor in reversed([*enumerate(order)]) for arg in tensor.args}
    for step in sorted(program.inputs, key=lambda step: -used.get(step.tensor, 0)):
        name, path = tree.parsed(step.name)
        if f"d{name}" in answers and name not in problem.data:
            gradient = array(tree.get(answers[f"d{name}"], path))
            found[step.name] = _factor(gradient, step.tensor.grad)
    start = None
    if output in program.bindings and any(s.tensor.grad is not None for s in program.inputs):
        last = program.bindings[output][-1].tensor
        start = _factor(array(answers.get(f"d{output}")), last.grad)
    return _Factors(found, start, np.shape(known.get(output, ())))


def _factor(gradient: Array | None, right: Array | None) -> float | None:
    """How many times what is right a gradient is, if it is that."""
    if gradient is None or right is None or gradient.shape != right.shape or not right.any():
        return None
    times = float(np.sum(gradient * right) / np.sum(right * right))
    near = np.allclose(gradient, times * right, rtol=_NEAR, atol=_NEAR * np.abs(right).max())
    return times if near and times else None
