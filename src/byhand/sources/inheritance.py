"""Classes with what they inherit from others of the same file, as their text tells."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Mapping

from byhand.sources.signature import parameters

SELF = "self"


def whole_classes(tree: ast.Module) -> list[ast.ClassDef]:
    """The classes of a module, each with the methods that it inherits, and without those that are
    only there to be inherited from: what they call, only their subclasses have."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found = {name: _whole(node, classes) for name, node in classes.items()}
    bases = {base for node in classes.values() for base in _bases(node)}
    return [node for name, node in found.items() if not (name in bases and _lacks(node))]


def overridden(name: str, node: ast.ClassDef, tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The methods of this name that the bases of a class have, the nearest first."""
    classes = {each.name: each for each in tree.body if isinstance(each, ast.ClassDef)}
    for _, method in _inherited(node, classes, {node.name}):
        if method.name == name:
            yield method


def functions_asked(init: ast.FunctionDef | None, node: ast.ClassDef) -> set[str]:
    """The parameters of `__init__` that are functions: they are kept, and called in a method."""
    if init is None:
        return set()
    called = {name for part in ast.walk(node) if (name := _called(part)) is not None}
    found: set[str] = set()
    for part in ast.walk(init):
        match part:
            case ast.Assign(targets=[ast.Attribute(attr=attr) as target], value=ast.Name(id=name)):
                if _is_own(target) and attr in called and name in parameters(init):
                    found.add(name)
            case _:
                pass
    return found


def _called(node: ast.AST) -> str | None:
    """The name of a method of the class itself that is called: `self.value(x)`."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=attr)):
            return attr
        case _:
            return None


def _is_own(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id=name)):
            return name == SELF
        case _:
            return False


def _bases(node: ast.ClassDef) -> list[str]:
    return [base.id for base in node.bases if isinstance(base, ast.Name)]


def _whole(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> ast.ClassDef:
    """A class with the methods of its bases that it doesn't have itself; the same where it has no
    base in this file."""
    inherited = [*_inherited(node, classes, {node.name})]
    if not inherited:
        return node
    made = copy.copy(node)
    made.body = [_Super(node.name).visit(copy.deepcopy(each)) for each in node.body]
    names = {each.name for each in made.body if isinstance(each, ast.FunctionDef)}
    for owner, method in inherited:
        if method.name not in names:
            names.add(method.name)
            made.body.append(_Super(owner).visit(copy.deepcopy(method)))
    return made


def _inherited(
    node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], seen: Collection[str]
) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The methods of the bases of a class, the nearest first, each with its owner."""
    for name in _bases(node):
        if name in classes and name not in seen:
            base = classes[name]
            yield from ((name, each) for each in base.body if isinstance(each, ast.FunctionDef))
            yield from _inherited(base, classes, {*seen, name})


def _lacks(node: ast.ClassDef) -> bool:
    """Whether a class calls methods of its own that it hasn't, or can't be made without functions
    that its subclasses say."""
    methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
    stored = {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
    }
    called = {name for part in ast.walk(node) if (name := _called(part)) is not None}
    return bool(called - {*methods} - stored or functions_asked(methods.get("__init__"), node))


class _Super(ast.NodeTransformer):
    """`super()` as it is said outside of a class."""

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="super"), args=[]):
                node.args = [ast.Name(self.owner, ast.Load()), ast.Name(SELF, ast.Load())]
                return ast.fix_missing_locations(node)
            case _:
                return node
