"""The ring beside NumPy: the same expression, of polynomials and of arrays, has the same value.

What is printed for a polynomial is evaluated as well. Expressions are drawn at random, of arrays
that broadcast; then laws of arithmetic must hold letter by letter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rings import Recorded

from byhand.deriving.closed.equations import Reading
from sweeps import a_few

Array = np.ndarray[Any, Any]

SHAPES = {"a": (3, 4), "b": (4,), "c": (3, 1), "d": (4, 3), "t": (2, 3, 4), "s": ()}
RNG = np.random.default_rng(0)
ARRAYS = {
    name: np.asarray(RNG.uniform(0.5, 2, size=shape) * RNG.choice([-1, 1], size=shape))
    for name, shape in SHAPES.items()
}
ARRAYS["b"], ARRAYS["c"] = abs(ARRAYS["b"]), abs(ARRAYS["c"])  # so that roots can be taken of some

ANY = (
    "-{x}", "{x} * 2", "3 - {x}", "{x} / 3", "{x} ** 2", "{x} ** 3", "np.square({x})",
    "{x}.sum()", "{x}.mean()", "{x}[..., None]", "{x}[None]", "np.tanh({x})", "{x}.transpose()",
)  # fmt: skip
AWAY_FROM_ZERO = ("{x} ** -1", "1 / {x}", "{x} ** -2", "np.reciprocal({x})")
POSITIVE = ("np.sqrt({x})", "{x} ** 0.5", "{x} ** -0.5", "{x} ** -1.5", "({x} ** 0.5) ** 2")
TALL = (
    "{x}.sum(axis=0)", "{x}.sum(axis=-1, keepdims=True)", "{x}.mean(axis=0, keepdims=True)",
    "{x}.mean(axis=-1)", "np.expand_dims({x}, 1)",
)  # fmt: skip
WIDE = (
    "{x}.T", "{x}.swapaxes(0, 1)", "{x}.sum(axis=(0, 1))", "{x}.sum(axis=1)[:, None]",
    "{x}.mean(axis=(0, -1), keepdims=True)", "{x}.sum(axis=1, keepdims=True)",
)  # fmt: skip
TWO = ("{x} + {y}", "{x} - {y}", "{x} * {y}", "{x} / {y}", "{x} @ {y}")


@dataclass(frozen=True)
class Expression:
    text: str
    value: Array


@cache
def recorded(expand: bool) -> Recorded:
    file = Path(mkdtemp()) / "forward.py"
    # It tells which lengths are the same.
    return Recorded(file, "y = np.sin(t * a * b * c * s * d.T)\nreturn y", ARRAYS, Reading(expand))


def value_of(text: str, names: Any = ARRAYS) -> Any:
    with np.errstate(all="ignore"):
        return eval(text, {"np": np, **names})


@st.composite
def expressions(draw: Callable[[Any], Any], longest: int = 8) -> Expression:
    """Grown by one operation after the other, each of what there is by then."""
    held = [Expression(name, value) for name, value in ARRAYS.items()]
    for _ in range(draw(st.integers(1, longest))):
        x, y = draw(st.sampled_from(held)), draw(st.sampled_from(held))
        fitting = _fitting(x)
        form = draw(st.sampled_from((*fitting, *TWO) if y is not None else fitting))
        text = form.format(x=f"({x.text})", y=f"({y.text})")
        try:
            value = np.asarray(value_of(text))
        except ValueError:  # shapes that don't fit
            continue
        if value.ndim <= 4 and 0 < value.size <= 200 and np.all(np.abs(value) < 100):
            held.append(Expression(text, value))
    assume(len(held) > len(ARRAYS))
    return held[-1]


def _fitting(x: Expression) -> tuple[str, ...]:
    away = bool(np.all(np.abs(x.value) > 0.1))
    return (
        *ANY,
        *(AWAY_FROM_ZERO if away else ()),
        *(POSITIVE if away and np.all(x.value > 0) else ()),
        *(TALL if x.value.ndim else ()),
        *(WIDE if x.value.ndim >= 2 else ()),
    )


def assert_close(found: Any, truth: Array, said: str) -> None:
    scale = max(1.0, float(np.abs(truth).max()))
    assert np.allclose(found, truth, rtol=0, atol=1e-7 * scale), said


@settings(max_examples=250, deadline=None, derandomize=True)
@given(drawn=expressions(), expand=st.booleans())
def test_a_polynomial_has_the_value_of_its_expression(drawn: Expression, expand: bool) -> None:
    known = recorded(expand)
    p = value_of(drawn.text, {name: known[name] for name in ARRAYS})
    assert tuple(map(int, p.shape)) == drawn.value.shape, drawn.text
    assert_close(p.value, drawn.value, drawn.text)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(drawn=expressions(), expand=st.booleans())
def test_what_is_printed_has_that_value_too(drawn: Expression, expand: bool) -> None:
    known = recorded(expand)
    code = known.code(value_of(drawn.text, {name: known[name] for name in ARRAYS}))
    assert_close(value_of(code), drawn.value, f"{drawn.text}\n{code}")


SMALL = st.sampled_from(["a", "b", "c", "a * b", "a + c", "2 * b - c", "a / c", "b ** 2", "s * a"])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(x=SMALL, y=SMALL, z=SMALL)
@pytest.mark.parametrize(
    ("left", "right"),
    a_few(
        [
            ("({x}) + ({y})", "({y}) + ({x})"),
            ("({x}) * ({y})", "({y}) * ({x})"),
            ("(({x}) + ({y})) - ({y})", "({x})"),
            ("({x}) * (({y}) + ({z}))", "({x}) * ({y}) + ({x}) * ({z})"),
            ("(({x}) * ({y})) * ({z})", "({x}) * (({y}) * ({z}))"),
            ("({x}) * a / a", "({x})"),
            ("({x}) * c ** 0.5 * c ** -0.5", "({x})"),
            (
                "(({x}) + ({y}) + a).sum(axis=0)",
                "({y} + a).sum(axis=0) + ({x} + 0 * a).sum(axis=0)",
            ),
            ("(({x}) * c + a).sum(axis=1)", "c[:, 0] * ({x} + 0 * a).sum(axis=1) + a.sum(axis=1)"),
            ("(({x}) + a).sum(axis=0).sum(axis=0)", "(({x}) + a).sum(axis=0, keepdims=True).sum()"),
            ("(({x}) + a).T.T", "({x}) + a"),
        ]
    ),
)
def test_laws_hold_letter_by_letter(left: str, right: str, x: str, y: str, z: str) -> None:
    known = recorded(True)
    names = {name: known[name] for name in ARRAYS}
    one, other = (value_of(side.format(x=x, y=y, z=z), names) for side in (left, right))
    if max(len(one.terms), len(other.terms)) <= 6:  # beyond, products are kept as they are
        assert one.key == other.key, f"{known.code(one)} and {known.code(other)}"
    assert_close(one.value, other.value, f"{left} {right}")


def test_a_root_is_not_taken_apart_where_a_factor_is_negative() -> None:
    known = recorded(True)
    names = {name: known[name] for name in ARRAYS}
    p = value_of("(a * a * b) ** 0.5", names)
    assert_close(p.value, value_of("np.abs(a) * b ** 0.5"), known.code(p))
    assert_close(value_of(known.code(p)), value_of("np.abs(a) * b ** 0.5"), known.code(p))


def test_two_axes_of_the_same_length_are_not_mixed_up(tmp_path: Path) -> None:
    x = RNG.normal(size=(3, 3))
    known = Recorded(tmp_path / "square.py", "return (x * x.T).sum()", {"x": x})
    p = known["x"]
    rows, columns = p.sum(axis=1, keepdims=True), p.sum(axis=0, keepdims=True)
    assert rows.key != columns.key and (p * p.T).key != (p * p).key
    np.testing.assert_allclose(
        (p * p.T - rows * columns).value, x * x.T - x.sum(1)[:, None] * x.sum(0)
    )
