"""What the records say of the ops, besides values and derivatives: each fact against NumPy,
PyTorch, or samples."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from printing import Symbol
from test_registry import OPS, derivative, differentiable_positions, drawn, upstream

from byhand.ops import REGISTRY, spelling
from byhand.ops.op import Op, Sample
from byhand.ops.signs import Sign, sign_of

ELEMENTWISE = [pytest.param(op, id=n) for n, op in REGISTRY.items() if op.family == "elementwise"]


# What code says.


def said(op: Op, library: spelling.Library, case: Sample) -> tuple[str, dict[str, Any]]:
    """Code for a sample over `x0`, `x1`, ..., and the values of the parameters in it."""
    values: dict[str, Any] = {}

    def words(key: str, value: Any) -> ast.expr:
        values[f"given_{key}"] = value
        return ast.Name(f"given_{key}", ast.Load())

    names = [ast.Name(f"x{i}", ast.Load()) for i in range(len(case.shapes))]
    ndims = list(map(len, case.shapes))
    return ast.unparse(spelling.spelled(op, library, names, ndims, case.params, words)), values


def in_torch(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(in_torch, value))
    return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value


def run(op: Op, library: spelling.Library, case: Sample, xs: list[np.ndarray]) -> Any:
    code, values = said(op, library, case)
    arrays: dict[str, Any] = {f"x{i}": x for i, x in enumerate(xs)}
    if library == "torch":
        arrays = {name: torch.from_numpy(x.copy()) for name, x in arrays.items()}
        values = {name: in_torch(value) for name, value in values.items()}
    return np.asarray(eval(code, {"np": np, "torch": torch, "math": math}, arrays | values))


def has_no_negative_step(case: Sample) -> bool:
    index = case.params.get("index")
    items = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(item, slice) and (item.step or 1) < 0 for item in items)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("op", OPS)
def test_code_that_says_it_gives_the_same_numbers(op: Op, library: spelling.Library) -> None:
    if op.numpy is None:
        assert op.scatters or op.structure == "multilinear"  # these are written as statements
        return
    for case in op.samples:
        xs = drawn(op, case, np.float64)
        if library == "torch" and not has_no_negative_step(case):
            continue
        if op.name in ("erf", "var", "std") and not xs[0].size:
            continue  # np.vectorize refuses, and PyTorch warns
        if any(p == () and len(case.shapes) > 1 for p in case.shapes) and op.name == "clip":
            continue
        found, expected = run(op, library, case, xs), op.forward(*xs, **case.params)
        assert found.shape == np.shape(expected), said(op, library, case)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("op", OPS)
def test_what_goes_without_saying_is_left_out(op: Op) -> None:
    for library, case in product(("numpy", "torch"), op.samples):
        if op.numpy is not None:
            _, values = said(op, library, case)
            assert not any(value is None or value is False for value in values.values())


def the_function(alias: str) -> Any:
    module, *path = alias.split(".")
    return reduce(getattr, path, {"np": np, "torch": torch}[module])


@pytest.mark.parametrize("op", OPS)
def test_aliases_are_functions_that_do_the_same(op: Op) -> None:
    for alias in op.aliases:
        function = the_function(alias)
        for case in op.samples:
            if op.family != "elementwise":
                continue
            xs = drawn(op, case, np.float64)
            if alias.startswith("torch"):
                found = function(*map(torch.from_numpy, [x.copy() for x in xs]))
            else:
                found = function(*xs)
            np.testing.assert_allclose(found, op.forward(*xs), rtol=1e-12, atol=1e-12)


def larger(x: float, y: float) -> float:
    return max(x, y)


def smaller(x: float, y: float) -> float:
    return min(x, y)


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_the_expression_for_one_element(op: Op) -> None:
    """In Python's own arithmetic, with Python's `math`."""
    known = {"math": math, "larger": larger, "smaller": smaller, "sign": np.sign}
    for number in range(8) if op.scalar else ():
        rng = np.random.default_rng(number)
        xs = [op.domain(i).draw(rng, ()) for i in range(len(op.vjps))]
        numbers = [bool(x) if np.asarray(x).dtype == bool else float(x) for x in xs]
        found = eval(op.scalar.format(*map(repr, numbers)), known)
        assert math.isclose(found, op.forward(*numbers), rel_tol=1e-14, abs_tol=1e-14)


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_the_expression_in_a_kernel(op: Op) -> None:
    """With arrays of NumPy's for Triton's blocks, and every function by the same name."""
    if not op.triton:
        return
    words = SimpleNamespace(**{name: each.forward for name, each in REGISTRY.items()}, abs=np.abs)
    xs = [op.domain(i).draw(np.random.default_rng(i), (3, 4)) for i in range(len(op.vjps))]
    places = [f"x{i}" for i in range(len(xs))]
    known = {"tl": words, **dict(zip(places, xs, strict=True))}
    found = eval(op.triton.format(*places), known)
    np.testing.assert_allclose(found, op.forward(*xs), rtol=1e-13, atol=1e-13)


# What holds of results.


@pytest.mark.parametrize("op", OPS)
def test_views_share_memory_and_nothing_else_does(op: Op) -> None:
    shared = False
    for case in op.samples:
        xs = drawn(op, case, np.float64)
        out = op.forward(*xs, **case.params)
        shared |= any(np.may_share_memory(out, x) for x in xs if x.size)
    assert shared == op.view


@pytest.mark.parametrize("op", OPS)
def test_what_permutes_has_every_element_once(op: Op) -> None:
    def is_permuted(case: Sample) -> bool:
        places = np.arange(math.prod(case.shapes[0])).reshape(case.shapes[0])
        return np.array_equal(np.sort(op.forward(places, **case.params), axis=None), places.ravel())

    if op.permutes:
        assert all(map(is_permuted, op.samples))
    elif op.structure == "selection" and len(op.vjps) == 1 and not op.variadic:
        assert not all(map(is_permuted, op.samples))


@pytest.mark.parametrize("op", OPS)
def test_what_is_exact_gives_the_same_in_any_precision(op: Op) -> None:
    def is_same(case: Sample) -> bool:
        narrow = drawn(op, case, np.float32)
        wide = [x if x.dtype == bool else x.astype(np.float64) for x in narrow]
        found, wanted = (op.forward(*xs, **case.params) for xs in (narrow, wide))
        return np.array_equal(np.asarray(found, np.float64), wanted)

    assert all(map(is_same, op.samples)) == op.exact


@pytest.mark.parametrize("op", OPS)
def test_booleans(op: Op) -> None:
    xs = drawn(op, op.samples[0], np.float64)
    assert (np.asarray(op.forward(*xs, **op.samples[0].params)).dtype == bool) == op.boolean


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_comparisons(op: Op) -> None:
    holds = (
        "".join(s for s, x in (("<", -1), ("=", 0), (">", 1)) if op.forward(x, 0))
        if (op.boolean and len(op.vjps) == 2 and not op.name.startswith("logical"))
        else ""
    )
    assert set(op.compares) == set(holds)


KINDS: Mapping[str, Any] = {
    "positive": lambda rng, shape: rng.uniform(0.2, 3.0, shape),
    "not negative": lambda rng, shape: np.abs(rng.normal(size=shape)) * (rng.random(shape) < 0.8),
    "any": lambda rng, shape: rng.normal(size=shape) * 3,
}
EXPONENTS = (2, 3, 0, -1, -2, 0.5, -0.5, 1 / 3)


def signed(op: Op) -> Iterator[tuple[list[Any], Sample]]:
    """Arguments of every kind of sign, also as plain numbers."""
    rng = np.random.default_rng(0)
    for case, _ in product(op.samples, range(2)):
        for kinds in product(KINDS.values(), repeat=len(case.shapes)):
            drawn = [kind(rng, shape) for kind, shape in zip(kinds, case.shapes, strict=True)]
            yield drawn, case
            if op.name == "power":
                yield from (([drawn[0], number], case) for number in EXPONENTS)


@pytest.mark.parametrize("op", OPS)
def test_signs_hold(op: Op) -> None:
    if op.sign([Sign.UNKNOWN] * 3, [None] * 3) == op.sign([Sign.POSITIVE] * 3, [None] * 3) == 0:
        return
    with np.errstate(all="ignore"):
        for xs, case in signed(op):
            out = np.asarray(op.forward(*map(np.asarray, xs), **case.params))
            out = out[~np.isnan(out)]
            known = [sign_of(x) for x in xs]
            numbers = [x if isinstance(x, (int, float)) else None for x in xs]
            reduces_nothing = not all(np.size(x) for x in xs)
            if not out.size or reduces_nothing:
                continue
            for given in (numbers, [None] * len(xs)):
                claimed = op.sign(known, given)
                assert claimed != Sign.POSITIVE or out.min() > 0, (known, given, out.min())
                assert claimed != Sign.NOT_NEGATIVE or out.min() >= 0, (known, given, out.min())


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_poles(op: Op) -> None:
    """At a zero of such an argument the result isn't finite; at a zero of another it is.

    Of a power that depends on the exponent.
    """
    rng = np.random.default_rng(0)
    xs = [op.domain(i).draw(rng, ()) for i in range(len(op.vjps))]
    with np.errstate(all="ignore"):
        for i in range(len(xs)):
            at_zero = [*xs[:i], np.zeros(()), *xs[i + 1 :]]
            if op.domain(i).name in ("above 1", "boolean") or op.name == "power":
                continue
            finite = bool(np.isfinite(op.forward(*at_zero)))
            assert finite != (i in op.poles), f"argument {i}"


@pytest.mark.parametrize("op", [each for each in OPS if each.values[0].quotient])
def test_quotients(op: Op) -> None:
    """At a zero the result and the derivative are finite, and their quotient isn't."""
    case = op.samples[0]
    x = drawn(op, case, np.float64)[0]
    x.flat[0] = 0.0
    rest = [np.full(shape, 2.0) for shape in case.shapes[1:]]
    out, vjp = np.asarray(op.forward(x, *rest, **case.params)), op.vjp(0)
    assert vjp is not None
    with np.errstate(all="ignore"):
        assert np.isfinite(out).all()
        assert np.isfinite(vjp(np.ones(out.shape), out, x, *rest, **case.params)).all()
        assert not np.isfinite(out * 1.0 / x).all()


