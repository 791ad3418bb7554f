"""Any forward of any ops: its backward as the rules print it is right; a mistake in it is found.

Forwards are drawn from the registry; the backward is written by the rules themselves, step by
step, with `d<name> = ...` for the first share of a gradient and `d<name> += ...` for the others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.ops import REGISTRY
from byhand.ops.op import REAL, Op
from byhand.program import load

sys.path.insert(0, str(Path(__file__).parents[1] / "ops"))
from printing import Symbol, call

OPS = [
    op
    for op in REGISTRY.values()
    if op.structure == "elementwise" and op.differentiable and all(op.vjps) and op.name != "clip"
]
SHAPE = (3, 4)
quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@dataclass
class Written:
    """A problem as text: the lines of its backward with the name that each of them writes."""

    inputs: list[str]
    forward: list[str]
    backward: list[tuple[str, str]]
    names: list[str]

    def source(self, backward: list[str] | None = None) -> str:
        lines = [text for _, text in self.backward] if backward is None else backward
        asked = ", ".join([*self.names, "dout"])
        inputs = [each.partition("=")[0] for each in self.inputs]
        given = ", ".join(f'"{name}": {name}' for name in inputs)
        return "\n".join(
            [
                "import numpy as np",
                "from byhand.ops import REGISTRY",
                "def inputs(rng, *, n=3):",
                *(f"    {each}" for each in self.inputs),
                f"    return {{{given}}}",
                f"def forward({', '.join(inputs)}):",
                *(f"    {each}" for each in self.forward),
                "    return out",
                f"def backward({asked}):",
                *(f"    {each}" for each in lines),
            ]
        )


@st.composite
def problems(draw: st.DrawFn) -> Written:
    """A chain of ops in which values are used more than once."""
    inputs: list[str] = []
    forward: list[str] = []
    steps: list[tuple[str, Op, list[str]]] = []
    live: list[str] = []

    def fresh(op: Op, position: int) -> str:
        name = f"x{len(inputs)}"
        inputs.append(
            f'{name}=REGISTRY["{op.name}"].domains[{position}].draw(rng, (n, {SHAPE[1]}))'
        )
        return name

    def step(op: Op, args: list[str]) -> str:
        name = f"v{len(steps)}"
        symbols = tuple(Symbol(a, np.full(SHAPE, 0.5)) for a in args)
        forward.append(f"{name} = {call(op, symbols, {})}")
        steps.append((name, op, args))
        return name

    for _ in range(draw(st.integers(2, 5))):
        op = draw(st.sampled_from(OPS))
        args = [
            draw(st.sampled_from(live))
            if live and op.domains[min(i, len(op.domains) - 1)] is REAL and draw(st.booleans())
            else fresh(op, i)
            for i in range(len(op.vjps))
        ]
        live += [a for a in args if a not in live and op.domains[0] is REAL]
        live.append(step(REGISTRY["tanh"], [step(op, args)]))
    used = {a for _, _, args in steps for a in args}
    loose = [name for name, _, _ in steps if name not in used]
    total = loose[0]
    for name in loose[1:]:
        total = step(REGISTRY["add"], [total, name])
    forward.append(f"out = {total} * 2.0")
    backward = [(total, f"d{total} = dout * 2.0")]
    seen = {total}
    for name, op, args in reversed(steps):
        symbols = [Symbol(a, np.full(SHAPE, 0.5)) for a in (f"d{name}", name, *args)]
        for i, arg in enumerate(args):
            vjp = op.vjp(i)
            assert vjp is not None
            with np.errstate(all="ignore"):  # the numbers only stand for their shape
                share = vjp(*symbols)
            sign = "+=" if arg in seen else "="
            copy = "" if arg in seen else ".copy()"
            backward.append((arg, f"d{arg} {sign} ({share.text}){copy}"))
            seen.add(arg)
    names = [i.partition("=")[0] for i in inputs] + [name for name, _, _ in steps]
    return Written(inputs, forward, backward, names)


def report_on(source: str) -> Report:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "drawn.py"
        file.write_text(source)
        return check(load(file))


@quick
@given(problems())
def test_the_rules_own_backward_is_right(problem: Written):
    report = report_on(problem.source())
    assert report.ok, problem.source()
    assert report.roots == ()


SLIPS: dict[str, Callable[[str], str]] = {
    "sign": lambda line: line.replace("= (", "= -(", 1),
    "factor": lambda line: line.replace("= (", "= 3.0 * (", 1),
    "shifted": lambda line: line.replace("= (", "= 0.1 + (", 1),
}


@quick
@given(problems(), st.data())
def test_a_mistake_has_its_root(problem: Written, data: st.DataObject):
    at = data.draw(st.integers(1, len(problem.backward) - 1))
    slip = data.draw(st.sampled_from(["sign", "factor", "shifted", "left out"]))
    name, line = problem.backward[at]
    lines = [text for _, text in problem.backward]
    if slip == "left out":
        assume("+=" in line)
        lines[at] = "pass"
    else:
        lines[at] = SLIPS[slip](line)
    report = report_on(problem.source(lines))
    # What is added may be 0 throughout, such as one side of a maximum: then nothing is wrong.
    assume(not report.ok or slip == "shifted")
    assert report.roots == (name,), problem.source(lines)
    mistake = report[name].mistake
    assert mistake is not None
    if slip == "sign":
        assert mistake.code in ("sign", "missing-path", "double-path")
