"""How a gradient comes back, in words."""

from __future__ import annotations

import pytest

from byhand.rendering.way_back import way_back


@pytest.mark.parametrize(
    "summed, said",
    [
        ((1,), "axis 1 was added up there, so all elements along it share that gradient"),
        (
            (0, 1),
            "axes 0 and 1 were added up there, so all elements along them share that gradient",
        ),
    ],
)
def test_one_axis_and_several(summed: tuple[int, ...], said: str) -> None:
    assert way_back("h", ("sum",), (), summed) == f"through sum; {said}"
