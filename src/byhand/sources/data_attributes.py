"""Classes that get their data when they are made: `NeuralNetwork(x, y)` with `feedforward(self)`
and `backprop(self)`, which read `self.input` and `self.y`.

The methods are rewritten to take what `__init__` keeps as it is; `feedforward` returns what it
leaves in `self.output`. Then the class is like any other.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping, Sequence

from byhand.sources.assemble import located
from byhand.sources.attributes import AsNames
from byhand.sources.inheritance import SELF
from byhand.sources.signature import parameters, returns


def with_data(
    node: ast.ClassDef, forward: ast.FunctionDef, backward: ast.FunctionDef
) -> ast.ClassDef | None:
    """The class whose methods take its data; None where they aren't in it."""
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
    init = next((each for each in methods if each.name == "__init__"), None)
    if init is None or parameters(forward) != [SELF]:
        return None
    kept = _kept(init, [each for each in methods if each is not init])
    output = _output(forward)
    if not kept or (output is None and not returns(forward)):
        return None
    made = copy.copy(node)
    made.body = [copy.deepcopy(each) for each in node.body]
    for method in made.body:
        if isinstance(method, ast.FunctionDef) and method.name != "__init__":
            here = kept
            if method.name not in (forward.name, backward.name) and output is not None:
                here = {output: output, **kept}  # a loss of the output
            _take(method, here)
            if method.name == forward.name and output is not None and not returns(method):
                end = ast.Return(ast.Attribute(ast.Name(SELF, ast.Load()), output, ast.Load()))
                method.body.append(located(end, method.body[-1]))
    return made


def _kept(init: ast.FunctionDef, others: Sequence[ast.FunctionDef]) -> dict[str, str]:
    """The attributes that are parameters of `__init__` as they are, and stay that."""
    changed = {
        part.attr
        for method in others
        for part in ast.walk(method)
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
    }
    found: dict[str, str] = {}
    for node in init.body:
        match node:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)],
                value=ast.Name(id=name),
            ) if attr not in changed and name in _needed(init):
                found[attr] = name
            case _:
                pass
    return found


def _needed(init: ast.FunctionDef) -> list[str]:
    """The parameters without a default, which are data rather than settings."""
    names = parameters(init)[1:]
    return names[: len(names) - len(init.args.defaults)]


def _output(forward: ast.FunctionDef) -> str | None:
    """The attribute that forward leaves its output in."""
    match forward.body[-1]:
        case (
            ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)])
            | ast.Return(value=ast.Attribute(value=ast.Name(id="self"), attr=attr))
        ):
            return attr
        case _:
            return None


def _take(method: ast.FunctionDef, attributes: Mapping[str, str]) -> None:
    """Gives a method the parameters that it read as attributes."""
    as_names = AsNames(attributes)
    method.body = [as_names.visit(each) for each in method.body]
    own = [name for name in dict.fromkeys(attributes.values()) if name in as_names.met]
    fresh = [ast.copy_location(ast.arg(n), method) for n in own if n not in parameters(method)]
    method.args.args[1:1] = fresh
