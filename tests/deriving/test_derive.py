"""Deriving whole problems: what is printed, and that it is right."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import numpy as np
import pytest
from deriving_cases import (
    ALL,
    FORWARDS,
    assert_gradients,
    assert_right,
    derivation_of,
    matches_golden,
    with_derived_backward,
)

import byhand
import byhand.deriving.derive as deriving
from byhand.deriving.derivation import Derivation
from byhand.deriving.derive import derive
from byhand.deriving.verify import verify
from byhand.errors import ProblemError, UnsupportedError
from byhand.program.problem import load
from sweeps import some

GOLDEN = (
    "mlp",
    "mlp_fused",
    "attention",
    "conv1d",
    "gru_cell",
    "lstm",
    "in_torch",
    "rnn_list",
    "tied_embedding",
)
WHOLE = pytest.mark.parametrize("name", ALL)


@WHOLE
def test_every_problem_derives_to_a_backward_that_the_check_passes(
    name: str, tmp_path: Path
) -> None:
    problem = with_derived_backward(name, tmp_path)
    report = byhand.check(problem)
    assert report.ok, f"{report}"
    assert {row.verdict for row in report.rows} <= {"exact", "rounding"}, f"{report}"


@WHOLE
def test_every_problem_derives_in_both_dialects(name: str) -> None:
    derivation = in_the_other_dialect(name)
    if name == "in_torch":
        assert "np." in derivation.source
    else:
        problem = load(ALL[name])
        assert_gradients(problem, derivation, problem.inputs(), "torch")
        assert "np." not in derivation.source


def in_the_other_dialect(name: str) -> Derivation:
    return derivation_of(name, dialect="numpy" if name == "in_torch" else "torch")


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    matches_golden(f"derive_{name}.txt", derivation_of(name).source)


@pytest.mark.parametrize(
    "name", some([name for name, file in ALL.items() if file.parent != FORWARDS])
)
def test_no_size_is_a_number(name: str) -> None:
    """All sizes are large and different, so that a size among the numbers would show."""
    problem = load(ALL[name])
    sizes = {size: 41 + 6 * k for k, size in enumerate(problem.dimensions)}
    if name == "conv1d":
        sizes["length"] = 97  # longer than the window
    if "heads" in sizes:  # the width is a product of two of them
        primes = zip(sizes, (11, 13, 17, 19, 23, 29), strict=False)
        sizes = {size: prime for size, prime in primes if size != "layers"}  # which are written out
    source = derive(problem, problem.inputs(0, **sizes)).source
    assert not set(map(str, sizes.values())) & set(re.findall(r"\d+", source)), source


def test_a_backward_asks_only_for_what_it_uses() -> None:
    derivation = derivation_of("layer_norm")
    assert derivation.parameters == ("gain", "centred", "std", "normed", "dout")
    for parameter in derivation.parameters:
        assert len(re.findall(rf"\b{parameter}\b", derivation.source)) > 1


def test_names_ask_for_some_gradients_only() -> None:
    source = derive(load(ALL["mlp"]), names=["W2", "b2"]).source
    assert "dW2 = " in source and "db2 = " in source
    assert "dh " not in source and "dC" not in source


def test_unknown_name_is_one_clear_line() -> None:
    with pytest.raises(ProblemError, match=r"logit is neither a float input .*did you mean logits"):
        derive(load(ALL["mlp"]), names=["logit"])


def test_a_function_and_inputs() -> None:
    rng = np.random.default_rng(0)
    derivation = byhand.derive(line, {"x": rng.normal(size=(4, 3)), "w": rng.normal(size=3)})
    assert derivation.parameters == ("x", "w", "dout")
    assert [step.name for step in derivation.steps] == ["x", "w"]
    assert str(derivation) == (
        "def backward(x, w, dout):\n    dx = dout[..., None] * w\n    dw = x.T @ dout\n"
    )


def line(x, w):  # type: ignore[no-untyped-def]
    out = x @ w
    return out  # noqa: RET504


Write = Callable[[str], Path]


def test_an_input_that_is_overwritten_and_needed_is_refused(problem_file: Write) -> None:
    file = problem_file(
        """
        import numpy as np
        def inputs(rng, *, n=3): return {"x": rng.normal(size=n)}
        def forward(x):
            y = x * x
            x = y + 1
            return (x * y).sum()
        """
    )
    with pytest.raises(UnsupportedError, match="the input x, which forward overwrites in line 6"):
        derive(load(file))


def test_a_loop_that_is_not_the_same_every_round_is_written_out_and_said(
    problem_file: Write,
) -> None:
    file = problem_file(
        """
        import numpy as np
        def inputs(rng, *, n=3): return {"x": rng.normal(size=(4, n))}
        def forward(x):
            s = x[0]
            for t in range(1, 4):
                s = s * x[t] if t % 2 else s + x[t]
            return s.sum()
        """
    )
    derivation = derive(load(file))
    assert "line 6 is written out round by round" in derivation.notes[0]
    assert_right(load(file), load(file).inputs())


def test_a_counter_takes_no_name_of_forward(problem_file: Write) -> None:
    file = problem_file(
        """
        import numpy as np
        def inputs(rng, *, n=5):
            return {"x": rng.normal(size=n), "k": rng.normal(size=3)}
        def forward(x, k):
            loss = (np.convolve(x, k) ** 2).sum() + (k * k).sum()
            return loss
        """
    )
    source = derive(load(file)).source
    assert "for j in range(k.shape[0]):" in source


def test_a_size_without_a_name_gets_words(problem_file: Write) -> None:
    file = problem_file(
        """
        import numpy as np
        def inputs(rng, *, n=5, m=4):
            return {"x": rng.normal(size=(n, m)), "y": rng.integers(0, m, n)}
        def forward(x, y):
            picked = np.exp(x)[np.arange(len(y)), y]
            loss = picked.reshape(1, -1).mean() + x.reshape(-1).sum() / x.size
            return loss
        """
    )
    assert_right(load(file), load(file).inputs())


def test_two_uses_by_adding_never_change_another_gradient(problem_file: Write) -> None:
    """dy must be a copy of dz before more is added to it."""
    file = problem_file(
        """
        import numpy as np
        def inputs(rng, *, n=5): return {"x": rng.normal(size=n), "w": rng.normal(size=n)}
        def forward(x, w):
            y = x * 2
            z = y
            out = z * w + y[::2].sum() + y[1:].sum() * w
            return out
        """
    )
    assert_right(load(file), load(file).inputs())


def derived(body: str, problem_file: Write, **options: Any) -> Derivation:
    """What is derived for a forward of some arrays, checked against the engine."""
    file = problem_file(
        "import numpy as np\n"
        "def inputs(rng, *, n=3, m=4):\n"
        "    return {'x': rng.normal(size=(n, m)), 'w': rng.normal(size=m)}\n"
        f"def forward(x, w):\n{indent(dedent(body), '    ')}"
    )
    problem = load(file)
    dialect = options.get("dialect", "numpy")
    return assert_right(problem, problem.inputs(), dialect)


LOOPS = {
    "items of an array are assigned": (
        """
        h = np.zeros_like(x)
        for i in range(len(x)):
            h[i] = np.sin(x[i]) * w
        return (h * h).sum()
        """,
        "    for i in reversed(range(len(x))):\n",
    ),
    "a sum runs along": (
        """
        h = 0.0
        for i in range(len(x)):
            h = h + np.sin(x[i]) * w
        return (h * h).sum()
        """,
        "        dw += dh * np.sin(items_x)\n",
    ),
    "a comprehension": (
        """
        h = np.stack([np.exp(row) for row in x])
        return (h * w).sum()
        """,
        "    for i in range(len(x)):\n",
    ),
    "a generator": (
        """
        h = sum(row * w for row in x)
        return (h * h).sum()
        """,
        "    for i in range(len(x)):\n",
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_comes_out_as_a_loop(name: str, problem_file: Write) -> None:
    body, line = LOOPS[name]
    derivation = derived(body, problem_file)
    assert line in derivation.source, derivation
    assert not derivation.notes


def test_a_loop_in_a_loop_is_written_out_and_said(problem_file: Write) -> None:
    derivation = derived(
        """
        s = 0.0
        for i in range(3):
            for j in range(4):
                s = s + x[i, j] * w[j]
        return s * s
        """,
        problem_file,
    )
    assert derivation.fixed_sizes
    assert "round by round" in derivation.notes[0]


def test_a_loss_that_is_added_up_in_loops(problem_file: Write) -> None:
    derivation = derived(
        """
        loss = 0.0
        for i in range(3):
            s = x[i] * w
            for j in range(4):
                m = s[j] - s[1] + 1
                if m > 0:
                    loss += m
        return loss
        """,
        problem_file,
    )
    assert derivation.fixed_sizes


def test_what_was_split_is_put_together_again(problem_file: Write) -> None:
    body = """
        a, b = np.split(np.tanh(x), 2, axis=1)
        return (a * b).sum()
        """
    for dialect, line in (
        ("numpy", "np.concatenate([da, db], axis=1)"),
        ("torch", "torch.cat([da, db], dim=1)"),
    ):
        assert line in derived(body, problem_file, dialect=dialect).source


def test_a_part_of_a_split_ends_where_the_axis_ends(problem_file: Write) -> None:
    body = """
        a, b = np.split(x, 2, axis=1)
        return (b * b).sum()
        """
    assert "dx[:, x.shape[1] // 2:] = " in derived(body, problem_file).source


def test_slices_backwards_in_torch(problem_file: Write) -> None:
    body = """
        a = x[::-1] * np.arange(3)[:, None]
        b = x[:, ::-3] ** 2
        return a.sum() * b.sum()
        """
    assert "torch.flip(" in derived(body, problem_file, dialect="torch").source


def test_the_gradient_of_a_mean_through_a_mask_keeps_its_precision(problem_file: Write) -> None:
    """PyTorch makes float32 of a number times a mask."""
    body = """
        kept = np.arange(4) < 3
        return (np.maximum(x, 0) * kept).sum() / kept.sum() / 7
        """
    derived(body, problem_file, dialect="torch")


def test_a_number_in_two_axes_is_assigned_to_a_row(problem_file: Write) -> None:
    body = """
        h = x * w
        h[0] = x.mean(axis=(0, 1), keepdims=True)
        return (h * h).sum()
        """
    assert "dx" in derived(body, problem_file).source


def test_what_holds_at_some_sizes_only_says_so(problem_file: Write) -> None:
    """The second part has one row of three, and two of four: only the one is broadcast."""
    body = """
        part = np.array_split(x, 2)[1]
        return (part * np.ones((2, 1))).sum() * w.sum()
        """
    note = derived(body, problem_file).notes[-1]
    assert note.startswith("holds at these sizes only: at n=4, m=6 dx isn't right"), note


def test_a_closed_form_that_is_not_right_gives_way(
    problem_file: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = deriving._closed

    def wrong(*args: Any) -> Derivation:
        found = whole(*args)
        return replace(found, source=found.source.replace("dgain = ", "dgain = 2 * "))

    monkeypatch.setattr(deriving, "_closed", wrong)
    found = derive(load(ALL["layer_norm"]), closed=True)
    assert not found.closed
    assert found.notes == (deriving.NOT_RIGHT,)


@WHOLE
def test_lines_fit(name: str) -> None:
    for derivation in (derivation_of(name), in_the_other_dialect(name)):
        lines = derivation.source.splitlines()
        assert max(map(len, lines)) <= 100, max(lines, key=len)


def test_what_is_wrong_in_the_other_dialect_is_refused() -> None:
    problem = load(ALL["layer_norm"])
    given = problem.inputs()
    right = derive(problem, dialect="torch")
    wrong = replace(right, source=right.source.replace("dgain = ", "dgain = 2 * "))
    verify(problem, given, right, "torch")
    with pytest.raises(UnsupportedError, match="dgain isn't right"):
        verify(problem, given, wrong, "torch")
