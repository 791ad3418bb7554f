"""Layers that return nothing: forward leaves its output in `self.output`, and backward the
gradients of its inputs in `self.dinputs`. The methods are rewritten to return them.
"""

from __future__ import annotations

import ast
import copy

from byhand.sources.assemble import located
from byhand.sources.attributes import AsNames
from byhand.sources.inheritance import SELF
from byhand.sources.names import plain_name
from byhand.sources.signature import parameters, returns


def returning(
    forward: ast.FunctionDef, backward: ast.FunctionDef
) -> tuple[ast.FunctionDef, ast.FunctionDef] | None:
    """The two methods with what they leave as what they return; None where there is no such
    output."""
    if not returns(forward):
        output = _output(forward)
        if output is None:
            return None
        forward = copy.deepcopy(forward)
        end = ast.Return(ast.Attribute(ast.Name(SELF, ast.Load()), output, ast.Load()))
        forward.body.append(located(end, forward.body[-1]))
    left = _left(forward, backward)
    if left and not returns(backward):
        gradients = {attr: f"d{name}" for attr, name in left.items()}
        backward = AsNames(gradients).visit(copy.deepcopy(backward))
        names: list[ast.expr] = [ast.Name(name, ast.Load()) for name in gradients.values()]
        value = names[0] if len(names) == 1 else ast.Tuple(names, ast.Load())
        backward.body.append(located(ast.Return(value), backward.body[-1]))
    return forward, backward


def _output(forward: ast.FunctionDef) -> str | None:
    match forward.body[-1]:
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)]):
            return attr
        case _:
            return None


def _left(forward: ast.FunctionDef, backward: ast.FunctionDef) -> dict[str, str]:
    """The attributes in which backward leaves the gradients of forward's inputs."""
    inputs = parameters(forward)[1:]
    stored = (
        part.attr
        for part in ast.walk(backward)
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
        if isinstance(part.value, ast.Name) and part.value.id == SELF
    )
    known = {attr: _input(attr, inputs) for attr in stored}
    return {attr: name for attr, name in known.items() if name is not None}


def _input(attribute: str, inputs: list[str]) -> str | None:
    """`inputs` of dinputs; the only or the first one of dinput, dinputs and dx, whatever it is
    called."""
    name = plain_name(attribute)
    if name in inputs:
        return name
    usual = name != attribute and name in ("input", "inputs", "x", "X")
    return inputs[0] if usual and inputs else None
