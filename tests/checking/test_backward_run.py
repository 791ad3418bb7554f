"""Running a backward: what each statement wrote, read or damaged; and what if one raises."""

# ruff: noqa: F841, RET504 (the locals of a backward are its answers; a forward names its result)

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from runs import one_run

from byhand.checking.running.backward_run import BackwardRun, Raised
from byhand.checking.running.names import touched_names
from byhand.checking.running.run import run_backward
from byhand.errors import ProblemError
from byhand.program.problem import problem_of

RNG = np.random.default_rng(0)
INPUTS = {"x": RNG.normal(size=(4, 3)), "W": RNG.normal(size=(3, 3)), "b": RNG.normal(size=3)}


def forward(x: Any, W: Any, b: Any) -> Any:
    h = x @ W
    s = h + b
    out = np.tanh(s)
    return out


def run_on(
    backward: Callable[..., Any], forward: Callable[..., Any] = forward, **inputs: Any
) -> BackwardRun:
    return one_run(forward, backward, inputs or INPUTS)[1]


def written(run: BackwardRun) -> list[tuple[str, bool]]:
    """The names that were written in order, each with whether it was bound anew."""
    return [(write.name, write.fresh) for write in run.writes]


class TestWrites:
    def test_a_new_array_is_fresh_and_a_change_is_not(self) -> None:
        def backward(x: Any, W: Any, out: Any, dout: Any) -> None:
            ds = dout.copy()
            ds *= 1 - out**2
            ds[0] = 0.0
            dh = ds
            np.add.at(dh, [0, 0], 1.0)
            dx = np.empty_like(x)
            np.matmul(dh, W.T, out=dx)
            dx.fill(1.0)
            unrelated = dx * 2

        run = run_on(backward)
        assert written(run) == [
            ("s", True),
            ("s", False),
            ("s", False),
            ("h", True),
            ("h", False),
            ("x", True),
            ("x", False),
            ("x", False),
        ]
        assert [write.number for write in run.writes] == [0, 1, 2, 3, 4, 5, 6, 7]
        first = backward.__code__.co_firstlineno
        assert [write.line - first for write in run.writes] == [1, 2, 3, 4, 5, 6, 7, 8]

    def test_a_write_keeps_the_value_it_had(self) -> None:
        def backward(dout: Any) -> None:
            ds = dout * 1
            ds += 1
            ds[0] = 7

        first, second, third = (write.value for write in run_on(backward).writes)
        np.testing.assert_array_equal(first, np.ones((4, 3)))
        np.testing.assert_array_equal(second, np.full((4, 3), 2.0))
        np.testing.assert_array_equal(third[0], np.full(3, 7.0))

    def test_adding_zeros_by_a_call_is_a_write(self) -> None:
        def backward(W: Any, dout: Any) -> None:
            dW = np.zeros_like(W)
            np.add.at(dW, [0, 1], 0.0)
            np.multiply(dW, 0.0, out=dW)
            print(end="", file=None)
            dW.sum()

        assert written(run_on(backward)) == [("W", True), ("W", False), ("W", False)]

    def test_a_call_that_only_reads_is_none(self) -> None:
        def backward(dout: Any) -> None:
            ds = np.sin(dout)
            total = np.sum(ds) + ds.sum() + len(ds)
            ds.sort()

        assert written(run_on(backward)) == [("s", True)], "sorted already"

    def test_loops_write_each_time_and_lists_item_by_item(self) -> None:
        def backward(x: Any, dout: Any) -> None:
            dhs = [None] * 2
            for t in reversed(range(2)):
                dhs[t] = dout[t] * t
            dhs[0] += 1.0
            dbs = []
            dbs.append(dout.sum(0))
            dbs += [dout.sum(0)]

        run = run_on(backward)
        assert written(run) == [
            ("hs[0]", True),
            ("hs[1]", True),
            ("hs[1]", True),
            ("hs[0]", True),
            ("hs[0]", False),
            ("bs[0]", True),
            ("bs[1]", True),
        ]

    def test_other_ways_to_bind(self) -> None:
        def backward(x: Any, dout: Any) -> None:
            ds = dh = dout * 2
            dx, (dW, *_) = x, (dout, 1, 2)
            db: Any = (dq := dout.sum(0)) * 2
            if (dp := dout.max()) > 0:
                pass
            with np.errstate(all="ignore"):
                dr = dp

        names = [name for name, _ in written(run_on(backward))]
        assert set(names[:2]) == {"s", "h"}
        assert set(names[2:4]) == {"x", "W"}
        assert set(names[4:6]) == {"b", "q"}
        assert names[6:] == ["p", "r"]

    def test_names_inside_comprehensions_and_functions_are_their_own(self) -> None:
        def backward(x: Any, dout: Any) -> None:
            dx = dout * 1
            total = [dx * 2 for dx in dout]
            scale = lambda dx: dx * 2  # noqa: E731

            def inner() -> Any:
                dx = 3
                return dx

            db = scale(inner())

        assert written(run_on(backward)) == [("x", True), ("b", True)]

    def test_upstream_gradients_are_followed_where_backward_writes_to_them(self) -> None:
        def reads(dout: Any, x: Any) -> None:
            dx = dout * 2

        def rebinds(dout: Any, x: Any) -> None:
            dout = dout * 2
            dout += 1
            dx = dout

        assert written(run_on(reads)) == [("x", True)]
        assert written(run_on(rebinds)) == [("out", True), ("out", False), ("x", True)]

    def test_what_each_write_read(self) -> None:
        def backward(W: Any, out: Any, dout: Any) -> None:
            ds = dout * (1 - out**2)
            local = ds * 1
            other = local + 1
            dh = other * 2
            dx = dh @ W.T
            db = ds.sum(0) + dh.sum(0)

        run = run_on(backward)
        reads = {write.name: {run.writes[at].name for at in write.reads} for write in run.writes}
        assert reads == {"s": set(), "h": {"s"}, "x": {"h"}, "b": {"s", "h"}}
        assert [write.at for write in run.writes] == [0, 1, 2, 3]


