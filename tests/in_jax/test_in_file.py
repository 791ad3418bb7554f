"""custom_vjps in a file: `byhand check k.py:Name` and files `problem_*.py` of a test run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from byhand.errors import ProblemError
from byhand.faces.judged import How, judged
from byhand.sources.custom_vjps import custom_vjps_in

RULES = Path(__file__).with_name("rules.py")
SHAPES = ("x=4,6", "w=6")


def test_what_a_file_calls_its_custom_vjps() -> None:
    text = RULES.read_text() + "\nother = jax.custom_vjp(block)\nplain = jax.jit(block)\n"
    found = ["rms_norm", "dense", "cross_entropy", "detached", "clipped", "other"]
    assert custom_vjps_in(ast.parse(text)) == found


def test_one_is_judged_on_shapes_that_are_said() -> None:
    (one,) = judged(f"{RULES}:rms_norm", SHAPES, (), How())
    assert one.name == "rms_norm"
    report = one.report()
    assert report.ok, str(report)
    assert {row.name for row in report.rows} >= {"x", "w"}


DOUBLE = """
import jax

@jax.custom_vjp
def double(x):
    return 2 * x

double.defvjp(lambda x: (2 * x, None), lambda _, g: (2 * g,))

def double_inputs(rng, *, n=3):
    return {"x": rng.normal(size=n)}

def reference_double(x):
    return 2 * x + 1
"""


def test_inputs_and_reference_stand_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "k.py"
    file.write_text(DOUBLE)
    (one,) = judged(f"{file}:double", (), (), How())
    assert [finding.name for finding in one.report().findings] == ["forward"]


@pytest.mark.parametrize(
    ("how", "shapes", "said"),
    [
        (How(), (), "the arguments of rms_norm aren't known: write `def inputs_rms_norm"),
        (How(), ("q=3",), "rms_norm has no argument q: x, w"),
        (How(device="cuda"), SHAPES, "--device cuda: JAX runs where JAX_PLATFORMS says"),
    ],
)
def test_what_can_not_be_is_one_line(how: How, shapes: tuple[str, ...], said: str) -> None:
    (one,) = judged(f"{RULES}:rms_norm", shapes, (), how)
    with pytest.raises(ProblemError, match=said.replace("(", r"\(")):
        one.report()
