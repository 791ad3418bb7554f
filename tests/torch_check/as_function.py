"""Problem files in PyTorch, rewritten as `torch.autograd.Function`s.

Statements keep their order and their text; what backward asks forward for goes through ctx: tensors
through save_for_backward, whatever else as attributes.

    PYTHONPATH=tests python tests/torch_check/as_function.py tests/checking/cases

compares the verdicts of all PyTorch cases of a folder with those on the Functions.
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import byhand.torch
from byhand.checking.report import Report
from byhand.program.plain_run import inputs_of_their_own, plain_locals
from byhand.program.problem import Problem, load
from rewritten_cases import compare, executed, rest_of

HEAD = """class Case(torch.autograd.Function):
    @staticmethod
"""


@dataclass(frozen=True)
class Rewritten:
    """A problem as a Function; `lines` gives the line of the problem file for one of backward's."""

    function: type[torch.autograd.Function]
    problem: Problem
    source: str
    lines: dict[int, int]

    def check(self, **options: Any) -> Report:
        """The check of the Function, on the problem's inputs."""
        needs = [
            name
            for name, value in self.problem.inputs().items()
            if name not in self.problem.data
            and torch.is_tensor(value)
            and value.is_floating_point()
        ]
        return byhand.torch.check(self.function, self.problem.draw, needs=needs, **options)


def rewritten(file: Path) -> Rewritten:
    """A problem file as a Function."""
    problem = load(file)
    text = file.read_text("utf-8")
    tree = ast.parse(text)
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    forward, backward = found["forward"], found["backward"]
    rows = text.splitlines()
    inputs = [arg.arg for arg in forward.args.args]
    upstream, asked = _asked(forward, backward, inputs)
    values = plain_locals(problem, inputs_of_their_own(problem.inputs()))
    saved = [name for name in asked if torch.is_tensor(values[name])]
    kept = [name for name in asked if name not in saved]
    keep = [f"ctx.save_for_backward({', '.join(saved)})", *(f"ctx.{n} = {n}" for n in kept)]
    take = [f"{', '.join([*saved, ''])[:-1]} = ctx.saved_tensors"] if saved else []
    take += [f"{name} = ctx.{name}" for name in kept]
    answers = {
        node.id
        for node in ast.walk(backward)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    answers |= {arg.arg for arg in backward.args.args}
    gradients = [f"d{name}" if f"d{name}" in answers else "None" for name in inputs]

    made = HEAD.splitlines()
    made.append(f"    def forward(ctx, {', '.join(inputs)}):")
    end = forward.body[-1]
    made += _indented(rows[forward.body[0].lineno - 1 : end.lineno - 1])
    made += [f"        {each}" for each in keep]
    made += _indented(rows[end.lineno - 1 : end.end_lineno])
    made += ["", "    @staticmethod", f"    def backward(ctx, {', '.join(upstream)}):"]
    made += [f"        {each}" for each in take]
    first, last = backward.body[0].lineno, backward.body[-1].end_lineno or 0
    lines = {len(made) + 1 + i: first + i for i in range(last - first + 1)}
    made += _indented(rows[first - 1 : last])
    lines[len(made) + 1] = last
    made.append(f"        return {', '.join(gradients)}")

    top = rest_of(text, tree, (forward, backward))
    lines = {line + len(top) + 1: owner for line, owner in lines.items()}
    source, space = executed([*top, "", *made], file, "function")
    return Rewritten(space["Case"], problem, source, lines)


def _asked(
    forward: ast.FunctionDef, backward: ast.FunctionDef, inputs: list[str]
) -> tuple[list[str], list[str]]:
    """Backward's parameters: the gradients of forward's outputs, and what it asks forward for."""
    end = forward.body[-1]
    assert isinstance(end, ast.Return)
    ends = end.value.elts if isinstance(end.value, ast.Tuple) else [end.value]
    upstream = [f"d{node.id}" for node in ends if isinstance(node, ast.Name)]
    assert len(upstream) == len(ends)
    return upstream, [arg.arg for arg in backward.args.args if arg.arg not in upstream]


def _indented(rows: list[str]) -> list[str]:
    return [f"    {row}" if row.strip() else "" for row in rows]


def torch_cases(folder: Path) -> list[Path]:
    """The problem files of a folder that are written in PyTorch, and whose backward asks for the
    gradients of the outputs: what is the backward of a loss alone is no Function's.
    """
    return [
        file
        for file in sorted(folder.glob("*.py"))
        if "import torch" in (text := file.read_text("utf-8"))
        and re.search(r"def backward\(.*\bd\w", text)
    ]


if __name__ == "__main__":
    compare(torch_cases(Path(sys.argv[1])), rewritten)
