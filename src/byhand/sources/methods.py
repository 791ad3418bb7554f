"""Methods as functions: those that a method calls on `self` are put in the place of their calls,
and `self.W` is `W`.

What `__init__` sets to a truth value, a text or a whole number, or to an argument that is one by
default, is that: `if self.fit_intercept:` goes the way that it goes by default.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence

from byhand.program.scopes import bound_names
from byhand.sources.combined import without_self
from byhand.sources.helpers import with_helpers
from byhand.sources.inheritance import SELF
from byhand.sources.intermediates import Renames
from byhand.sources.signature import parameters


def methods_of(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    """The methods of a class as functions; first those that no other method calls."""
    methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
    settings = _settings(node, methods.get("__init__"))
    calls = {part for each in methods.values() for part in ast.walk(each)}
    called = {name for part in calls if (name := _own(part, node.name)) is not None}
    for name, method in sorted(methods.items(), key=lambda each: each[0] in called):
        if name != "__init__":
            yield _free(method, methods, settings, node.name)


def _free(
    method: ast.FunctionDef,
    methods: Mapping[str, ast.FunctionDef],
    settings: Mapping[str, ast.Constant],
    owner: str,
) -> ast.FunctionDef:
    """A method with the statements of those that it calls, and without `self`."""
    made = _without_first(with_own_methods(method, methods, owner))
    made.body = _decided([_Settings(settings).visit(each) for each in made.body])
    attributes = {part.attr for part in _attributes(made)}
    clashing = (bound_names(made) - _kept_as_they_are(made)) & attributes
    made = without_self(Renames({name: f"{name}_" for name in clashing}).visit(made))
    made.body = [each for each in made.body if not _says_nothing(each)]
    return made


def with_own_methods(
    method: ast.FunctionDef, methods: Mapping[str, ast.FunctionDef], owner: str
) -> ast.FunctionDef:
    """A method of a class with the statements of those of its `methods` that it calls."""

    def definition(func: ast.expr) -> ast.FunctionDef | None:
        found = methods.get(_own(ast.Call(func, [], []), owner) or "")
        same = found is None or found.name == method.name
        return None if found is None or same else _without_first(found)

    names = {part.attr for each in methods.values() for part in _attributes(each)}
    made, _ = with_helpers(_without_first(method), definition, names, own=True)
    made.args = method.args
    return made


def _says_nothing(node: ast.stmt) -> bool:
    """`X = X`, which was `self.X = X`."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=same)):
            return name == same
        case _:
            return False


def _attributes(node: ast.AST) -> Iterator[ast.Attribute]:
    """`self.W`, wherever it stands."""
    for part in ast.walk(node):
        match part:
            case ast.Attribute(value=ast.Name(id="self")):
                yield part
            case _:
                pass


def _kept_as_they_are(method: ast.FunctionDef) -> set[str]:
    """The locals that an attribute of the same name holds: `self.X = X`."""
    return {
        part.value.id
        for part in ast.walk(method)
        if isinstance(part, ast.Assign)
        and isinstance(part.value, ast.Name)
        and any(ast.unparse(each) == f"{SELF}.{part.value.id}" for each in part.targets)
    }


def _own(node: ast.AST, owner: str) -> str | None:
    """The name of a method that is called on `self`, or on the class."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)):
            return attr if name in (SELF, "cls", owner) else None
        case _:
            return None


def _without_first(method: ast.FunctionDef) -> ast.FunctionDef:
    """A method with the arguments that a call gives it; nothing of it is plain but `self`."""
    if [ast.unparse(each) for each in method.decorator_list] == ["staticmethod"]:
        return method
    if parameters(method)[:1] != [SELF]:
        return method
    made = copy.copy(method)
    made.args = copy.deepcopy(method.args)
    made.args.args = made.args.args[1:]
    return made


def _settings(node: ast.ClassDef, init: ast.FunctionDef | None) -> dict[str, ast.Constant]:
    """The attributes that are one constant which may decide something."""
    return {
        name: value
        for name, value in _said_once(node, init).items()
        if isinstance(value, ast.Constant) and _decides(value.value)
    }


def _said_once(node: ast.ClassDef, init: ast.FunctionDef | None) -> dict[str, ast.expr | None]:
    """What attributes are, or are by default, that `__init__` sets and nothing else."""
    if init is None:
        return {}
    args = init.args.args
    defaults = {
        arg.arg: value
        for arg, value in zip(reversed(args), reversed(init.args.defaults), strict=False)
    }
    found: dict[str, list[ast.expr | None]] = {}
    for part in ast.walk(node):
        match part:
            case ast.Assign(targets=[target], value=value):
                for one, other in _pairs(target, value):
                    if isinstance(one, ast.Attribute) and ast.unparse(one.value) == SELF:
                        said = defaults.get(other.id) if isinstance(other, ast.Name) else other
                        found.setdefault(one.attr, []).append(said)
            case ast.AugAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=attr)):
                found.setdefault(attr, []).append(None)
            case _:
                pass
    return {name: value for name, [value, *more] in found.items() if not more}


def numbers_of(node: ast.ClassDef) -> Iterator[str]:
    """The attributes that are one number: drawn as one, `self.w1 = np.random.normal()`, or one by
    default, `def __init__(self, reg=0.01)`."""
    inits = (n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
    for name, value in _said_once(node, next(inits, None)).items():
        if isinstance(value, ast.Constant) and isinstance(value.value, float):
            yield name
    for part in ast.walk(node):
        match part:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)],
                value=ast.Call(func=ast.Attribute(attr=drawn), args=args, keywords=[]),
            ) if len(args) <= _WITHOUT_SIZE.get(drawn, -1):
                yield attr
            case _:
                pass


_WITHOUT_SIZE = {"normal": 2, "uniform": 2, "gauss": 2, "random": 0, "randn": 0, "rand": 0}
"""How many arguments draws have at most that are no size."""


def _decides(value: object) -> bool:
    """Whether a constant may decide something: not a factor of 0, which hides what it scales."""
    return isinstance(value, bool | str) or (isinstance(value, int) and value != 0)


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    match target, value:
        case ast.Tuple(elts=ones), ast.Tuple(elts=others):
            return [*zip(ones, others, strict=False)]
        case _:
            return [(target, value)]


class _Settings(ast.NodeTransformer):
    """`self.verbose` as the constant that it is, and what is compared with one as what it is."""

    def __init__(self, settings: Mapping[str, ast.Constant]) -> None:
        self.settings = settings

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=attr, ctx=ast.Load()) if (
                attr in self.settings
            ):
                return ast.copy_location(ast.Constant(self.settings[attr].value), node)
            case _:
                return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Compare(
                left=ast.Constant(value=left),
                ops=[ast.Eq() | ast.NotEq() as op],
                comparators=[ast.Constant(value=right)],
            ):
                equal = left == right
                said = equal if isinstance(op, ast.Eq) else not equal
                return ast.copy_location(ast.Constant(said), node)
            case _:
                return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
                return ast.copy_location(ast.Constant(not value), node)
            case _:
                return node


def _decided(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Statements with the one side of every `if` whose test is a constant."""
    found: list[ast.stmt] = []
    for node in body:
        match node:
            case ast.If(test=ast.Constant(value=value)):
                found += _decided(node.body if value else node.orelse)
            case ast.If() | ast.For() | ast.While():
                node.body, node.orelse = _decided(node.body), _decided(node.orelse)
                node.body = node.body or [ast.copy_location(ast.Pass(), node)]
                found.append(node)
            case _:
                found.append(node)
    return found
