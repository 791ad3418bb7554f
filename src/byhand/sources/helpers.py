"""Functions of the user's own file, and methods, that a function calls, put in the place of their
calls.

So a wrong line in a mask, a scale or `_backward(dy, x)` is blamed itself, and not the line that
reads what it gives. What isn't plain (loops over returns, closures, decorators, functions inside)
stays a call.
"""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, TypeAlias

from byhand.program.scopes import bound_names, own_parts
from byhand.sources.assemble import located
from byhand.sources.intermediates import Renames
from byhand.sources.signature import body_of, elements, parameters, returns

DEEP = 3
"""Calls of helpers by helpers that are followed."""

_NOT_PLAIN = (
    *(ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom, ast.Await),
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.NamedExpr),
)
_CONDITIONAL = (
    *(ast.Lambda, ast.IfExp, ast.BoolOp, ast.NamedExpr),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


Definition: TypeAlias = Callable[[ast.expr], ast.FunctionDef | None]
"""The `def` of what is called, with the arguments that the call gives it, if it can be read."""


def with_helpers(
    function: ast.FunctionDef,
    definition: Definition,
    known: Collection[str] = (),
    *,
    own: bool = False,
) -> tuple[ast.FunctionDef, dict[str, str]]:
    """A function with the statements of its helpers, and what its new names are called there, none
    of which is `known` around it. With `own`, names of a helper stay as they are where they can."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    reader = _HelperReader(definition, {*bound_names(function)}, names | {*known}, own)
    made = copy.deepcopy(function)
    made.body = reader.block(made.body, DEEP)
    return made, reader.called


def by_name(functions: Mapping[str, ast.FunctionDef]) -> Definition:
    """Functions by their names."""

    def read(func: ast.expr) -> ast.FunctionDef | None:
        return functions.get(func.id) if isinstance(func, ast.Name) else None

    return read


COMPILED = "_torchdynamo_inline"
"""Where PyTorch keeps the Python of what it compiled, by `torch.jit.script` or `torch.compile`."""


def in_file(
    space: Mapping[str, Any],
    file: str,
    definition: Callable[[FunctionType], ast.FunctionDef | None],
) -> Definition:
    """The functions of a file that `space` holds, whose source `definition` reads."""

    def read(func: ast.expr) -> ast.FunctionDef | None:
        called = _value(func, space)
        found = getattr(called, COMPILED, called)
        if (
            not isinstance(found, FunctionType)
            or found.__code__.co_filename != file
            or found.__closure__
            or inspect.isgeneratorfunction(found)
        ):
            return None
        helper = definition(found)
        if helper is None or found is called:
            return helper
        helper = copy.copy(helper)
        helper.decorator_list = []  # what compiled it
        return helper

    return read


@dataclass
class _HelperReader:
    """`bound` are the locals that there are by now, `taken` all names that mean something."""

    definition: Definition
    bound: set[str]
    taken: set[str]
    own: bool
    called: dict[str, str] = field(default_factory=dict[str, str])

    def block(self, body: Sequence[ast.stmt], deep: int) -> list[ast.stmt]:
        return [made for node in body for made in self.statement(node, deep)]

    def statement(self, node: ast.stmt, deep: int) -> list[ast.stmt]:
        """A statement, after those of the helpers that it calls."""
        if deep == 0:
            return [node]
        match node:
            case ast.Return(value=ast.Call() as call):
                known = self.put_in(call, deep, (), tail=True)
                if known is not None:
                    before, value = known
                    return [*before, ast.copy_location(ast.Return(value), value)]
            case ast.Assign(targets=[target], value=ast.Call() as call):
                known = self.put_in(call, deep, elements(target))
                if known is not None:
                    before, value = known
                    return [*before, *_assigned(target, value)]
            case ast.Expr(value=ast.Call() as call):
                known = self.put_in(call, deep, ())
                if known is not None:
                    return known[0]
            case ast.If() | ast.For() | ast.While() | ast.With():
                node.body = self.block(node.body, deep)
                if not isinstance(node, ast.With):
                    node.orelse = self.block(node.orelse, deep)
                return [node]
            case ast.Assign() | ast.AugAssign() | ast.Return() | ast.Expr():
                pass
            case _:
                return [node]
        hoist = _Hoist(self, deep)
        if node.value is not None:
            node.value = hoist.visit(node.value)
        return [*hoist.before, node]

    def put_in(
        self, call: ast.Call, deep: int, targets: Sequence[ast.expr], *, tail: bool = False
    ) -> tuple[list[ast.stmt], ast.expr] | None:
        """The statements of a helper on these arguments, and what it returns; None where it isn't
        to be put in. What goes to a local is called as that."""
        helper = self.helper(call)
        given = None if helper is None else _arguments(helper, call)
        if helper is None or given is None:
            return None
        helper = copy.deepcopy(helper)
        own, stored = bound_names(helper), _stored(helper)
        free = {n.id for n in ast.walk(helper) if isinstance(n, ast.Name)} - own
        if free & self.bound:
            return None
        names: dict[str, str] = {}
        places: dict[str, ast.expr] = {}
        before: list[ast.stmt] = []
        for parameter, value in given.items():
            if isinstance(value, ast.Name) and parameter not in stored:
                names[parameter], places[parameter] = value.id, value
            else:
                names[parameter] = self.new(helper.name, parameter, tail)
                name = ast.Name(names[parameter], ast.Store())
                before.append(located(ast.Assign([name], value), call))
        end = helper.body[-1] if isinstance(helper.body[-1], ast.Return) else None
        read = {n.id for each in given.values() for n in ast.walk(each) if isinstance(n, ast.Name)}
        ends = elements(end.value) if end is not None else []
        for part, target in zip(ends, targets, strict=False):
            match part, target:
                case ast.Name(id=name), ast.Name(id=wanted) if (
                    name not in given and name not in names and wanted not in {*read, "_"}
                ):
                    names[name] = wanted
                case _:
                    pass
        for name in sorted(own - names.keys()):
            names[name] = self.new(helper.name, name, tail)
        renames = _Given(names, places)
        body = [renames.visit(each) for each in body_of(helper) if each is not end]
        nothing = ast.copy_location(ast.Constant(None), call)
        value = nothing if end is None or end.value is None else renames.visit(end.value)
        return [*before, *self.block(body, deep - 1)], value

    def helper(self, call: ast.Call) -> ast.FunctionDef | None:
        """The definition of what is called, if it is a plain function of this file."""
        made = self.definition(call.func)
        return made if made is not None and _is_plain(made) else None

    def new(self, helper: str, name: str, tail: bool) -> str:
        """A name for a local of a helper: its own where the helper is the rest of backward."""
        stays = tail or (self.own and name not in self.taken)
        made = name if stays else f"in_{helper.strip('_')}_{name}"
        while made in self.taken:
            made += "_"
        self.taken.add(made)
        self.bound.add(made)
        if made != name:
            self.called[made] = name
        return made


class _Given(Renames):
    """Renames in a helper, where what a call gives it stands at the call: if that is wrong, the
    call is."""

    def __init__(self, names: Mapping[str, str], places: Mapping[str, ast.expr]) -> None:
        super().__init__(names)
        self.places = places

    def visit_Name(self, node: ast.Name) -> ast.Name:
        made = super().visit_Name(node)
        return ast.copy_location(made, self.places.get(node.id, node))


class _Hoist(ast.NodeTransformer):
    """Puts helpers in for calls that are computed in any case."""

    def __init__(self, reader: _HelperReader, deep: int) -> None:
        self.reader, self.deep = reader, deep
        self.before: list[ast.stmt] = []

    def visit(self, node: ast.AST) -> Any:
        return node if isinstance(node, _CONDITIONAL) else super().visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        known = self.reader.put_in(node, self.deep, ())
        if known is None:
            return node
        before, value = known
        self.before += before
        if isinstance(value, ast.Name):
            return ast.copy_location(ast.Name(value.id, ast.Load()), node)
        helper = node.func.attr if isinstance(node.func, ast.Attribute) else "helper"
        helper = node.func.id if isinstance(node.func, ast.Name) else helper
        name = self.reader.new(helper, "result", tail=False)
        self.reader.called[name] = ast.unparse(node)
        self.before.append(located(ast.Assign([ast.Name(name, ast.Store())], value), value))
        return ast.copy_location(ast.Name(name, ast.Load()), node)


def _assigned(target: ast.expr, value: ast.expr) -> list[ast.stmt]:
    """`target = value`, but for what has its name already."""
    match target, value:
        case ast.Tuple(elts=names), ast.Tuple(elts=values) if len(names) == len(values):
            pairs = [*zip(names, values, strict=True)]
        case _:
            pairs = [(target, value)]
    left = [pair for pair in pairs if not _same(*pair)]
    if not left:
        return []
    if len(left) == 1:
        return [located(ast.Assign([left[0][0]], left[0][1]), left[0][1])]
    made = {n.id for each, _ in left for n in ast.walk(each) if isinstance(n, ast.Name)}
    read = {n.id for _, each in left for n in ast.walk(each) if isinstance(n, ast.Name)}
    if not made & read:  # one that can't be given leaves the others as they are
        return [located(ast.Assign([one], other), value) for one, other in left]
    targets = ast.Tuple([each for each, _ in left], ast.Store())
    values = ast.Tuple([each for _, each in left], ast.Load())
    return [located(ast.Assign([targets], values), value)]


def _same(target: ast.expr, value: ast.expr) -> bool:
    match target, value:
        case ast.Name(id=a), ast.Name(id=b):
            return a == b
        case _:
            return False


def _value(func: ast.expr, space: Mapping[str, Any]) -> Any:
    """What `helper` or `Class.helper` stands for."""
    match func:
        case ast.Name(id=name):
            return space.get(name)
        case ast.Attribute(value=ast.Name(id=name), attr=attr):
            owner = space.get(name)
            return getattr(owner, attr, None) if inspect.isclass(owner) else None
        case _:
            return None


def _is_plain(helper: ast.FunctionDef) -> bool:
    ends, static = returns(helper), [ast.unparse(each) for each in helper.decorator_list]
    return (
        static in ([], ["staticmethod"])
        and not helper.args.vararg
        and not helper.args.kwarg
        and not any(isinstance(part, _NOT_PLAIN) for part in own_parts(helper))
        and (not ends or ends == helper.body[-1:])
    )


def _arguments(helper: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr] | None:
    """What each parameter is given; None where that isn't plain."""
    names = parameters(helper)
    if any(isinstance(arg, ast.Starred) for arg in call.args) or len(call.args) > len(names):
        return None
    given = dict(zip(names, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in given or keyword.arg not in names:
            return None
        given[keyword.arg] = keyword.value
    args = helper.args
    positional = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    defaults = dict(zip(positional[::-1], args.defaults[::-1], strict=False))
    pairs = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    defaults |= {arg.arg: value for arg, value in pairs if value is not None}
    for name in names:
        if name not in given:
            if not isinstance(defaults.get(name), ast.Constant):
                return None
            given[name] = ast.copy_location(copy.copy(defaults[name]), call)
    return given


def _stored(helper: ast.FunctionDef) -> set[str]:
    return {
        part.id
        for part in own_parts(helper)
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
    }
