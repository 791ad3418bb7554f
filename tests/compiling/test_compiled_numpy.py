"""What NumPy means by views, changes in place, look-ups and scatters is kept."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from byhand.compiling import compile as compiling
from byhand.compiling import compile_step, relinked
from byhand.compiling.nests import Nest
from byhand.errors import UnsupportedError
from compiled_steps import in_python

RNG = np.random.default_rng(0)

STATEMENTS = {
    "an update through a view": "v = A[1:3]; v *= 2; out = A + 1",
    "a copy isn't a view": "v = A.copy(); v *= 2; out = A + v",
    "a reshape that copies": "v = A.T.reshape(-1); v += 1; out = v.sum() + A",
    "a reshape that is a view": "v = A.reshape(-1); v += 1; out = A * 2",
    "zeros filled by index": "out = np.zeros((4, 3)); out[np.arange(4), y] = A.sum(axis=1)",
    "the last of equal indices stays": "out = np.zeros(3); out[y] = A[:, 0]",
    "equal indices add up": "out = np.zeros_like(A); np.add.at(out, y, A)",
    "indices that are subtracted": "out = A * 1; np.subtract.at(out, (np.arange(4), y), 1.0)",
    "an index from the end": "out = A[np.arange(4), y - 3]",
    "an index array beside a slice": "out = A[y, 1:]",
    "index arrays apart": "B = A[None] * np.ones((2, 1, 1)); out = B[y % 2, :, y]",
    "one-hot rows": "out = np.eye(3)[y] @ A.T",
    "shifted onto itself": "v = A * 1; v[1:] = v[:-1]; out = v",
    "a transposed result": "v = A.T + 1; out = v * A.T",
    "where and a mask": "out = np.where(A > 0, A, -np.inf).max(axis=1)",
    "relu of nothing": "out = np.maximum(A * np.nan, 0)",
    "argmax as an index": "out = A * 1; out[np.arange(4), A.argmax(axis=1)] += 10",
    "argmin along the first axis": "out = A.argmin(axis=0) * 1.0",
    "a constant changed first": "v = np.ones(3); v[1] = 5; out = A * v; v[2] = 7; out = out + v",
    "the same sum before and after a change": "v = A * 1; w = v + 1; v *= 3; out = w * (v + 1)",
    "powers": "B = np.abs(A) + 1; out = B**-0.5 + B**3 + B**-1 + B**1.7 + 2**B",
    "mean and variance": "out = A.mean(axis=0) + A.var(axis=0, ddof=1) + A.std()",
    "stack and concatenate": "out = np.concatenate([np.stack([A, 2 * A]).sum(axis=0), A])",
    "a batch of products": "B = np.stack([A, A + 1]); out = B @ B.swapaxes(-1, -2) @ A",
    "a matrix times a vector": "out = A @ A[0] + A[:, 0] @ A[:, :1]",
    "tensordot": "B = np.stack([A, A + 1]); out = np.tensordot(B, B, axes=((0, 1), (0, 1)))",
    "booleans count": "out = (A > 0).sum(axis=0) * 1.0 + ((A > 0) & (A < 1)).astype(A.dtype)",
    "whole numbers are divided": "out = y / 2 + y // 2 + y % 2 + A[:, 0]",
    "broadcast and summed": "out = (A[:, None, :] * A[None, :, :]).sum(axis=1)",
    "softmax by rows": "e = np.exp(A - A.max(axis=1)[:, None]); out = e / e.sum(1, keepdims=True)",
    "the middle axis": "B = np.stack([A, A + 1], axis=1); out = B.sum(axis=1) + B.max(axis=1)",
    "clipped": "out = np.clip(A, -0.5, 0.5)",
    "along an axis": "out = np.take_along_axis(A, y[:, None], axis=1) * A",
    "a few of what was computed": "L = np.log(A * A + 1); out = L[np.arange(4), y]",
    "a few, in other order": "L = np.exp(A.T); out = L[y, np.arange(4)] + L[y, 3 - np.arange(4)]",
    "a few of what was broadcast": "L = A - A.max(1, keepdims=True); out = L[np.arange(4), y]",
    "a single item": "B = A * 2; v = B[1, 2]; B += 1; out = B * v + B[0, 0] + sum(B[3])",
    "a few, and all": "L = np.exp(A); out = L[np.arange(4), y] + L.sum(axis=1)",
    "a few, changed since": "B = A + 2; L = B * B; B += 1; out = L[np.arange(4), y] + B[:, 0]",
    "a few of a few": "L = np.exp(A)[1:] * 2; out = L[np.arange(3), y[1:]] + L[0, 0]",
    "needed later": "h = np.tanh(A); g = 1 - h**2; B = h @ h.T; out = B @ A * g",
    "needed later, changed since": "h = A + 1; g = 1 - h; h *= 2; B = h @ h.T; out = B @ A * g",
    "needed later, twice": "h = A + 1; g = 1 - h; B = h @ h.T; C = B @ A * g; out = B @ C + g",
}


def step_of(statements: str) -> Callable[[dict[str, Any]], Any]:
    namespace: dict[str, Any] = {"np": np}
    exec(
        f"def step(A, y, kept):\n    {statements}\n    kept[...] = out\n    return out.sum()",
        namespace,
    )
    function = relinked(namespace)["step"]
    return lambda given: function(**given)


def inputs(statements: str) -> dict[str, Any]:
    held = {"A": RNG.normal(size=(4, 3)), "y": np.array([2, 0, 2, 1])}
    names = {"np": np, **copy.deepcopy(held)}
    exec(statements, names)
    return held | {"kept": np.zeros(np.shape(names["out"]))}


def agrees(statements: str) -> None:
    step, values = step_of(statements), inputs(statements)
    compiled = compile_step(step, values, ())
    with np.errstate(all="ignore"):
        for _ in range(2):  # once more, from what the first has left
            compiled.run({}, steps=1)
            step(values)
            for name, value in values.items():
                np.testing.assert_allclose(compiled.input(name), value, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("statements", STATEMENTS.values(), ids=STATEMENTS)
def test_the_source_says_what_numpy_does(statements: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "load", in_python)
    agrees(statements)


def test_what_is_left_to_numpy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "load", in_python)
    statements = "v = np.sort(A * 2, axis=0); out = np.linalg.inv(v.T @ v + np.eye(3)) + 1"
    agrees(statements)
    compiled = compile_step(step_of(statements), inputs(statements), ())
    assert [call.partition(" ")[0] for call in compiled.calls] == ["np.sort", "np.inv"]


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        ("out = A if A.sum() > 0 else -A", "a decision depends on its values"),
        ("out = A * float(A[0, 0])", "asks for its value"),
        ("out = A[A > 0]", "changing size"),
    ],
)
def test_what_depends_on_values_is_not_compiled(statements: str, why: str) -> None:
    with pytest.raises(UnsupportedError, match=why):
        compile_step(step_of(statements), inputs(statements), ())


@pytest.mark.parametrize("statements", ["out = A[y]", "out = np.exp(A)[np.arange(4), y - 1]"])
def test_an_index_out_of_bounds_raises(statements: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "load", in_python)
    compiled = compile_step(step_of(statements), inputs(statements), ("y",))
    with pytest.raises(IndexError):
        compiled.run({"y": np.array([[0, 1, 2, 4]])})


def nests(statements: str) -> list[list[tuple[str, int]]]:
    """The ops of each nest, and over how many elements they run."""
    made = compiling.plan(step_of(statements), inputs(statements))
    found = [item for item in made.items if isinstance(item, Nest)]
    return [[(loop.op, math.prod(loop.shape)) for loop, _, _ in nest.members] for nest in found]


def test_what_is_read_at_a_few_places_is_computed_there() -> None:
    ops = [op for nest in nests(STATEMENTS["a few of what was computed"]) for op in nest]
    assert ("log", 4) in ops and ("log", 12) not in ops
    ops = [op for nest in nests(STATEMENTS["a few, and all"]) for op in nest]
    assert ("exp", 12) in ops


def test_what_is_needed_later_is_computed_there() -> None:
    first, last = nests(STATEMENTS["needed later"])
    assert first == [("tanh", 12)]
    assert last[:3] == [("power", 12), ("subtract", 12), ("multiply", 12)]
    first, _ = nests(STATEMENTS["needed later, changed since"])
    assert ("subtract", 12) in first
