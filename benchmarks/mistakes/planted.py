"""Mistakes planted in backwards of random styles, and mistakes that the inputs hide.

What is true of them is known from how they were made: one line of a right backward was changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from .collect import SEEDS, Case
from .styles import styled

LINE = re.compile(r"(\s*)(d[A-Za-z]\w*(?:\[[^]]*\])?) (\*?=) (.*)$")
MEAN = re.compile(r" / (n|len\([a-z]\))$")

TRUE = {
    "sign": ("sign",),
    "times two": ("factor", "double-path"),
    "wrong axis": ("wrong-axis", "keepdims", "over-reduced", "missing-reduction"),
    "mean dropped": ("unnormalised", "missing-local", "factor", "mean-for-sum"),
}
"""The codes that are true of a line that was changed in this way."""

PLAIN, POSITIVE = "rng.normal(size=(4, n))", "rng.random((4, n)) + 0.5"
HIDDEN = {
    "ones": (PLAIN, "np.ones(n)", "x * w", "dout", "(dout * x).sum(0)", "missing-local"),
    "zeros": (
        PLAIN, "np.zeros(n)", "x * np.exp(w)", "dout", "(dout * x * np.exp(w)).sum(0)",
        "missing-local",
    ),
    "diagonal": (
        PLAIN, "np.diag(rng.normal(size=n))", "x @ w", "dout @ w", "x.T @ dout", "transposed",
    ),
    "positive": (
        POSITIVE, "rng.normal(size=n)", "np.abs(x) * w", "dout * w", "(dout * np.abs(x)).sum(0)",
        "missing-local",
    ),
    "a branch": (
        PLAIN, "rng.normal(size=n)", "np.where(x > 6, x * x, x) * w", "dout * w",
        "(dout * np.where(x > 6, x * x, x)).sum(0)", "missing-local",
    ),
}  # fmt: skip
"""What hides a mistake in dx: what x and w are, forward, dx as it is, dw as it should be; and the
code."""


def in_styles(seeds: str, singles: int, rights: int) -> dict[str, list[Case]]:
    """Cases of the three groups, of one half of all seeds."""
    numbers = iter(range(SEEDS[seeds] % 2, 10**6, 2))
    found: dict[str, list[Case]] = {"single": [], "pair": [], "right": []}
    for seed in numbers:
        if len(found["right"]) < rights:
            problem = styled(seed)
            label = f"styles {seed}: {', '.join(problem.styles)}"
            found["right"].append(Case("styles", "style", label, problem.source))
        if len(found["single"]) < singles:
            found["single"] += planted(seed)
        elif len(found["right"]) >= rights:
            break
    found["single"] += hidden()
    return found


def planted(seed: int) -> list[Case]:
    """One mistake in the problem of this number; none if the line that was drawn has no room."""
    problem, rng = styled(seed), np.random.default_rng([seed, 7])
    head, body = problem.source.split("def backward", 1)
    lines = body.splitlines()
    written = [i for i, line in enumerate(lines) if (m := LINE.match(line)) and m[4] != "{}"]
    at = int(rng.choice(written))
    found = LINE.match(lines[at])
    assert found is not None
    blanks, target, sign, value = found.groups()
    kind = str(rng.choice(list(TRUE)))
    new, name = changed(kind, value), target.removeprefix("d")
    forward = head.split("def forward")[1]
    if new is None or not re.search(rf"\b{name.partition('[')[0]}\b", forward):
        return []
    lines[at] = f"{blanks}{target} {sign} {new}"
    text = head + "def backward" + "\n".join(lines) + "\n"
    label = f"styles {seed}: {lines[at].strip()}"
    return [Case("styles", f"{kind}, in a style", label, text, (name,), (TRUE[kind],))]


def changed(kind: str, value: str) -> str | None:
    """An expression with this mistake; None if there is no room for it."""
    match kind:
        case "sign":
            return f"-({value})"
        case "times two":
            return f"2 * ({value})"
        case "wrong axis" if ".sum(" in value:
            return re.sub(r"sum\((axis=)?0\)", "sum(1)", value)
        case "mean dropped" if MEAN.search(value):
            return MEAN.sub("", value)
        case _:
            return None


def hidden() -> Iterator[Case]:
    """Mistakes that don't show on the inputs that the file gives."""
    for kind, (x, w, out, dx, dw, code) in HIDDEN.items():
        lines = [
            "import numpy as np",
            "def inputs(rng, *, n=5):",
            f'    return {{"x": {x}, "w": {w}}}',
            "def forward(x, w):",
            f"    out = {out}",
            "    return out",
            "def backward(dout, x, w):",
            f"    dx = {dx}",
            f"    dw = {dw}",
            "",
        ]
        text = "\n".join(lines)
        yield Case("hidden", f"hidden by {kind}", f"dx = {dx}", text, ("x",), ((code,),))
