"""The loss of a forward that comes without one: `backward(X, y)` says it by where it starts.

`dZ2 = A2 - Y` is the gradient of a cross-entropy, `(output - y) * ...` that of squares. The usual
losses are tried, and that is taken of which most gradients are right, up to a factor that is the
same for all: 2, or one over the number of examples, or a sign where the steps are added.
"""

from __future__ import annotations

import ast
import copy
import itertools
import re
import time
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
from byhand.sources.assemble import placed
from byhand.sources.signature import parameters
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
    f"({_LOG}(__import__('numpy').exp(A).sum(1)) - A[range(len(T)), T]).sum()",  # of logits
)
_HINGE = "__import__('numpy').maximum(0, 1 - A * T).sum()"
_NUMBERS = {"": 1.0, " / 2": 0.5, " * 2": 2.0}
_COUNTS = ("", " / A.shape[0]", " / A.shape[-1]", " / A.size")
_NEAR = 1e-6
LONG = 2.0
"""After how many seconds of looking for arguments in vain no further loss is tried."""


@dataclass(frozen=True)
class _Fit:
    """How many gradients of `number` are a factor, the same for all, times those of a loss; that
    factor, and the shape of the output, on each draw."""

    right: int
    number: int
    factors: tuple[float, ...]
    shapes: tuple[tuple[int, ...], ...]


def with_usual_loss(
    made: Callable[[ast.FunctionDef], Problem],
    backward: ast.FunctionDef,
    where: ast.AST,
    output: str,
    label: str,
    sign: str | None = None,
    penalty: str = "",
) -> Problem | None:
    """The problem that is `made` with the loss that its backward starts from; None where it starts
    from none of the usual ones. `where` is the place in the file that the loss gets, `sign` that
    which it has where that is known, whatever the gradients have. `penalty` is added to it.

    Raises ProblemError where no arguments are found in time.
    """
    began = time.process_time()
    begun: list[tuple[str, str]] = []
    for loss in _usual(label, backward):
        try:
            if penalty:
                penalized = _penalized(made, loss, where, output, sign or "", penalty)
                if penalized is not None:
                    return _with(made, penalized, where, output, label)
            found = _measured(made(_cost(loss, where)), output)
        except ProblemError:  # it doesn't run on such an output
            if time.process_time() - began > LONG:
                raise
            continue
        scale = _scale(found, sign)
        if scale is not None:
            return _with(made, _scaled(loss, scale, penalty), where, output, label)
        if sign is not None:
            start = [each.start for each in found if each.start is not None]
            shapes = [each.shape for each in found]
            begun += [(loss, scale) for scale in _scales(start, shapes, sign)]
    return _with(made, _scaled(*begun[0], penalty), where, output, label) if begun else None


def with_own_loss(
    made: Callable[[ast.FunctionDef], Problem],
    cost: ast.FunctionDef,
    output: str,
    sign: str | None,
) -> Problem | None:
    """The problem that is `made` with a loss that its file computes, if most gradients are a number
    of times those of it. A factor of 2 may be left out of either: then they are those of half or
    double of it."""
    try:
        for fit in _fits(_measured(made(cost), output)):
            if 2 * fit.right >= fit.number:
                numbers = (n for n, f in _NUMBERS.items() if np.allclose(np.abs(fit.factors), f))
                return _rescaled(made, cost, sign or "", next(numbers, ""))
    except ProblemError:  # it isn't a loss of this output
        pass
    return None


def likeness(problem: Problem) -> float:
    """How many gradients of inputs are those of the loss that a problem has; what is only a number
    of times that counts half."""
    factors = (f for each in _measured(problem, "") for f in each.by_name.values())
    return sum(1.0 if np.isclose(f, 1, rtol=_NEAR) else 0.5 for f in factors if f is not None)


def with_said_loss(
    made: Callable[[ast.FunctionDef], Problem], cost: ast.FunctionDef, output: str
) -> Problem | None:
    """The problem that is `made` with the loss whose derivative its backward asks for, right or
    wrong; None where it doesn't run."""
    try:
        problem = made(cost)
        return problem if _measured(problem, output) else None
    except ProblemError:
        return None


def _rescaled(
    made: Callable[[ast.FunctionDef], Problem], cost: ast.FunctionDef, sign: str, number: str
) -> Problem:
    if not sign and not number:
        return made(cost)
    scaled = copy.deepcopy(cost)
    end = scaled.body[-1]
    assert isinstance(end, ast.Return) and end.value is not None
    text = f"{sign}{ast.unparse(end.value)}{number}"
    end.value = placed(ast.parse(text, mode="eval").body, end)
    problem = made(scaled)
    note = f"the steps are taken with the gradient of {text}, so that is taken"
    return replace(problem, notes=(*problem.notes, note))


