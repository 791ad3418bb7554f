"""The program that a trace gives: values, ops, inputs, lines and gradients; and what is refused."""

# ruff: noqa: RET504 (a forward names what it returns)

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tracing import followed, gradient, names

from byhand.errors import ProblemError
from byhand.program.problem import load, problem_of
from byhand.program.trace import trace, trace_problem

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))
W = RNG.normal(size=(3, 3))
B = RNG.normal(size=3)
SCALE = 2.0


def softmax(x: Any, W: Any, y: Any) -> Any:
    n = x.shape[0]
    logits = x @ W
    counts = np.exp(logits - logits.max(1, keepdims=True))
    probs = counts / counts.sum(1, keepdims=True)
    loss = -np.log(probs[np.arange(n), y]).mean()
    return loss


class TestProgram:
    program = trace(softmax, {"x": X, "W": W, "y": np.array([0, 2, 1, 1])})
    first = softmax.__code__.co_firstlineno

    def test_a_step_has_a_value_ops_inputs_and_a_line(self) -> None:
        probs = self.program["probs"]
        assert (probs.name, probs.binding, probs.line) == ("probs", 0, self.first + 4)
        assert (probs.op, probs.inputs) == ("sum, divide", ("counts",))
        assert probs.source == "probs = counts / counts.sum(1, keepdims=True)"
        assert type(probs.value) is np.ndarray
        assert probs.shape == (4, 3)
        np.testing.assert_allclose(probs.value.sum(1), 1.0)
        assert self.program["counts"].op == "max, subtract, exp"
        assert self.program["loss"].op == "getitem, log, mean, negative"

    def test_an_input_has_no_line(self) -> None:
        x = self.program["x"]
        assert (x.op, x.inputs, x.line, x.source) == ("input", (), None, "")
        assert [step.name for step in self.program.inputs] == ["x", "W"]

    def test_the_program_knows_its_names(self) -> None:
        assert [step.name for step in self.program] == ["x", "W", *names(self.program)]
        assert "probs" in self.program
        assert "y" not in self.program
        with pytest.raises(
            KeyError, match="prob is neither a float input nor a step: x, W, logits"
        ):
            self.program["prob"]

    def test_it_prints_a_line_for_each_step(self) -> None:
        lines = str(self.program).splitlines()
        assert lines[0] == "x (4 x 3) = input()"
        assert lines[2] == f"{self.first + 2}: logits (4 x 3) = matmul(x, W)"
        assert lines[-1].endswith("loss (scalar) = getitem, log, mean, negative(probs)")

    def test_a_scalar_loss_has_the_gradient_1(self) -> None:
        assert self.program.scalar
        (one,) = self.program.upstream()
        assert (one.shape, float(one)) == ((), 1.0)

    def test_locals_are_plain_values(self) -> None:
        held = self.program.locals
        assert set(held) == {"x", "W", "y", "n", "logits", "counts", "probs", "loss"}
        assert type(held["n"]) is int
        assert type(held["probs"]) is np.ndarray
        assert held["y"].dtype.kind == "i"


class TestInputs:
    def test_a_scalar_stays_one(self) -> None:
        def forward(a: Any, b: Any, x: Any) -> Any:
            c = a * b
            loss = (x * c).sum()
            return loss

        program = trace(forward, {"a": np.array(0.3), "b": 0.5, "x": X})
        for name in ("a", "b", "c"):
            assert type(program[name].value) is np.ndarray
            assert program[name].shape == ()
        assert gradient(program, "a").shape == ()
        np.testing.assert_allclose(gradient(program, "a"), 0.5 * X.sum())

    def test_lists_of_arrays(self) -> None:
        def forward(x: Any, Ws: Any, bs: Any) -> Any:
            h = x
            for i, (W, b) in enumerate(zip(Ws, bs, strict=True)):
                h = h @ W
                h += b * (i + 1)
            return h

        program = followed(forward, x=X, Ws=[W, 2 * W], bs=(B, B + 1))
        assert [step.name for step in program.inputs] == ["x", "Ws[0]", "Ws[1]", "bs[0]", "bs[1]"]
        assert isinstance(program.locals["Ws"], list)
        assert isinstance(program.locals["bs"], tuple)

    def test_what_is_no_float_is_handed_on_as_it_is(self) -> None:
        def forward(x: Any, y: Any, n: Any, mode: Any, mask: Any) -> Any:
            out = x[y] * n if mode == "on" else x
            out = out * mask[:, None]
            return out

        y, mask = np.array([1, 1, 0, 3]), np.array([True, False, True, True])
        program = followed(forward, x=X, y=y, n=3, mode="on", mask=mask)
        assert [step.name for step in program.inputs] == ["x"]
        assert program.locals["y"] is y
        assert program.locals["n"] == 3

    def test_defaults_may_be_left_out_and_others_left_over(self) -> None:
        def forward(x: Any, power: int = 3) -> Any:
            loss = (x**power).sum()
            return loss

        program = trace(forward, {"x": X, "unused": B})
        np.testing.assert_allclose(gradient(program, "x"), 3 * X**2)
        np.testing.assert_array_equal(gradient(program, "unused"), np.zeros(3))
        assert "unused" in program.locals, "backward may ask for any input"


