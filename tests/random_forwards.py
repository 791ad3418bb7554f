"""Random straight-line forwards as source text, for property tests.

A forward is drawn statement by statement, and run as it grows, so that every next statement fits
the shapes there are. Values stay of ordinary size, and away from the ties and kinks at which
gradients are a matter of taste.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

SHAPES = {"x": (3, 4), "W": (4, 3), "b": (4,), "c": (3, 1), "s": ()}

ONE = (
    "np.tanh({a})",
    "np.sin({a}) * 2",
    "np.exp(-np.abs({a}))",
    "np.sqrt(1 + {a}**2)",
    "np.log(1.5 + np.cos({a}))",
    "-{a} + 0.5",
    "1 / (2 + np.sin({a}))",
    "np.square({a}) / 2",
    "{a}.sum()",
    "{a}.mean()",
    "{a}.reshape(-1)",
    "sum([v * v for v in ({a}, {a})])",
)
TALL = (  # of at least one axis
    "{a}.sum(axis=0)",
    "{a}.sum(axis=-1, keepdims=True)",
    "{a}.mean(axis=0, keepdims=True)",
    "np.max({a}, axis=-1, keepdims=True)",
    "{a}[1:]",
    "{a}[[0, -1, 0]]",
    "{a} * ({a} > 0)",
    "np.concatenate([{a}, {a} * 2])",
)
WIDE = ("{a}.T", "{a}.sum(axis=(0, 1))", "{a}[:, ::2]", "{a}[..., None, 0]")
TWO = (
    "{a} + {b}",
    "{a} - {b}",
    "{a} * {b}",
    "{a} / (1.5 + np.sin({b}))",
    "np.maximum({a}, {b})",
    "np.where({a} > {b}, {a}, 2 * {b})",
    "({a} - {b}) ** 2",
)


@dataclass(frozen=True)
class RandomForward:
    """The body of a forward, and inputs for it."""

    lines: tuple[str, ...]
    inputs: dict[str, Any]

    @property
    def source(self) -> str:
        head = f"def forward({', '.join(self.inputs)}):"
        body = "".join(f"    {line}\n" for line in self.lines)
        return f"import numpy as np\n\n{head}\n{body}    return loss\n"


@st.composite
def random_forwards(draw: Callable[[Any], Any], longest: int = 8) -> RandomForward:
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    inputs: dict[str, Any] = {name: np.asarray(rng.normal(size=s)) for name, s in SHAPES.items()}
    held = dict(inputs)
    lines: list[str] = []
    for number in range(draw(st.integers(1, longest))):
        right_side = draw(st.sampled_from(_fitting(held)))
        target = draw(st.sampled_from([f"h{number}", f"h{number}", *held]))
        held[target] = np.asarray(eval(right_side, {"np": np, **held}))
        lines.append(f"{target} = {right_side}")
    terms = [f"({name} * {rng.normal():.3f}).sum()" for name in held]
    lines.append(f"loss = {' + '.join(terms)}")
    return RandomForward(tuple(lines), inputs)


def _fitting(held: dict[str, Any]) -> list[str]:
    """The expressions that these values allow."""
    names = list(held)
    found: list[str] = []
    for a in names:
        axes = held[a].ndim
        forms = (*ONE, *(TALL if axes else ()), *(WIDE if axes == 2 else ()))
        found += [form.format(a=a) for form in forms]
    for i, a in enumerate(names):
        b = names[(i * 7 + len(names)) % len(names)]
        found += [form.format(a=a, b=b) for form in TWO] + [f"{a} @ {b}"]
    return [each for each in found if _harmless(each, held)]


def _harmless(expression: str, held: dict[str, Any]) -> bool:
    """Whether it runs on these values, gives moderate ones, and has no tie in a comparison."""
    try:
        value = np.asarray(eval(expression, {"np": np, **held}))
    except (ValueError, IndexError):
        return False
    if value.size == 0 or value.size > 64 or not np.all(np.abs(value) < 50):
        return False
    if any(sign in expression for sign in (">", "max", "abs")):
        seen = np.sort(np.abs(np.concatenate([np.ravel(v) for v in held.values()])))
        return bool(np.all(np.diff(seen) > 1e-6) and seen[0] > 1e-6)
    return True