def _penalized(
    made: Callable[[ast.FunctionDef], Problem],
    loss: str,
    where: ast.AST,
    output: str,
    sign: str,
    penalty: str,
) -> str | None:
    """The loss, scaled so that with the penalty most gradients are those of it."""
    for count, number in itertools.product(reversed(_COUNTS), _NUMBERS):
        scaled = _scaled(loss, f"{sign}{number}{count}", penalty)
        for fit in _fits(_measured(made(_cost(scaled, where)), output)):
            if not any(fit.shapes) and count:  # there is one number to count
                continue
            if 2 * fit.right >= fit.number and np.allclose(fit.factors, 1.0, rtol=_NEAR):
                return scaled
    return None


def _scale(found: Sequence[_Factors], sign: str | None) -> str | None:
    """What a loss is to be scaled with for most gradients to be right: where two would do, that
    which counts something, as a mean does."""
    scales = [
        scale
        for fit in _fits(found)
        if 2 * fit.right >= fit.number
        for scale in [*_scales(fit.factors, fit.shapes, sign)][:1]
    ]
    return next((scale for scale in scales if "A." in scale), next(iter(scales), None))


def _scaled(loss: str, scale: str, penalty: str) -> str:
    scaled = f"-({loss}){scale[1:]}" if scale.startswith("-") else f"{loss}{scale}"
    return f"{scaled}{penalty}"


def of_squares(
    made: Callable[[ast.FunctionDef], Problem], where: ast.AST, output: str, label: str
) -> Problem:
    """The problem that is `made` with half the sum of squares, whose gradient is `output - labels`,
    whatever its backward starts from."""
    return _with(made, f"{_OF_FLOATS[0]} / 2", where, output, label)


def _with(
    made: Callable[[ast.FunctionDef], Problem],
    loss: str,
    where: ast.AST,
    output: str,
    label: str,
) -> Problem:
    problem = made(_cost(loss, where))
    said = re.sub(r"\bA\b", output, loss.replace("__import__('numpy')", "np"))
    said = re.sub(r"\bT\b(?!\w)", label, said)
    note = f"no loss was found: backward starts from the gradient of {said}, so that is taken"
    return replace(problem, notes=(*problem.notes, note))


def _usual(label: str, backward: ast.FunctionDef) -> Sequence[str]:
    """The usual losses that a backward may start from: a hinge decides by a margin of 1, and may
    have a weight called C."""
    if _is_of_classes(label, backward):
        return _OF_CLASSES
    if re.search(r"[<>]=? 1\b", ast.unparse(backward)):
        return (f"C * {_HINGE}", _HINGE) if "C" in parameters(backward) else (_HINGE,)
    return _OF_FLOATS


def _is_of_classes(label: str, backward: ast.FunctionDef) -> bool:
    """Whether labels are the numbers of classes, as far as the text tells."""
    text = ast.unparse(backward)
    return bool(
        re.search(rf"{label}\.(size|max)\b|one_?hot\w*\({label}|, {label}\]|\[{label},", text)
    )


def _cost(text: str, where: ast.AST) -> ast.FunctionDef:
    made = ast.parse(f"def usual_loss(A, T):\n    return {text}").body[0]
    assert isinstance(made, ast.FunctionDef)
    return placed(made, where)


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


def _measured(problem: Problem, output: str) -> list[_Factors]:
    draws = [dict[str, int](), {name: size + 2 for name, size in problem.dimensions.items()}]
    return [each for sizes in draws if (each := _factors(problem, sizes, output)) is not None]


def _fits(found: Sequence[_Factors]) -> Iterator[_Fit]:
    """Every factor that a gradient has, those first that most have."""
    if not found:
        return
    by_name = found[0].by_name
    known = {name: factor for name, factor in by_name.items() if factor is not None}
    alike = {
        n: [m for m, g in known.items() if np.isclose(f, g, rtol=_NEAR)] for n, f in known.items()
    }
    firsts = [name for name, names in alike.items() if name == names[0]]
    for first in sorted(firsts, key=lambda name: -len(alike[name])):
        factors = [f for each in found if (f := each.by_name.get(first)) is not None]
        shapes = [each.shape for each in found]
        yield _Fit(len(alike[first]), len(by_name), (*factors,), (*shapes,))


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
    used = {arg: i for i, tensor in reversed([*enumerate(order)]) for arg in tensor.parents}
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
