"""`byhand.testing.assert_backward`: what passes, and what its AssertionError says."""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import Any

import numpy as np
import pytest

from byhand.errors import ProblemError
from byhand.testing import assert_backward


def dense(x: Any, w: Any, b: Any) -> Any:
    y = x @ w + b
    out = np.tanh(y)
    return out


def dense_backward(dout: Any, x: Any, w: Any, out: Any) -> Any:
    dy = dout * (1 - out**2)
    return dy @ w.T, x.T @ dy, dy.sum(0)


def locals_backward(dout: Any, x: Any, w: Any, out: Any) -> None:
    dy = dout * (1 - out**2)
    dx = dy @ w.T
    dw = x.T @ dy
    db = dy.sum(0)


def returned_backward(dout: Any, x: Any, w: Any, out: Any) -> dict[str, Any]:
    dy = dout * (1 - out**2)
    return {"x": dy @ w.T, "w": x.T @ dy, "b": dy.sum(0)}


def wrong_backward(dout: Any, x: Any, w: Any, out: Any) -> Any:
    dy = dout * (1 - out)
    return dy @ w.T, x.T @ dy, dy.sum(0)


class Compiled:
    """Has no Python to be judged line by line."""

    def __init__(self, call: Any) -> None:
        self.call = call

    def __call__(self, dout: Any, x: Any, w: Any, out: Any) -> Any:
        return self.call(dout, x, w, out)


def arguments(rng: np.random.Generator, *, n: int = 4, m: int = 3, k: int = 2) -> dict[str, Any]:
    return {"x": rng.normal(size=(n, m)), "w": rng.normal(size=(m, k)), "b": rng.normal(size=k)}


INPUTS = arguments(np.random.default_rng(0))


@pytest.mark.parametrize("inputs", [INPUTS, tuple(INPUTS.values()), arguments])
@pytest.mark.parametrize(
    "backward", [dense_backward, locals_backward, returned_backward, Compiled(dense_backward)]
)
def test_right_ones_pass(backward: Any, inputs: Any) -> None:
    report = assert_backward(dense, backward, inputs)
    assert {"x", "w", "b"} <= {row.name for row in report.rows}


def test_sizes_are_those_of_the_drawing_function() -> None:
    assert assert_backward(dense, dense_backward, arguments, sizes={"k": 5})["w"].shape == (3, 5)
    with pytest.raises(ProblemError, match="there is no size q: n, m, k"):
        assert_backward(dense, dense_backward, arguments, sizes={"q": 5})


def test_the_message_begins_as_people_know_it_and_then_blames() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_backward(dense, wrong_backward, INPUTS)
    out = np.tanh(INPUTS["x"] @ INPUTS["w"] + INPUTS["b"])
    upstream = np.random.default_rng([0, 1]).normal(size=out.shape)
    true = upstream * (1 - out**2)
    errors = abs(upstream * (1 - out) - true)
    lines = str(caught.value).splitlines()
    assert lines[:3] == ["dy is not close!", "", "Mismatched elements: 8 / 8 (100.0%)"]
    assert lines[3] == _greatest("absolute", errors)
    assert lines[4] == _greatest("relative", errors / abs(true))
    line = wrong_backward.__code__.co_firstlineno + 1
    assert lines[6:9] == [
        f"line {line}: dy is wrong",
        "    dy = dout * (1 - out)",
        "                     ^^^",
    ]
    assert lines[9] == "  the exponent of `out` is wrong (wrong-exponent)"


def _greatest(kind: str, errors: Any) -> str:
    at = tuple(map(int, np.unravel_index(np.argmax(errors), errors.shape)))
    return f"Greatest {kind} difference: {float(errors[at])!r} at index {at}"


def test_some_elements_are_counted() -> None:
    def square(x: Any) -> Any:
        y = x * x
        return y

    def back(dy: Any, x: Any) -> Any:
        dx = 2 * dy * x
        dx[1] = 0
        return dx

    with pytest.raises(AssertionError, match=r"Mismatched elements: 1 / 4 \(25\.0%\)") as caught:
        assert_backward(square, back, [np.arange(1.0, 5.0)])
    assert "Greatest relative difference: 1.0 at index (1,)" in str(caught.value)


def test_a_wrong_shape_and_a_missing_gradient_have_their_own_first_line() -> None:
    def short(dout: Any, x: Any, w: Any, out: Any) -> Any:
        dy = dout * (1 - out**2)
        return dy @ w.T, x.T @ dy, dy.sum(0, keepdims=True)

    with pytest.raises(AssertionError, match=r"^db has the wrong shape: \(1, 2\) != \(2,\)\n"):
        assert_backward(dense, short, INPUTS)

    def none(dout: Any, x: Any, out: Any) -> None:
        dy = dout * (1 - out**2)
        dw = x.T @ dy
        db = dy.sum(0)

    with pytest.raises(AssertionError, match=r"^dx is missing\n"):
        assert_backward(dense, none, INPUTS)