@pytest.mark.parametrize("op", OPS)
def test_axes_are_equal(op: Op) -> None:
    def length(of: Any) -> int:
        match of:
            case int():
                return of
            case list():
                return sum(map(length, of))
            case array, axis:
                return array.shape[axis]

    told = 0
    for case in op.samples:
        xs = drawn(op, case, np.float64)
        out = np.asarray(op.forward(*xs, **case.params))
        for one, other in op.axes(out, xs, case.params):
            told += 1
            assert length(one) == length(other), case
    assert told or op.name in ("scatter", "scatter_along_axis", "overlap_add", "trace")


# What holds of derivatives.


def slopes(op: Op, xs: list[np.ndarray], position: int, place: Any) -> tuple[float, float]:
    """To the left and to the right, of the sum of the results."""
    found: list[float] = []
    for step in (-1e-6, 1e-6):
        moved = [x.copy() for x in xs]
        moved[position][place] += step
        found.append(float((op.forward(*moved).sum() - op.forward(*xs).sum()) / step))
    return found[0], found[1]


@pytest.mark.parametrize("op", OPS)
def test_kinks(op: Op) -> None:
    """At equal arguments, at equal elements, and at 0."""
    if op.structure not in ("elementwise", "reduction") or not op.differentiable:
        return
    found = ""
    if len(op.vjps) > 1:
        equal = [np.full(1, 0.7) for _ in op.vjps]
        equal[2:] = [x + 0.5 for x in equal[2:]]  # of clip one bound, or it is flat
        left, right = slopes(op, equal, 0, 0)
        found = "arguments" if abs(left - right) > 1e-3 else ""
    elif op.structure == "reduction":
        pairs = [slopes(op, [np.array([0.7, 0.7, other])], 0, 0) for other in (0.1, 1.3)]
        found = "elements" if any(abs(left - right) > 1e-3 for left, right in pairs) else ""
    elif op.domains[0].name in ("real", "nonzero") and op.name not in ("cbrt", "reciprocal"):
        left, right = slopes(op, [np.zeros(1)], 0, 0)
        found = "zero" if abs(left - right) > 1e-3 else ""
    assert found == op.kink


