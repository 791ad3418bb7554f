"""custom_vjps in a file: `byhand check k.py:Name` and files `problem_*.py` of a test run."""

from __future__ import annotations

import ast
import shutil
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


def test_inputs_and_reference_stand_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "k.py"
    shutil.copy(RULES, file)
    file.write_text(
        file.read_text()
        + "\ndef rms_norm_inputs(rng, *, n=3, d=4):\n    return norm_inputs(rng, n=n, d=d)\n"
        + "\ndef reference_rms_norm(w, x):\n    return 2 * x * w\n"
    )
    (one,) = judged(f"{file}:rms_norm", (), (), How())
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
