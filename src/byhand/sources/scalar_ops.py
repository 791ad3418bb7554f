"""The ops of an engine of numbers or arrays, found by their text: methods that leave a closure
which adds to the gradients of their operands."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from byhand.program.scopes import all_names
from byhand.sources.signature import parameters


@dataclass(frozen=True, eq=False)
class ScalarOp:
    """A method of the class that makes a value `out`, and the closure that goes back.

    `operands` are its parameters that are values of the class, `others` those that are numbers.
    `data` and `grad` are the attributes that hold a value's number, or its array if the engine is
    one `on_arrays`, and its gradient.
    """

    name: str
    owner: str
    forward: ast.FunctionDef
    backward: ast.FunctionDef
    out: str
    operands: tuple[str, ...]
    others: tuple[str, ...]
    data: str
    grad: str
    on_arrays: bool = False

    @property
    def left(self) -> str | None:
        """The attribute in which the closure is left."""
        for part in self.forward.body:
            match part:
                case ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(), attr=attr)],
                    value=ast.Name(id=name),
                ) if name == self.backward.name:
                    return attr
                case _:
                    pass
        return None


def ops_in(tree: ast.Module) -> list[ScalarOp]:
    """The ops of the scalar engines of a module, in its order."""
    return [
        replace(op, on_arrays=_holds_arrays(node))
        for node in tree.body
        if isinstance(node, ast.ClassDef) and (data := _data(node)) is not None
        for method in node.body
        if isinstance(method, ast.FunctionDef) and (op := _op(node.name, method, data)) is not None
    ]


def _holds_arrays(node: ast.ClassDef) -> bool:
    """Whether a class makes arrays of what it is given."""
    inits = (m for m in node.body if isinstance(m, ast.FunctionDef) and m.name == "__init__")
    return any(
        isinstance(part, ast.Attribute) and part.attr in _MAKING
        for m in inits
        for part in ast.walk(m)
    )


_MAKING = {"array", "asarray", "zeros", "zeros_like", "ndarray"}


def _data(node: ast.ClassDef) -> str | None:
    """The attribute that a class holds its number in: what is made of the first argument."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__":
            for part in ast.walk(method):
                match part:
                    case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)]):
                        first = parameters(method)[1:2]
                        if first and first[0] in all_names(part.value):
                            return attr
                    case _:
                        pass
    return None


def _op(owner: str, method: ast.FunctionDef, data: str) -> ScalarOp | None:
    closures = [n for n in method.body if isinstance(n, ast.FunctionDef) and not parameters(n)]
    made = [
        (node.targets[0].id, node)
        for node in method.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and made_of(node.value, owner) is not None
    ]
    if len(closures) != 1 or not made:
        return None
    out = made[-1][0]
    read = {
        part.attr
        for part in ast.walk(closures[0])
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name)
        if part.value.id == out and part.attr != data
    }
    touched = {
        (part.value.id, part.attr)
        for part in ast.walk(method)
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name)
    }
    names = parameters(method)
    written = {  # a closure that forgets out.grad reads none
        part.attr
        for part in ast.walk(closures[0])
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
    }
    grads = [attr for attr in read if any((name, attr) in touched for name in names)]
    grads = grads or [*read] or [*written]
    if len(grads) != 1:
        return None
    operands = tuple(n for n in names if (n, data) in touched or (n, grads[0]) in touched)
    others = tuple(n for n in names if n not in operands)
    name = f"{owner}.{method.name}"
    return ScalarOp(name, owner, method, closures[0], out, operands, others, data, grads[0])


def made_of(node: ast.expr, owner: str) -> ast.expr | None:
    """The number of which a value is made: `x` of `Value(x, ...)`."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name == owner:
            return first
        case ast.Call(func=func, args=[first, *_]) if ast.unparse(func) in _OWN_CLASS:
            return first
        case _:
            return None


_OWN_CLASS = {"self.__class__", "type(self)"}