def test_compiled_code_is_judged_by_what_it_returns() -> None:
    with pytest.raises(AssertionError, match="its results are judged"):
        assert_backward(dense, Compiled(wrong_backward), INPUTS)


def test_a_library_in_c() -> None:
    cosine = ctypes.CDLL(ctypes.util.find_library("m")).cos
    cosine.restype, cosine.argtypes = ctypes.c_double, [ctypes.c_double]

    def sine(x: Any) -> Any:
        y = np.sin(x)
        return y

    def right(dy: Any, x: Any) -> Any:
        return np.array([cosine(each) for each in x]) * dy

    def wrong(dy: Any, x: Any) -> Any:
        return -np.array([cosine(each) for each in x]) * dy

    inputs = [np.array([0.3, -1.2, 2.0])]
    assert_backward(sine, right, inputs)
    with pytest.raises(AssertionError, match=r"\(sign\)"):
        assert_backward(sine, wrong, inputs)


def test_one_name_for_two_things_is_judged_by_what_it_gives() -> None:
    def scaled() -> tuple[Any, Any]:
        scale = 2.0

        def forward(x: Any) -> Any:
            y = x * scale
            return y

        return forward, other()

    def other() -> Any:
        scale = 3.0

        def back(dy: Any) -> Any:
            return dy * scale

        return back

    with pytest.raises(AssertionError, match="scale is one thing"):
        assert_backward(*scaled(), [np.ones(3)])


# Compiled forwards, references, and what hides bugs of compiled code.


class Opaque:
    """A forward that can't be followed."""

    def __init__(self, call: Any) -> None:
        self.call = call

    def __call__(self, x: Any, w: Any, b: Any) -> Any:
        return self.call(*map(np.ascontiguousarray, (x, w, b)))


@pytest.mark.parametrize("reference", [None, dense])
def test_a_compiled_forward_is_differentiated_by_a_reference_or_by_differences(
    reference: Any,
) -> None:
    report = assert_backward(Opaque(dense), Compiled(dense_backward), INPUTS, reference=reference)
    assert report.referee == ("finite" if reference is None else "reference")
    assert {row.name for row in report.rows} == {"x", "w", "b"}
    with pytest.raises(AssertionError, match=r"^dx is not close!\n\nMismatched elements: 12 / 12"):
        assert_backward(Opaque(dense), Compiled(wrong_backward), INPUTS, reference=reference)


def test_a_reference_that_is_another_function_is_found() -> None:
    def other(x: Any, w: Any, b: Any) -> Any:
        out = np.tanh(x @ w)
        return out

    with pytest.raises(AssertionError, match="forward was compared with the reference"):
        assert_backward(dense, dense_backward, INPUTS, reference=other)


def test_a_wrong_backward_in_python_keeps_its_line_beside_a_reference() -> None:
    with pytest.raises(AssertionError, match="wrong-exponent"):
        assert_backward(dense, wrong_backward, INPUTS, reference=dense)


def in_memory_order(dout: Any, x: Any, w: Any, out: Any) -> Any:
    """As C code that takes dout for contiguous."""
    flat = np.lib.stride_tricks.as_strided(dout, dout.shape, (8 * dout.shape[1], 8))
    return dense_backward(flat, x, w, out)


def overwriting(dout: Any, x: Any, w: Any, out: Any) -> Any:
    found = dense_backward(dout, x, w, out)
    dout[...] = 0
    return found


def unwritten(dout: Any, x: Any, w: Any, out: Any) -> Any:
    dx, dw, db = dense_backward(dout, x, w, out)
    new = np.empty_like(dw)
    new[1:] = dw[1:]
    if np.isfinite(new[0]).all():  # as memory that happens to be right
        new[0] = dw[0]
    return dx, new, db


@pytest.mark.parametrize(
    ("backward", "name"),
    [(in_memory_order, "layout"), (overwriting, "in-place"), (unwritten, "unwritten")],
)
def test_what_hides_bugs_of_compiled_code_is_found(backward: Any, name: str) -> None:
    with pytest.raises(AssertionError, match=f"{name}: "):
        assert_backward(dense, Compiled(backward), INPUTS)


def test_numba() -> None:
    numba = pytest.importorskip("numba")

    def square(x: Any) -> Any:
        y = x * x
        return y

    def square_backward(dy: Any, x: Any) -> Any:
        return 2 * dy * x

    def cube_backward(dy: Any, x: Any) -> Any:
        return 3 * dy * x

    compiled = numba.njit(square)
    assert_backward(compiled, numba.njit(square_backward), [np.arange(1.0, 5.0)])
    line = cube_backward.__code__.co_firstlineno + 1
    with pytest.raises(AssertionError, match=f"line {line}: dx is wrong"):
        assert_backward(compiled, numba.njit(cube_backward), [np.arange(1.0, 5.0)])
