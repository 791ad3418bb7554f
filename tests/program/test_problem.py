"""Loading a problem file: what it may hold, and one line on what is wrong with it."""

# ruff: noqa: RET504 (a forward names what it returns)

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.errors import ProblemError
from byhand.program.problem import load, problem_of, zoo

Write = Callable[[str], Path]

GOOD = '''
"""A line of weights."""
import numpy as np

data = ("t",)
statistics = ("mean",)

def inputs(rng, *, n=4, wide=3, noise=0.1, flag=True):
    return {"x": rng.normal(size=(n, wide)), "W": rng.normal(size=wide) * noise, "t": np.ones(n)}

def forward(x, W, t, power=2):
    mean = x.mean()
    loss = (((x - mean) @ W - t) ** power).sum()
    return loss

def backward(x, W):
    dW = W
'''


def test_a_file_is_loaded(problem_file: Write) -> None:
    file = problem_file(GOOD)
    problem = load(file)
    assert (problem.name, problem.file) == (file.stem, str(file))
    assert problem.doc == "A line of weights."
    assert problem.forward.parameters == ("x", "W", "t", "power")
    assert problem.forward.line == 11
    assert callable(problem.backward)
    assert problem.data == ("t",)
    assert problem.statistics == ("mean",)


def test_whole_numbers_are_dimensions(problem_file: Write) -> None:
    problem = load(problem_file(GOOD))
    assert problem.dimensions == {"n": 4, "wide": 3}
    assert problem.inputs(n=7, wide=1)["x"].shape == (7, 1)