class TestDamage:
    def damaged(self, backward: Callable[..., Any]) -> list[tuple[str, str | None, int]]:
        first = backward.__code__.co_firstlineno
        return [(d.changed, d.name, d.line - first) for d in run_on(backward).damages]

    def test_a_forward_value_that_was_written_into(self) -> None:
        def backward(out: Any, s: Any) -> None:
            ds = out
            ds -= 1
            dh = s.T
            dh[0] = 0

        assert self.damaged(backward) == [("out", "s", 2), ("s", "h", 4)]

    def test_one_that_no_answer_was_written_with(self) -> None:
        def backward(out: Any, x: Any) -> None:
            out *= 2
            x.sort()
            np.negative(out, out=out)

        assert self.damaged(backward) == [("out", None, 1), ("x", None, 2), ("out", None, 3)]

    def test_another_gradient_that_was_written_into(self) -> None:
        def backward(dout: Any) -> None:
            ds = dout * 2
            dh = ds
            dh += 1

        assert ("ds", "h", 3) in self.damaged(backward)

    def test_a_copy_is_no_damage(self) -> None:
        def backward(out: Any, dout: Any) -> None:
            ds = out.copy()
            ds -= 1
            dh = dout + ds
            dh *= 2
            dx = ds
            dx = dx * 2

        assert self.damaged(backward) == []

    def test_the_originals_stay_as_they_are(self) -> None:
        before = {name: value.copy() for name, value in INPUTS.items()}

        def backward(x: Any, W: Any, dout: Any) -> None:
            x *= 0
            W[:] = 1
            dout += 5

        run_on(backward)
        for name, value in before.items():
            np.testing.assert_array_equal(INPUTS[name], value)

    def test_of_torch_tensors(self) -> None:
        def torch_forward(x: Any) -> Any:
            h = x * 2
            loss = (h * h).sum()
            return loss

        def backward(h: Any) -> None:
            dh = h
            dh.mul_(2)
            dx = dh * 2

        run = run_on(backward, torch_forward, x=torch.ones(3, dtype=torch.float64))
        assert written(run) == [("h", True), ("h", False), ("x", True)]
        assert [(d.changed, d.name) for d in run.damages] == [("h", "h")]


