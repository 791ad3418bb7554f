"""Which local of a backward answers for which step of forward."""

# ruff: noqa: F841, RET504 (the locals of a backward are its answers; a forward names its result)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from runs import one_run

from byhand.checking.running.answers import Answer, Answers, answers

X = np.random.default_rng(0).normal(size=(3, 2))


def plain(x: Any) -> Any:
    y = np.arange(3)
    h = np.tanh(x)
    out = h * 2
    return out


def twice(x: Any) -> Any:
    h = x * 2
    h = np.tanh(h)
    out = h + 1
    return out


def lists(x: Any, Ws: Any) -> Any:
    hs = []
    for t in range(3):
        hs.append(x[t] * Ws[t % 2])
    out = hs[0] + hs[1] + hs[2]
    return out


def found(
    forward: Callable[..., Any], backward: Callable[..., Any], **inputs: Any
) -> tuple[Answers, dict[tuple[str, int], Answer]]:
    program, run = one_run(forward, backward, inputs or {"x": X})
    given = answers(program, run)
    return given, {answer.key: answer for answer in given.found}


def test_a_local_called_d_something_answers_for_something() -> None:
    def backward(h: Any, dout: Any) -> None:
        dh = 2 * dout
        dx = (1 - h**2) * dh
        other = dx

    given, by_key = found(plain, backward)
    assert list(by_key) == [("h", 0), ("x", 0)]
    assert given.notes == ()
    assert ("x", 0) in given
    assert ("out", 0) not in given
    assert by_key["x", 0].line == backward.__code__.co_firstlineno + 2


def test_all_statements_that_write_it_make_one_answer() -> None:
    def backward(x: Any, dout: Any) -> None:
        dx = np.zeros_like(x)
        dh = dout * 2
        dx += dh
        dx[0] = 1.0
        dx = dx / 3

    _, by_key = found(plain, backward)
    answer = by_key["x", 0]
    first = backward.__code__.co_firstlineno
    assert [write.line - first for write in answer.writes] == [1, 3, 4, 5]
    assert answer.line == first + 5
    np.testing.assert_allclose(answer.value[0], 1 / 3)


def test_answers_stand_in_the_order_of_their_last_writes() -> None:
    def backward(x: Any, dout: Any) -> None:
        dx = dout * 1
        dh = dout * 2
        dx += dh

    assert list(found(plain, backward)[1]) == [("h", 0), ("x", 0)]


class TestSeveralBindings:
    def test_the_last_belongs_to_the_first(self) -> None:
        def backward(h: Any, dout: Any) -> None:
            dh = dout * 1
            dh = (1 - h**2) * dh
            dx = 2 * dh

        given, by_key = found(twice, backward)
        assert list(by_key) == [("h", 1), ("h", 0), ("x", 0)]
        np.testing.assert_array_equal(by_key["h", 1].value, np.ones((3, 2)))
        assert given.notes == ()

    def test_additions_are_no_bindings(self) -> None:
        def backward(h: Any, dout: Any) -> None:
            dh = np.zeros_like(h)
            dh += dout * 0.5
            dh = dh + dout * 0.5
            dh = (1 - h**2) * dh
            dh[0] = 0

        _, by_key = found(twice, backward)
        assert [len(by_key["h", binding].writes) for binding in (1, 0)] == [3, 2]

    def test_an_array_of_zeros_may_be_room_to_add_to(self) -> None:
        def backward(h: Any, dout: Any) -> None:
            dh = np.zeros_like(h)
            dh = dout * 1
            dh = (1 - h**2) * dh

        _, by_key = found(twice, backward)
        assert [len(by_key["h", binding].writes) for binding in (1, 0)] == [2, 1]

    def test_counts_that_differ_are_a_note(self) -> None:
        def once(h: Any, dout: Any) -> None:
            dh = dout * (1 - h**2)

        def thrice(h: Any, dout: Any) -> None:
            dh = dout * 1
            dh = (1 - h**2) * dh
            dh = 2 * dh

        for backward, times in ((once, 1), (thrice, 3)):
            given, by_key = found(twice, backward)
            assert by_key == {}
            (note,) = given.notes
            assert note == (
                f"h is bound 2 times in forward, dh {times} times in backward: not judged"
            )

    def test_of_an_input_the_last_is_judged(self) -> None:
        def forward(x: Any) -> Any:
            x = x * 2
            x = x * 3
            out = x + 1
            return out

        def at_once(dout: Any) -> None:
            dx = 6 * dout

        def in_two(dout: Any) -> None:
            dx = 3 * dout
            dx = 2 * dx

        for backward in (at_once, in_two):
            given, by_key = found(forward, backward)
            assert list(by_key) == [("x", 0)]
            said = "x is bound 3 times in forward, dx 2 times in backward; the last is judged"
            assert given.notes == ((said,) if backward is in_two else ())


