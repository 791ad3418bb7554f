"""What a step is: every way in which a statement of forward can bind a name or change an array."""

# ruff: noqa: RET504 (a forward names what it returns)

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tracing import followed, gradient, names

from byhand.errors import ProblemError
from byhand.program.trace import trace

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))
W = RNG.normal(size=(3, 3))
B = RNG.normal(size=3)


class TestAssignments:
    def test_every_assignment_to_a_name_is_a_step(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            n = x.shape[0]
            h = x @ W
            loss = (h * h).sum() / n
            return loss

        program = followed(forward, x=X, W=W)
        assert names(program) == ["h", "loss"]
        assert type(program.locals["n"]) is int

    def test_a_name_bound_again_is_a_step_again(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            x = x * 2
            h = x @ W
            h = np.tanh(h)
            return h

        program = followed(forward, x=X, W=W)
        assert names(program) == ["x'", "h", "h'"]
        assert [step.line is None for step in program.bindings["x"]] == [True, False]
        assert program["h"].value is program.outputs[0].value
        np.testing.assert_array_equal(program.bindings["x"][0].value, X)
        np.testing.assert_array_equal(program["x"].value, 2 * X)

    def test_several_targets_and_several_values(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            a = b = x @ W
            c, (d, *e) = a * 2, (b * 3, a, b)
            [f, g] = x[:2]
            loss: Any = c.sum() + d.sum() + e[0].sum() + (f * g).sum()
            return loss

        program = followed(forward, x=X, W=W)
        assert names(program) == ["a", "b", "c", "d", "e[0]", "e[1]", "f", "g", "loss"]

    def test_a_second_name_for_the_same_value_has_a_gradient_of_its_own(self) -> None:
        def forward(x: Any) -> Any:
            a = x * 2
            b = a
            loss = (a * 3 + b * 5).sum()
            return loss

        program = followed(forward, x=X)
        assert names(program) == ["a", "b", "loss"]
        assert (program["b"].op, program["b"].inputs) == ("positive", ("a",))
        np.testing.assert_array_equal(gradient(program, "b"), np.full(X.shape, 5.0))
        np.testing.assert_array_equal(gradient(program, "a"), np.full(X.shape, 8.0))

    def test_a_walrus_is_a_step_where_it_stands(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            y = (h := x @ W) + h * h
            if (m := y.max()) > 0:
                y = y / m
            return (loss := y.sum()) + loss * loss

        program = followed(forward, x=X, W=W)
        assert names(program) == ["h", "y", "m", "y'", "loss", "return"]
        assert program.bindings["y"][0].inputs == ("h",)

    def test_the_items_of_a_tuple_are_steps(self) -> None:
        def forward(x: Any) -> Any:
            pair = (x * 2, x * 3)
            loss = (pair[0] * pair[1]).sum()
            return loss

        assert names(followed(forward, x=X)) == ["pair[0]", "pair[1]", "loss"]

    def test_constants_are_steps_and_whole_numbers_are_locals(self) -> None:
        def forward(x: Any) -> Any:
            h0 = np.zeros(3)
            scale = 0.5
            top = x.argmax(axis=1)
            mask = x > 0
            counts = np.zeros(3, dtype=int)
            counts[top] += 1
            loss = ((x + h0) * scale * mask).sum() + counts[0]
            return loss

        program = followed(forward, x=X)
        assert names(program) == ["h0", "loss"]
        for name, kind in (("top", "i"), ("mask", "b"), ("counts", "i")):
            assert type(program.locals[name]) is np.ndarray
            assert program.locals[name].dtype.kind == kind
        assert program.locals["scale"] == 0.5
        np.testing.assert_array_equal(gradient(program, "h0").shape, (3,))


class TestInPlace:
    def test_an_augmented_assignment_is_a_step(self) -> None:
        def forward(x: Any, W: Any, b: Any) -> Any:
            h = x @ W
            h += b
            h *= h
            h -= 1
            h /= 2.0
            h **= 2
            return h

        program = followed(forward, x=X, W=W, b=B)
        assert names(program) == ["h", "h'", "h''", "h'''", "h''''", "h'''''"]
        assert program.bindings["h"][1].inputs == ("h", "b")

    def test_items_assigned_to_are_steps(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            s = x @ W
            mask = s < 0
            s[mask] = 0
            s[0, 1] = x[0, 0] * 2
            s[1:3] = x[:2]
            s[[0, 0, 3]] += x[1]
            s[..., -1] *= 3.0
            return s

        program = followed(forward, x=X, W=W)
        assert names(program) == ["s", "s'", "s''", "s'''", "s''''", "s'''''"]

    def test_an_input_changed_in_place_is_a_step_and_the_given_array_stays(self) -> None:
        def forward(x: Any) -> Any:
            x[0] = 0.0
            x += 1.0
            return x

        before = X.copy()
        program = followed(forward, x=X)
        assert names(program) == ["x'", "x''"]
        np.testing.assert_array_equal(X, before)

    def test_what_a_function_writes_to_is_a_step(self) -> None:
        def forward(x: Any, W: Any, b: Any) -> Any:
            s = x @ W
            np.add(s, b, out=s)
            np.maximum(s, 0, out=s)
            t = np.empty((4, 3))
            np.multiply(s, 2.0, out=t)
            np.matmul(t, W, out=t)
            np.clip(x, -1, 1, out=x)
            y = s + t * x
            return y

        before = X.copy()
        program = followed(forward, x=X, W=W, b=B)
        assert names(program) == ["s", "s'", "s''", "t", "t'", "t''", "x'", "y"]
        np.testing.assert_array_equal(X, before)

    def test_what_is_written_to_keeps_its_shape(self) -> None:
        def forward(x: Any, b: Any) -> Any:
            c = b.copy()
            np.add(x, b, out=c)
            return c

        with pytest.raises(ProblemError, match="doesn't give floats of the shape of c"):
            trace(forward, {"x": X, "b": B})

    def test_a_buffer_is_filled(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            out = np.empty((4, 3))
            for i in range(4):
                out[i] = x[i] @ W
            return out

        assert names(followed(forward, x=X, W=W)) == ["out", "out'", "out''", "out'''", "out''''"]

    def test_a_number_that_is_added_up_is_a_step_each_time(self) -> None:
        def forward(x: Any) -> Any:
            total = 0.0
            for row in x:
                total += (row * row).sum()
            return total

        assert names(followed(forward, x=X)) == ["total", "total'", "total''", "total'''"]

    def test_the_index_is_evaluated_once(self) -> None:
        def forward(x: Any) -> Any:
            places = iter([0, 1, 2])
            s = x * 1
            s[next(places)] += 1.0
            s[next(places)] *= x[next(places)]
            return s

        followed(forward, x=X)

    def test_a_shape_that_doesnt_fit_is_an_error_as_it_is_in_numpy(self) -> None:
        def forward(x: Any, b: Any) -> Any:
            b += x
            return b

        with pytest.raises(ProblemError, match=r"forward raised ValueError: .*\(in `b \+= x`\)"):
            trace(forward, {"x": X, "b": B})


class TestSharedMemory:
    """Where a change in place would show under another name, too, it is refused."""

    def refused(self, forward: Any, line: int, **inputs: Any) -> str:
        with pytest.raises(ProblemError) as raised:
            trace(forward, inputs)
        message = str(raised.value)
        assert message.startswith(f"{__file__}:{forward.__code__.co_firstlineno + line}: ")
        return message

    def test_a_second_name(self) -> None:
        def forward(x: Any, b: Any) -> Any:
            y = x
            x += b
            return y

        message = self.refused(forward, 2, x=X, b=B)
        assert "this also changes y, which shares the memory of x" in message
        assert "write `x = x.copy()` before it" in message

    def test_a_view(self) -> None:
        def forward(x: Any) -> Any:
            y = x.T
            y[0] = 0
            return x

        assert "write `y = y.copy()` before it" in self.refused(forward, 2, x=X)

    def test_an_item_of_a_list(self) -> None:
        def forward(x: Any) -> Any:
            h = x * 2
            hs = [h]
            h += 1
            return hs[0]

        assert "this also changes hs[0]" in self.refused(forward, 3, x=X)

    def test_an_array_that_a_list_holds(self) -> None:
        def forward(x: Any) -> Any:
            h = x * 2
            hs = [h]
            hs[0] += 1
            return h

        assert "this also changes h, which shares the memory of hs[0]" in self.refused(
            forward, 3, x=X
        )

    def test_an_array_that_a_dict_holds(self) -> None:
        def forward(x: Any) -> Any:
            cache = {"h": x}
            x -= 1
            return cache["h"]

        assert 'this also changes cache["h"]' in self.refused(forward, 2, x=X)

    def test_a_part_of_a_part(self) -> None:
        def forward(x: Any) -> Any:
            x[0][1] = 5.0
            return x

        assert "`x[0][1] = ...` can't be followed" in self.refused(forward, 1, x=X)

    def test_numpy_functions_that_write(self) -> None:
        def within(x: Any, b: Any) -> Any:
            y = np.add(x, b, out=x) * 2
            return y

        def seen_elsewhere(x: Any, b: Any) -> Any:
            y = x
            np.add(x, b, out=x)
            return y

        def with_at(x: Any, b: Any) -> Any:
            np.multiply.at(x, [0, 0], b)
            return x

        assert "write x = x + y" in self.refused(within, 1, x=X, b=B)
        assert "this also changes y" in self.refused(seen_elsewhere, 2, x=X, b=B)
        assert "np.multiply.at writes into an array" in self.refused(with_at, 1, x=X, b=B)

    def test_a_copy_is_free_to_be_changed(self) -> None:
        def forward(x: Any, b: Any) -> Any:
            y = x.copy()
            y += b
            y[0] = 0
            z = np.array(y.shape)
            z += 1
            out = x * y
            return out

        followed(forward, x=X, b=B)

    def test_numbers_in_a_helper_function_add_up(self) -> None:
        def total(rows: Any) -> Any:
            found = 0.0
            for row in rows:
                found += row.sum()
            return found

        def forward(x: Any) -> Any:
            loss = total(x) ** 2
            return loss

        followed(forward, x=X)


class TestLists:
    def test_what_is_appended_is_a_step(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            h = np.zeros(3)
            hs = []
            for t in range(3):
                h = np.tanh(x[t] + h @ W)
                hs.append(h)
            loss = sum((h * h).sum() for h in hs)
            return loss

        program = followed(forward, x=X, W=W)
        expected = ["h", "h'", "hs[0]", "h''", "hs[1]", "h'''", "hs[2]", "loss"]
        assert names(program) == expected
        assert program["hs[1]"].inputs == ("h",)
        np.testing.assert_allclose(gradient(program, "hs[1]"), 2 * program["hs[1]"].value)

    def test_what_is_assigned_to_an_item_is_a_step(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            hs = [None] * 4
            for t in np.arange(4):
                hs[t] = x[t] @ W
            hs[-1] = hs[-1] * 2
            hs[0] += 1.0
            return np.stack(hs).sum()

        program = followed(forward, x=X, W=W)
        assert names(program) == ["hs[0]", "hs[1]", "hs[2]", "hs[3]", "hs[3]'", "hs[0]'", "loss"]

    def test_lists_that_are_made_at_once_or_grow(self) -> None:
        def forward(x: Any) -> Any:
            hs = [x[0] * 2, x[1] * 3]
            hs += [x[2] * 4]
            hs.extend([x[3] * 5])
            hs = hs + [x[0] * 6]  # noqa: RUF005
            squares = [h**2 for h in hs]
            out = np.stack(squares)
            return out

        program = followed(forward, x=X)
        assert [step.name for step in program.steps[:5]] == [f"hs[{i}]" for i in range(5)]
        assert [len(program.bindings[f"hs[{i}]"]) for i in range(5)] == [1, 1, 1, 1, 1]
        assert "squares[4]" in program

    def test_lists_of_lists(self) -> None:
        def forward(x: Any) -> Any:
            layers = [[], []]
            for i in range(2):
                layers[i].append(x[i] * 2)
                layers[i].append(layers[i][0] * x[2])
            layers[0][1] = layers[0][1] + 1
            layers[1][0][1] = 7.0
            out = layers[0][1] * layers[1][1] + layers[1][0]
            return out

        program = followed(forward, x=X)
        assert names(program) == [
            "layers[0][0]",
            "layers[0][1]",
            "layers[1][0]",
            "layers[1][1]",
            "layers[0][1]'",
            "layers[1][0]'",
            "out",
        ]

    def test_a_second_name_for_a_list_is_no_second_list(self) -> None:
        def forward(x: Any) -> Any:
            hs = [x[0] * 2]
            same = hs
            same.append(x[1] * 3)
            out = hs[0] * same[1]
            return out

        assert names(followed(forward, x=X)) == ["hs[0]", "hs[1]", "out"]

    def test_an_item_at_an_index_that_is_a_name(self) -> None:
        def forward(x: Any) -> Any:
            hs = [x[0] * 2, x[1] * 3]
            for t in range(2):
                hs[t] += 1.0
                hs[t][0] = 0.0
            out = hs[0] * hs[1]
            return out

        assert names(followed(forward, x=X))[-1] == "out"

    def test_a_dict_of_arrays(self) -> None:
        def forward(x: Any) -> Any:
            cache = {}
            cache["h"] = x * 2
            cache["h"][0] = 0.0
            h = cache["h"] * x
            return h

        assert names(followed(forward, x=X)) == ["h"]
