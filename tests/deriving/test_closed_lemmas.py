"""Sums that must be known, however forward writes what they are of.

The rows of a softmax add up to 1, and deviations from a mean to 0: whatever the names, along any
axis, with the axis kept or put back, with more axes beside it, and in every reading. (Over two axes
at once, the readings that solve sums for what is centred don't see it; the others do.)
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rings import Recorded

from byhand.deriving.closed.equations import READINGS, Reading

NAMES = ("x", "z", "probs", "alpha", "h_1", "total", "e", "centred")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lemmas")


def reduced(kind: str, of: str, axis: int, ndim: int, style: str) -> str:
    """A reduction that can be broadcast against what it was taken of."""
    match style:
        case "kept":
            return f"{of}.{kind}(axis={axis}, keepdims=True)"
        case "function":
            return f"np.{kind}({of}, axis={axis - ndim}, keepdims=True)"
        case "expanded":
            return f"np.expand_dims({of}.{kind}(axis={axis}), {axis})"
        case _:
            index = ", ".join("None" if a == axis else ":" for a in range(ndim))
            return f"{of}.{kind}({axis})[{index}]"


@st.composite
def drawn(draw: Callable[[Any], Any]) -> tuple[list[str], int, int, str]:
    """Four names, the number of axes, the axis, and how reductions are written."""
    names = draw(st.permutations(NAMES))[:5]
    ndim = draw(st.integers(1, 3))
    axis = draw(st.integers(0, ndim - 1))
    return names, ndim, axis, draw(st.sampled_from(["kept", "function", "expanded", "indexed"]))


def inputs(name: str, ndim: int) -> dict[str, Any]:
    return {name: np.random.default_rng(ndim).normal(size=(3, 4, 2)[:ndim])}


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    drawn=drawn(),
    shift=st.booleans(),
    over=st.sampled_from(["{e} / {z}", "{e} * {z}**-1", "{e} * (1 / {z})", "1 / {z} * {e}"]),
    reading=st.sampled_from(READINGS),
)
def test_the_rows_of_a_softmax_add_up_to_one(
    folder: Path,
    drawn: tuple[list[str], int, int, str],
    shift: bool,
    over: str,
    reading: Reading,
) -> None:
    (x, e, z, p, m), ndim, axis, style = drawn
    lines = [f"{m} = {reduced('max', x, axis, ndim, style)}"] if shift else []
    lines += [
        f"{e} = np.exp({x} - {m})" if shift else f"{e} = np.exp({x})",
        f"{z} = {reduced('sum', e, axis, ndim, style)}",
        f"{p} = {over.format(e=e, z=z)}",
        f"return {p}",
    ]
    known = Recorded(folder / "forward.py", "\n".join(lines), inputs(x, ndim), reading)
    assert known[p].sum(axis=axis).terms == {(): 1}, lines
    others = [a for a in range(ndim) if a != axis]
    if others:  # but not along another axis
        assert known[p].sum(axis=others[0]).terms != {(): 1}, lines


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    drawn=drawn(),
    mean=st.sampled_from(["mean", "by length", "by a name"]),
    scaled=st.sampled_from(["", "/", "* inverse"]),
    reading=st.sampled_from(READINGS),
)
def test_deviations_from_the_mean_add_up_to_zero(
    folder: Path,
    drawn: tuple[list[str], int, int, str],
    mean: str,
    scaled: str,
    reading: Reading,
) -> None:
    (x, mu, d, v, y), ndim, axis, style = drawn
    lines = [f"n = {x}.shape[{axis}]"]
    if mean == "mean":
        lines.append(f"{mu} = {reduced('mean', x, axis, ndim, style)}")
    else:
        length = "n" if mean == "by a name" else f"{x}.shape[{axis}]"
        lines.append(f"{mu} = {reduced('sum', x, axis, ndim, style)} / {length}")
    lines += [f"{d} = {x} - {mu}", f"{v} = {reduced('mean', f'({d} * {d})', axis, ndim, style)}"]
    lines.append(
        {
            "": f"{y} = {d} * 1",
            "/": f"{y} = {d} / np.sqrt({v} + 1e-5)",
            "* inverse": f"{y} = {d} * ({v} + 1e-5) ** -0.5",
        }[scaled]
    )
    lines.append(f"return {y}")
    known = Recorded(folder / "forward.py", "\n".join(lines), inputs(x, ndim), reading)
    for name in (d, y):
        assert known[name].sum(axis=axis).zero, lines
    others = [a for a in range(ndim) if a != axis]
    if others:
        assert not known[y].sum(axis=others[0]).zero, lines


@pytest.mark.parametrize("reading", [reading for reading in READINGS if not reading.solve])
def test_over_two_axes_at_once(folder: Path, reading: Reading) -> None:
    body = """
        mu = x.mean(axis=(0, 2), keepdims=True)
        d = x - mu
        e = np.exp(x)
        p = e / e.sum(axis=(0, 2), keepdims=True)
        return d, p
    """
    known = Recorded(folder / "forward.py", body, inputs("x", 3), reading)
    assert known["d"].sum(axis=(0, 2)).zero and not known["d"].sum(axis=0).zero
    assert known["p"].sum(axis=(0, 2)).terms == {(): 1} != known["p"].sum(axis=0).terms


@pytest.mark.parametrize("reading", READINGS)
def test_what_only_looks_alike_is_not_known(folder: Path, reading: Reading) -> None:
    body = """
        n = x.shape[1]
        off = x - x.sum(axis=1, keepdims=True) / (n - 1)
        e = np.exp(x)
        q = e / (1 + e.sum(axis=1, keepdims=True))
        r = e / e.max(axis=1, keepdims=True)
        other = e / np.exp(2 * x).sum(axis=1, keepdims=True)
        return off, q, r, other
    """
    known = Recorded(folder / "forward.py", body, inputs("x", 2), reading)
    assert not known["off"].sum(axis=1).zero
    for name in ("q", "r", "other"):
        assert known[name].sum(axis=1).terms != {(): 1}