class TestRaising:
    def test_the_gradient_that_was_to_be_written_is_put_in_place(self) -> None:
        def backward(x: Any, W: Any, dout: Any) -> None:
            ds = dout @ np.ones(9)
            dh = ds * 3

        run = run_on(backward)
        assert run.error is None
        raised, value = (write.value for write in run.writes)
        assert isinstance(raised, Raised)
        assert raised.message.startswith("ValueError: matmul")
        assert not raised.depends
        np.testing.assert_array_equal(value, np.full((4, 3), 3.0))

    def test_a_local_that_was_never_made_is_the_fault_of_the_first_that_needs_it(self) -> None:
        def backward(x: Any, dout: Any) -> None:
            local = dout @ np.ones(9)
            ds = local * 2
            dh = local * 3
            db = dout.sum(0)

        run = run_on(backward)
        assert run.error is None
        found = {write.name: write for write in run.writes}
        first, second = found["s"], found["h"]
        assert first.line == backward.__code__.co_firstlineno + 1
        assert isinstance(first.value, Raised)
        assert not first.value.depends
        assert first.value.message.startswith("ValueError: matmul")
        assert isinstance(second.value, Raised)
        assert second.value.depends
        assert isinstance(found["b"].value, np.ndarray)

    def test_a_local_that_was_never_made_and_nobody_needs_is_an_error_of_its_own(self) -> None:
        def backward(x: Any, dout: Any) -> None:
            local = dout @ np.ones(9)
            db = dout.sum(0)

        run = run_on(backward)
        assert run.error is not None
        assert run.error.line == backward.__code__.co_firstlineno + 1
        assert run.said.startswith("ValueError: matmul")

    def test_a_condition_that_raises_ends_the_run(self) -> None:
        def backward(dout: Any) -> None:
            ds = dout * 1
            if undefined:  # type: ignore[name-defined]  # noqa: F821
                dh = ds
            db = ds.sum(0)

        run = run_on(backward)
        assert run.error is not None
        assert "undefined" in str(run.error)
        assert written(run) == [("s", True)]


class TestArguments:
    def test_every_local_of_forward_and_every_upstream_gradient_can_be_asked_for(self) -> None:
        def backward(b: Any, h: Any, dout: Any, unknown: int = 3) -> Any:
            return {"b": dout.sum(0) * unknown}

        run = run_on(backward)
        np.testing.assert_array_equal(run.returned["b"], np.full(3, 12.0))

    def test_anything_else_is_refused(self) -> None:
        def backward(hh: Any) -> None:
            pass

        where = f"{__file__}:{backward.__code__.co_firstlineno}: "
        neither = "which is neither an input nor a local of forward"
        message = f"backward asks for hh, {neither}; did you mean h?"
        with pytest.raises(ProblemError) as raised:
            run_on(backward)
        assert str(raised.value) == where + message

    def test_of_a_callable_without_statements(self) -> None:
        def work(scale: float, b: Any, dout: Any, times: float = 2.0) -> Any:
            return {"b": scale * times * dout.sum(0)}

        run = run_on(functools.partial(work, 3.0))
        assert run.function is None
        np.testing.assert_array_equal(run.returned["b"], np.full(3, 24.0))
        with pytest.raises(ProblemError, match="what backward asks for can't be read: wrap it"):
            run_on(max)

    def test_they_are_copies(self) -> None:
        def backward(x: Any, h: Any) -> None:
            pass

        problem = problem_of(forward, backward, INPUTS)
        held = {"x": INPUTS["x"], "h": [INPUTS["W"]]}
        given = run_backward(problem, held, {}).given
        assert given["x"] is not INPUTS["x"]
        assert not np.shares_memory(given["h"][0], INPUTS["W"])


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("dh = dx @ W", {"dh": True}),
        ("dh += dx", {"dh": False}),
        ("dh[0], db = 1, 2", {"dh": False, "db": True}),
        ("dh.T[0] -= 1", {"dh": False}),
        ("np.add.at(dC, X, demb)", {"np": None, "dC": False, "X": None, "demb": None}),
        ("np.exp(x, out=dx)", {"np": None, "x": None, "dx": False}),
        ("dx.add_(h)", {"dx": False, "h": None}),
        ("dhs.append(h)", {"dhs": None, "h": None}),
        ("a = [dx for dx in dxs]", {"a": True}),
        ("def f(): dx = 1", {}),
    ],
)
def test_touched_names(statement: str, names: dict[str, bool | None]) -> None:
    assert touched_names(ast.parse(statement).body[0]) == names
