"""Problem files in NumPy, rewritten as `jax.custom_vjp`s.

Statements keep their order and their text, but for `np`, which becomes `jnp`, and for what is
assigned to items, which JAX has its own words for; what backward asks forward for are the
residuals.

    PYTHONPATH=tests python tests/in_jax/as_custom_vjp.py tests/checking/cases

compares the verdicts of all NumPy kernels of a folder with those on the custom_vjps.
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import byhand.jax
from byhand.checking.report import Report
from byhand.program.problem import Problem, load
from rewritten_cases import compare, executed, rest_of

ITEM = re.compile(r"^(\s*)(\w+)\[(.+?)\] (=|\+=|-=) (.+)$")
WORDS = {"=": "set({})", "+=": "add({})", "-=": "add(-({}))"}
LENGTH = re.compile(r"int\((\w+)\.max\(\)\)")


@dataclass(frozen=True)
class Rewritten:
    """A problem as a custom_vjp; `lines` gives the line of the problem file for one of bwd's."""

    function: Any
    problem: Problem
    source: str
    lines: dict[int, int]

    def check(self, **options: Any) -> Report:
        return byhand.jax.check(self.function, self.problem.draw, **options)


def rewritten(file: Path) -> Rewritten:
    """A problem file as a custom_vjp."""
    problem = load(file)
    text = file.read_text("utf-8")
    tree = ast.parse(text)
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    forward, backward = found["forward"], found["backward"]
    rows = text.splitlines()
    inputs = [arg.arg for arg in forward.args.args]
    end = forward.body[-1]
    assert isinstance(end, ast.Return) and isinstance(end.value, ast.Name)
    upstream = f"d{end.value.id}"
    asked = [arg.arg for arg in backward.args.args if arg.arg != upstream]
    handed = [i for i, name in enumerate(inputs) if name in problem.data]
    answers = {n.id for n in ast.walk(backward) if isinstance(n, ast.Name)} | {upstream}
    gradients = [
        f"d{name}" if f"d{name}" in answers else "None"
        for i, name in enumerate(inputs)
        if i not in handed
    ]

    made = ["import jax", "import jax.numpy as jnp", "from functools import partial"]
    made += [
        f"@partial(jax.custom_vjp, nondiff_argnums={tuple(handed)})",
        f"def case({', '.join(inputs)}):",
        f"    return fwd({', '.join(inputs)})[0]",
        f"def fwd({', '.join(inputs)}):",
        *map(_in_jax, rows[forward.body[0].lineno - 1 : end.lineno - 1]),
        f"    return {end.value.id}, ({', '.join([*asked, ''])})",
    ]
    arguments = [*(f"handed{i}" for i in handed), "res", upstream]
    made += [f"def bwd({', '.join(arguments)}):", f"    ({', '.join([*asked, ''])}) = res"]
    first, last = backward.body[0].lineno, backward.body[-1].end_lineno or 0
    lines = {len(made) + 1 + i: first + i for i in range(last - first + 1)}
    made += map(_in_jax, rows[first - 1 : last])
    made.append(f"    return ({', '.join([*gradients, ''])})")
    made.append("case.defvjp(fwd, bwd)")

    top = rest_of(text, tree, (forward, backward))
    lines = {line + len(top): owner for line, owner in lines.items()}
    source, space = executed([*top, *made], file, "custom-vjp")
    return Rewritten(space["case"], problem, source, lines)


def _in_jax(row: str) -> str:
    row = re.sub(r"\bnp\.", "jnp.", row)
    row = LENGTH.sub(r"int(np.max(\1))", row)  # JAX must know lengths when it records
    match = ITEM.match(row)
    if match is None:
        return row
    indent, name, index, sign, value = match.groups()
    return f"{indent}{name} = {name}.at[{index}].{WORDS[sign].format(value)}"


def numpy_kernels(folder: Path) -> list[Path]:
    """The kernels of a folder that are written in NumPy."""
    return [
        file
        for file in sorted(folder.glob("kernel-*.py"))
        if "import torch" not in file.read_text("utf-8")
    ]


if __name__ == "__main__":
    compare(numpy_kernels(Path(sys.argv[1])), rewritten)
