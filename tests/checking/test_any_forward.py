"""Any forward of any ops: its derived backward is right; a mistake in it is found.

Forwards are drawn from the registry, with sums, means and maxima in between, so that values are
broadcast; the backward is what `byhand.derive` writes.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import byhand
from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.ops import REGISTRY
from byhand.ops.op import REAL, Op
from byhand.program.problem import load

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


def source(inputs: list[str], forward: list[str]) -> str:
    """A problem file without a backward."""
    names = [each.partition("=")[0] for each in inputs]
    given = ", ".join(f'"{name}": {name}' for name in names)
    return "\n".join(
        [
            "import numpy as np",
            "from byhand.ops import REGISTRY",
            "def inputs(rng, *, n=3):",
            *(f"    {each}" for each in inputs),
            f"    return {{{given}}}",
            f"def forward({', '.join(names)}):",
            *(f"    {each}" for each in forward),
            "    return out",
            "",
        ]
    )


@st.composite
def problems(draw: st.DrawFn) -> str:
    """A problem with a chain of ops in which values are used more than once."""
    inputs: list[str] = []
    forward: list[str] = []
    used: set[str] = set()
    steps: list[str] = []
    live: list[str] = []

    def fresh(op: Op, position: int) -> str:
        name = f"x{len(inputs)}"
        inputs.append(
            f'{name}=REGISTRY["{op.name}"].domains[{position}].draw(rng, (n, {SHAPE[1]}))'
        )
        return name

    def step(op: Op, args: list[str], **params: object) -> str:
        name = f"v{len(steps)}"
        symbols = tuple(Symbol(a, np.full(SHAPE, 0.5)) for a in args)
        forward.append(f"{name} = {call(op, symbols, params)}")
        used.update(args)
        steps.append(name)
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
        if draw(st.booleans()):
            reduction = REGISTRY[draw(st.sampled_from(["sum", "mean", "max"]))]
            live.append(step(reduction, [live[-1]], axis=draw(st.integers(0, 1)), keepdims=True))
    loose = [name for name in steps if name not in used]
    total = loose[0]
    for name in loose[1:]:
        total = step(REGISTRY["add"], [total, name])
    return source(inputs, [*forward, f"out = {total} * 2.0"])


def derived(problem: str) -> str:
    """The problem with the backward that byhand derives."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "drawn.py"
        file.write_text(problem)
        return problem + byhand.derive(load(file)).source


def report_on(problem: str) -> Report:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "drawn.py"
        file.write_text(problem)
        return check(load(file))


@quick
@given(problems())
def test_the_derived_backward_is_right(problem: str):
    report = report_on(derived(problem))
    assert report.ok, problem
    assert report.roots == ()


def left_out(value: ast.expr) -> ast.expr:
    """The first of two terms; what is no sum stays as it is."""
    return value.left if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add) else value


SLIPS: dict[str, Callable[[ast.expr], ast.expr]] = {
    "sign": lambda value: ast.UnaryOp(ast.USub(), value),
    "factor": lambda value: ast.BinOp(ast.Constant(3.0), ast.Mult(), value),
    "shifted": lambda value: ast.BinOp(ast.Constant(0.1), ast.Add(), value),
    "left out": left_out,
}


@quick
@given(problems(), st.data())
def test_a_mistake_has_its_root(problem: str, data: st.DataObject):
    tree = ast.parse(derived(problem))
    backward = tree.body[-1]
    assert isinstance(backward, ast.FunctionDef)
    statements = [
        node
        for node in backward.body
        if isinstance(node, ast.Assign) and re.fullmatch(r"d[vx]\d+", ast.unparse(node.targets[0]))
    ]
    statement = data.draw(st.sampled_from(statements))
    slip = data.draw(st.sampled_from(sorted(SLIPS)))
    name = ast.unparse(statement.targets[0]).removeprefix("d")
    statement.value = SLIPS[slip](statement.value)
    planted = ast.unparse(ast.fix_missing_locations(tree))
    report = report_on(planted)
    # What is left out may be 0 throughout, such as one side of a maximum: then nothing is wrong.
    assume(not report.ok or slip != "left out")
    assert report.roots == (name,), planted
    mistake = report[name].mistake
    assert mistake is not None
    if slip == "sign":
        assert mistake.code in ("sign", "missing-path", "double-path"), planted
