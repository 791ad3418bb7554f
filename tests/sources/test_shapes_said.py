"""What `--shape` says of inputs: shapes, integers, sizes with names."""

from __future__ import annotations

import numpy as np
import pytest

from byhand.errors import ProblemError
from byhand.program.problem import dimensions_of
from byhand.sources.arguments import Floats, Integers, parsed_shapes
from byhand.sources.beside import drawing


def test_shapes_and_integers() -> None:
    assert parsed_shapes(["x=4,6", "w= 6 ,", "s=", "y=32:int10"]) == {
        "x": Floats((4, 6)),
        "w": Floats((6,)),
        "s": Floats(()),
        "y": Integers((32,), 10),
    }


def test_sizes_with_names_are_changed_together() -> None:
    known = parsed_shapes(["x=n = 4,d=6", "w=d", "y=n:int3", "z=n,2"])
    assert known["w"] == Floats((6,), axes=("d",))
    inputs = drawing("f", ("x", "w", "y", "z"), known)
    assert dimensions_of(inputs, "f.py") == {"n": 4, "d": 6}
    drawn = inputs(np.random.default_rng(0), n=3, d=5)
    assert [drawn[name].shape for name in "xwyz"] == [(3, 5), (5,), (3,), (3, 2)]
    assert inputs(np.random.default_rng(0))["x"].shape == (4, 6)


@pytest.mark.parametrize(
    ("said", "why"),
    [("x=n,4", "how large n is"), ("x=4-6", "write NAME=4,6"), ("=4", "write NAME=4,6")],
)
def test_what_is_no_shape_is_one_line(said: str, why: str) -> None:
    with pytest.raises(ProblemError, match=why) as raised:
        parsed_shapes([said])
    assert "\n" not in str(raised.value)