@pytest.mark.parametrize("op", OPS)
def test_an_index_may_read_an_element_twice(op: Op) -> None:
    def reads_twice(case: Sample) -> bool:
        places = np.arange(1, 1 + math.prod(case.shapes[0])).reshape(case.shapes[0])
        read = np.asarray(op.forward(places, **case.params))
        return len(np.unique(read)) < read.size

    by_index = {"index", "indices"} & set().union(*(case.params for case in op.samples))
    reading = op.structure == "selection" and len(op.vjps) == 1 and not op.variadic
    assert op.indexed == bool(by_index and reading and any(map(reads_twice, op.samples)))


WRITES = ("scatter", "scatter_along_axis", "put", "overlap_add")


@pytest.mark.parametrize("op", OPS)
def test_what_writes_into_zeros_on_its_way_back(op: Op) -> None:
    written = False
    for case in op.samples:
        xs = drawn(op, case, np.float64)
        out = op.forward(*xs, **case.params)
        g = Symbol("g", upstream(op, case, out))
        inputs = [Symbol(f"x{i}", x) for i, x in enumerate(xs)]
        for i in differentiable_positions(op, case):
            text = str(derivative(op, i, g, Symbol("out", out), inputs, case).text)
            written |= any(f"REGISTRY[{name!r}]" in text for name in WRITES)
    assert written == op.scatters


def test_names_tell_ops_apart() -> None:
    """No function or method stands for two ops."""
    owners: dict[str, str] = {}
    for op in REGISTRY.values():
        for name in spelling.names(op):
            assert owners.setdefault(name, op.name) == op.name, name