def test_inputs_depend_on_the_seed_alone(problem_file: Write) -> None:
    problem = load(problem_file(GOOD))
    first, again, other = (problem.inputs(seed)["x"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_is_optional_may_be_absent(problem_file: Write) -> None:
    problem = load(
        problem_file(
            """
            def inputs(rng):
                return {"x": 0.5}
            def forward(x):
                loss = x * x
                return loss
            """
        )
    )
    assert (problem.doc, problem.data, problem.statistics) == ("", (), ())
    assert problem.dimensions == {}
    assert problem.backward is None


def test_a_file_may_import_its_neighbours_and_take_forward_from_one(problem_file: Write) -> None:
    kernel = problem_file("def forward(x):\n    loss = x.sum()\n    return loss\n")
    problem = load(
        problem_file(
            f"""
            from {kernel.stem} import forward
            def inputs(rng):
                return {{"x": rng.normal(size=3)}}
            """
        )
    )
    assert problem.forward.file == str(kernel)
    assert problem.forward.source(2) == "loss = x.sum()"
    assert str(kernel.parent) not in sys.path
    del sys.modules[kernel.stem]


def test_a_file_may_define_dataclasses_and_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "windows.py"
    source = (
        "from __future__ import annotations\r\nfrom dataclasses import dataclass\r\n"
        "@dataclass\r\nclass Size:\r\n    n: int = 3\r\n"
        "def inputs(rng): return {'x': rng.normal(size=Size().n)}\r\n"
        "def forward(x): return x.sum()\r\n"
    )
    file.write_bytes(b"\xef\xbb\xbf" + source.encode())
    assert load(file).inputs()["x"].shape == (3,)


def test_a_model_of_the_zoo_is_loaded_by_its_name() -> None:
    assert "mlp" in zoo()
    assert "layers" not in zoo()
    problem = load("mlp")
    assert problem.name == "mlp"
    assert problem.dimensions["n"] == 32


INPUTS = "def inputs(rng): return {'x': rng.normal(size=3)}\n"
FORWARD = "def forward(x):\n    loss = x.sum()\n    return loss\n"

BAD_FILES = {
    INPUTS: "F: has no `def forward(...)`: a problem file needs inputs, forward and backward",
    FORWARD: "F: has no `def inputs(...)`",
    "": "F: has no `def forward(...)`",
    INPUTS + "class forward: pass": "F: has no `def forward(...)`",
    INPUTS + "forward = lambda x: x": "F:2: <lambda> must be a plain `def`",
    INPUTS + "def forward(*x): pass": "F:2: forward takes *args or **kwargs",
    INPUTS + "x = 1\ny = (1,\nz = 2": "F:3: '(' was never closed: `y = (1,`",
    INPUTS + "def forward(x):\n  a = 1\n    b = 2": "F:4: unexpected indent: `b = 2`",
    INPUTS + "x = 1\n1 / 0": "F:3: raised ZeroDivisionError: division by zero",
    INPUTS + "import no_such_module": "F:2: raised ModuleNotFoundError: No module named",
    INPUTS + "raise SystemExit(3)": "F:2: raised SystemExit: 3",
    INPUTS + "x = 1\0": "F: is not Python: source code string cannot contain null bytes",
    FORWARD + "def inputs(rng, n=3): pass": (
        "F: inputs takes n by position: write `def inputs(rng, *, n=32)`, with a * before the sizes"
    ),
    FORWARD + "def inputs(rng, *, n): pass": "F: inputs needs a default for n, such as n=32",
    FORWARD + INPUTS + "data = 'x'": 'F: data must be a tuple of names, such as ("t",)',
    FORWARD + INPUTS + "statistics = 3": "F: statistics must be a tuple of names",
    FORWARD + INPUTS + "data = (1, 2)": "F: data must be a tuple of names",
}


def in_one_line(raised: pytest.ExceptionInfo[ProblemError], file: Path) -> str:
    message = str(raised.value)
    assert "\n" not in message
    return message.replace(str(file), "F")


@pytest.mark.parametrize("source", BAD_FILES)
def test_a_bad_file_is_refused_in_one_line(problem_file: Write, source: str) -> None:
    file = problem_file(source)
    with pytest.raises(ProblemError) as raised:
        load(file)
    assert in_one_line(raised, file).startswith(BAD_FILES[source])


BAD_INPUTS = {
    "return {'xs': rng.normal(size=3)}": (
        "F:1: forward asks for x, which inputs doesn't return; did you mean xs?"
    ),
    "return {}": "F:1: forward asks for x, which inputs doesn't return",
    "return [rng.normal(size=3)]": "F: inputs returned a list: return a dict of arrays by name",
    "rng.normal()": "F: inputs returned a NoneType",
    "return {'x': rng.normal(size=-1)}": "F:5: inputs raised ValueError: negative dimensions",
    "raise ValueError('two\\nlines')": "F:5: inputs raised ValueError: two lines",
}


@pytest.mark.parametrize("body", BAD_INPUTS)
def test_inputs_that_cant_be_used_are_refused(problem_file: Write, body: str) -> None:
    file = problem_file(FORWARD + f"def inputs(rng):\n    {body}")
    with pytest.raises(ProblemError) as raised:
        load(file).inputs()
    assert in_one_line(raised, file).startswith(BAD_INPUTS[body])


def test_inputs_without_a_parameter_are_refused(problem_file: Write) -> None:
    with pytest.raises(ProblemError, match=r"inputs raised TypeError: .* 0 positional arguments"):
        load(problem_file(FORWARD + "def inputs(): return {}")).inputs()


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    picture = tmp_path / "picture.py"
    picture.write_bytes(b"\x89PNG\xff\xfe\x00")
    cases: dict[str | Path, str] = {
        tmp_path / "missing.py": "no such file",
        tmp_path: "is a folder: name the problem file in it",
        picture: "is not a text file: a problem is a Python file",
        "mpl": "no such file, nor a model of the zoo .*did you mean mlp?",
    }
    for path, message in cases.items():
        with pytest.raises(ProblemError, match=f"^{re.escape(str(path))}: {message}"):
            load(path)


def test_a_problem_from_functions_has_their_source_and_always_the_same_inputs() -> None:
    def forward(x: Any) -> Any:
        """Its own doc."""
        loss = (x * math.pi).sum()
        return loss

    x = np.arange(3.0)
    problem = problem_of(forward, None, {"x": x})
    assert (problem.name, problem.file, problem.doc) == ("forward", __file__, "Its own doc.")
    assert problem.forward.source(problem.forward.line + 2).startswith("loss = ")
    assert problem.inputs(5)["x"] is x