class TestOutputs:
    def test_arrays_by_name(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            h = x @ W
            s = h.sum()
            return s, h, x

        program = followed(forward, x=X, W=W)
        assert [step.name for step in program.outputs] == ["s", "h", "x"]
        assert not program.scalar
        upstream = program.upstream(seed=3)
        assert [g.shape for g in upstream] == [(), (4, 3), (4, 3)]
        np.testing.assert_array_equal(upstream[1], program.upstream(seed=3)[1])
        assert not np.array_equal(upstream[1], program.upstream(seed=4)[1])

    def test_a_number_without_a_name_is_the_loss(self) -> None:
        def forward(x: Any) -> Any:
            return (x * x).sum()

        program = followed(forward, x=X)
        assert names(program) == ["loss"]
        assert program["loss"].line == forward.__code__.co_firstlineno + 1

    def test_or_return_if_there_is_a_loss_already(self) -> None:
        def forward(x: Any) -> Any:
            loss = (x * x).sum()
            return loss / 2

        assert names(followed(forward, x=X)) == ["loss", "return"]

    def test_an_early_return(self) -> None:
        def forward(x: Any) -> Any:
            for i in range(9):
                h = x * i
                if i == 2:
                    return h
            return x

        assert names(followed(forward, x=X)) == ["h", "h'", "h''"]

    @pytest.mark.parametrize(
        ("returned", "message"),
        [
            ("x @ x.T", "forward returns an array without a name: write `out = ...` and"),
            ("None", "forward returns nothing: end it with `return loss`"),
            ("3.0", "forward returns a float, which doesn't depend on a float input"),
            ("x.shape", "forward returns a int, which doesn't depend on a float input"),
            ("x, x > 0", "forward returns a ndarray, which doesn't depend on a float input"),
        ],
    )
    def test_what_has_no_gradient_is_refused(
        self, problem_file: Callable[[str], Any], returned: str, message: str
    ) -> None:
        file = problem_file(f"def inputs(rng): pass\ndef forward(x):\n    return {returned}")
        with pytest.raises(ProblemError) as raised:
            trace_problem(load(file), {"x": X})
        assert str(raised.value).startswith(f"{file}:3: {message}")


class TestOrdinaryPython:
    def test_closures_globals_helpers_and_nested_functions(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            def layer(h: Any, deep: int) -> Any:
                return h if deep == 0 else layer(np.tanh(h @ W), deep - 1)

            double = lambda h: h * two * SCALE  # noqa: E731
            out = halved(double(layer(x, 3)))
            return out

        two = 2.0
        assert names(followed(forward, x=X, W=W)) == ["out"]

    def test_comprehensions_see_locals(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            n = len(x)
            h = x @ W
            rows = [h[i] * (x[i] + n) for i in range(n) if i != 1]
            loss = sum(sum(row[j] ** 2 for row in rows) for j in range(3))
            return loss

        followed(forward, x=X, W=W)

    def test_loops_and_branches(self) -> None:
        def forward(x: Any, W: Any) -> Any:
            h, steps = x, 0
            while np.abs(h).max() > 0.05:
                if steps > 40:
                    break
                h = h @ W * 0.5 if steps % 2 else np.sin(h) * 0.5
                steps += 1
            else:
                h = h * 2
            with np.errstate(all="ignore"):
                h = h + 1
            return h

        assert followed(forward, x=X, W=W).locals["steps"] > 2

    def test_a_function_of_a_notebook(self) -> None:
        cell = "def forward(x):\n    h = x * 2\n    loss = h.sum()\n    return loss\n"
        name = "<ipython-input-7-0123456789ab>"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(cell, name, "exec"), namespace)
        program = trace(namespace["forward"], {"x": X})
        assert (program["h"].line, program["h"].source) == (2, "h = x * 2")


def halved(x: Any) -> Any:
    out = x.copy()
    return out / 2


REFUSED = {
    "loss = float(x.sum())": "float(...) would cut this value off from its gradient",
    "loss = int(x.sum())": "int(...) would cut this value off",
    "loss = math.exp(x.sum())": "float(...) would cut this value off",
    "h = np.array([x[0], x[1]], ndmin=3)": "np.array(...) would cut this value off",
    "h = np.unwrap(x)": "np.unwrap has no rule: write it with ops that have one (close by: np.",
    "h = np.fft.fft(x)": "np.fft.fft has no rule",
    "h = np.linalg.svd(x)": "np.linalg.svd has no rule",
    "h = np.nextafter(x, 1)": "np.nextafter has no rule",
    "h = x.sum(where=x > 0)": "where",
    "h = x.astype(complex)": "astype(complex128) has no rule",
    "h = np.unique(x)": "np.unique has no rule",
    "x.fill(0)": "the method or attribute .fill has no rule: write it with ops that have one (",
    "h = x.nosuch()": "forward raised AttributeError: 'Tensor' has no attribute 'nosuch'",
    "h = x @ x": "forward raised ValueError: matmul: Input operand 1 has a mismatch",
    "h = missing + x": "forward raised NameError: name 'missing' is not defined",
    "h[0] = x": "forward raised NameError: name 'h' is not defined",
    "a, b = x[0]": "forward raised ValueError: 3 values for 2 names",
    "assert x.shape == (1, 1)": "forward raised AssertionError",
    "raise ValueError('two\\nlines')": "forward raised ValueError: two lines",
}


@pytest.mark.parametrize("statement", REFUSED)
def test_what_cant_be_traced_names_the_line_and_what_to_do(
    problem_file: Callable[[str], Any], statement: str
) -> None:
    file = problem_file(
        "import math\nimport numpy as np\n"
        "def inputs(rng): pass\n"
        f"def forward(x):\n    y = x * 2\n    {statement}\n    return y.sum()\n"
    )
    with pytest.raises(ProblemError) as raised:
        trace_problem(load(file), {"x": X})
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith(f"{file}:6: ")
    assert REFUSED[statement] in message
    assert message.endswith(f"(in `{statement}`)")


class TestPyTorch:
    """A forward in PyTorch is traced as one in NumPy is; its gradients are those of autograd."""

    @staticmethod
    def forward(x: Any, W: Any, b: Any, y: Any) -> Any:
        n = x.shape[0]
        h = torch.zeros(3, dtype=x.dtype)
        hs = []
        for t in range(n):
            h = torch.tanh(x[t] @ W + h * b)
            hs.append(h)
        logits = torch.stack(hs)
        logits = logits - logits.max(1, keepdim=True).values
        probs = F.softmax(logits, dim=1)
        masked = probs.clone()
        masked[probs < 0.1] = 0
        masked[0] += b
        loss = -probs.log()[range(n), y].mean() + masked.sum()
        return loss

    inputs: ClassVar = {
        "x": torch.from_numpy(X),
        "W": torch.from_numpy(W),
        "b": torch.from_numpy(B),
        "y": torch.tensor([0, 2, 1, 1]),
    }

    def test_steps_values_and_gradients_are_right(self) -> None:
        program = trace(self.forward, self.inputs)
        assert program.in_torch
        leaves = {
            name: value.clone().requires_grad_() if value.is_floating_point() else value
            for name, value in self.inputs.items()
        }
        loss = self.forward(**leaves)
        loss.backward()
        assert float(program["loss"].value) == pytest.approx(loss.item(), rel=1e-14)
        for name in ("x", "W", "b"):
            np.testing.assert_allclose(gradient(program, name), leaves[name].grad, atol=1e-14)
        assert [len(program.bindings[n]) for n in ("h", "hs[0]", "logits", "masked")] == [
            5,
            1,
            2,
            3,
        ]

    def test_locals_are_torch_tensors(self) -> None:
        held = trace(self.forward, self.inputs).locals
        assert held["n"] == 4
        assert held["y"] is self.inputs["y"]
        for name in ("x", "h", "probs", "loss"):
            assert isinstance(held[name], torch.Tensor)
            assert not held[name].requires_grad
        assert all(isinstance(h, torch.Tensor) for h in held["hs"])

    def test_what_cant_be_traced_is_refused(self) -> None:
        def forward(x: Any) -> Any:
            h = torch.linalg.svdvals(x)
            return h

        with pytest.raises(ProblemError, match=r"torch.linalg.svdvals.* has no rule"):
            trace(forward, {"x": torch.from_numpy(X)})


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:  # type: ignore[override]
        return 2 * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:  # type: ignore[override]
        return 3 * g


bound_before = Double.apply


def test_a_function_with_a_backward_of_its_own_is_refused() -> None:
    def by_name(x: Any) -> Any:
        out = Double.apply(x)
        return out

    def by_another_name(x: Any) -> Any:
        out = bound_before(x)
        return out

    for forward in (by_name, by_another_name):
        with pytest.raises(ProblemError, match=r"Double\.apply can't be followed.*write out"):
            trace(forward, {"x": torch.ones(3)})
    assert Double.apply(torch.ones(1)).item() == 2, "outside of a trace it is what it was"


def test_complex_numbers_are_refused_in_words() -> None:
    def forward(x: Any) -> Any:
        z = x * 1j
        return z

    with pytest.raises(ProblemError, match="complex"):
        trace(forward, {"x": np.ones(3)})


@pytest.mark.parametrize("given", [1j * np.ones(3), [np.ones(3), 1j * np.ones(2)], np.complex64(1)])
def test_complex_inputs_are_refused_in_words(given: Any) -> None:
    def forward(z: Any) -> Any:
        loss = abs(z)
        return loss

    words = r"complex numbers in z.*the real and the imaginary part"
    with pytest.raises(ProblemError, match=words):
        problem_of(forward, None, {"z": given}).inputs()