class TestLists:
    INPUTS: Any = {"x": X, "Ws": [np.ones(2), np.full(2, 3.0)]}  # noqa: RUF012

    def test_item_by_item(self) -> None:
        def backward(x: Any, Ws: Any, dout: Any) -> None:
            dhs = [None] * 3
            dWs = [np.zeros_like(W) for W in Ws]
            for t in reversed(range(3)):
                dhs[t] = dout * (t + 1)
                dWs[t % 2] += x[t] * dhs[t]

        _, by_key = found(lists, backward, **self.INPUTS)
        assert set(by_key) == {(f"hs[{t}]", 0) for t in range(3)} | {("Ws[0]", 0), ("Ws[1]", 0)}
        np.testing.assert_array_equal(by_key["hs[1]", 0].value, np.full(2, 2.0))
        assert len(by_key["Ws[0]", 0].writes) == 3
        assert len(by_key["Ws[1]", 0].writes) == 2

    def test_an_array_answers_for_its_rows(self) -> None:
        def backward(x: Any, dout: Any) -> None:
            dhs = np.zeros((3, 2))
            for t in reversed(range(3)):
                dhs[t] = dout * (t + 1)

        _, by_key = found(lists, backward, **self.INPUTS)
        assert {key for key, _ in by_key} == {"hs[0]", "hs[1]", "hs[2]"}
        np.testing.assert_array_equal(by_key["hs[2]", 0].value, np.full(2, 3.0))
        assert [len(by_key[f"hs[{t}]", 0].writes) for t in range(3)] == [2, 2, 2]

    def test_a_list_for_an_array_is_a_note(self) -> None:
        def backward(dout: Any) -> None:
            dx = [dout, dout]

        given, by_key = found(plain, backward)
        assert by_key == {}
        assert "dx[0] is not judged: x is one array, not a list" in given.notes


class TestNotes:
    def test_names_that_forward_hasnt(self) -> None:
        def backward(dout: Any) -> None:
            doutt = dout * 1
            dhh = dout * 1
            dy = dout * 1
            d = dout * 1
            dim = 3
            done = "yes"
            x = 1.0

        given, by_key = found(plain, backward)
        assert by_key == {}
        assert given.notes == (
            "doutt is not judged: forward has no outt; did you mean out?",
            "dy is not judged: y holds integers, which have no gradient",
        )

    def test_a_returned_dict_adds_answers(self) -> None:
        def backward(dout: Any) -> Any:
            dh = dout * 1
            return {"x": dout * 3, "h": dout * 4, "hh": dout}

        given, by_key = found(plain, backward)
        assert list(by_key) == [("x", 0), ("h", 0)]
        np.testing.assert_array_equal(by_key["h", 0].value, np.full((3, 2), 4.0))
        assert by_key["h", 0].line is None
        assert given.notes == (
            "the returned dict has 'hh', which is neither a float input nor a step; "
            "did you mean h?",
        )

    def test_a_returned_dict_may_hold_lists(self) -> None:
        def backward(Ws: Any) -> Any:
            return {"Ws": [W * 2 for W in Ws]}

        _, by_key = found(lists, backward, **TestLists.INPUTS)
        assert list(by_key) == [("Ws[0]", 0), ("Ws[1]", 0)]


def test_reading_goes_through_locals_that_answer_for_nothing() -> None:
    def backward(h: Any, dout: Any) -> None:
        dh = 2 * dout
        dpre = (1 - h**2) * dh
        dpre += 1
        dx = dpre * 1

    given, by_key = found(plain, backward)
    (write,) = by_key["x", 0].writes
    assert given.read_by(by_key["x", 0], write) == [by_key["h", 0]]


def test_none_only_keeps_a_place() -> None:
    def backward(h: Any, dout: Any) -> None:
        dx, dh = None, None
        dh = 2 * dout
        dx = (1 - h**2) * dh

    _, by_key = found(plain, backward)
    first = backward.__code__.co_firstlineno
    assert [write.line for write in by_key["h", 0].writes] == [first + 2]
    assert [write.line for write in by_key["x", 0].writes] == [first + 3]
