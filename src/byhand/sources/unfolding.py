"""Statements at the top in one row: blocks, loops and calls with gradients in them, opened."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence

from byhand.sources.flow import binds, reads

_QUIET = {"no_grad", "inference_mode", "errstate", "enable_grad", "set_grad_enabled"}


def flat(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements, those in `with torch.no_grad():` and in `if True:` as if they stood free."""
    for node in body:
        match node:
            case ast.With(items=items, body=inner) if all(map(_is_quiet, items)):
                yield from flat(inner)
            case ast.If(test=ast.Constant(value=value), body=inner):
                if value:
                    yield from flat(inner)
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__")), body=inner):
                yield from flat(inner)
            case _:
                yield node


def opened(
    statements: Sequence[ast.stmt], is_round: Callable[[Sequence[ast.stmt]], bool]
) -> list[ast.stmt]:
    """The statements, with one round of each loop whose body is one: a training loop with the
    forward and the backward in it."""
    found: list[ast.stmt] = []
    for node in statements:
        inside = list(flat(node.body)) if isinstance(node, (ast.For, ast.While)) else []
        if not is_round(inside):
            found.append(node)
            continue
        if isinstance(node, ast.For):
            first = ast.Call(ast.Name("iter", ast.Load()), [_without_a_bar(node.iter)], [])
            item = ast.Call(ast.Name("next", ast.Load()), [first], [])
            made = ast.copy_location(ast.Assign([node.target], item), node)
            found.append(ast.fix_missing_locations(made))
        found += opened(inside, is_round)
    return found


def _without_a_bar(over: ast.expr) -> ast.expr:
    """`range(n)` for `tqdm(range(n))` and `trange(n)`: one round needs no progress bar."""
    match over:
        case ast.Call(
            func=ast.Name(id="tqdm" | "track") | ast.Attribute(attr="tqdm"), args=[what, *_]
        ):
            return what
        case ast.Call(func=ast.Name(id="trange") | ast.Attribute(attr="trange"), args=args):
            return ast.Call(ast.Name("range", ast.Load()), args, [])
        case _:
            return over


def inlined(
    statements: Sequence[ast.stmt], wanted: Callable[[ast.FunctionDef], bool]
) -> list[ast.stmt]:
    """The statements, with the bodies of `wanted` functions in the place of their calls, `dW, db =
    backward(x)`, and `lin_grad(x, out, w, b)`, where they return at the end alone, or nothing."""
    functions = {n.name: n for n in statements if isinstance(n, ast.FunctionDef)}
    return _inlined(statements, functions, wanted)


def _inlined(
    statements: Sequence[ast.stmt],
    functions: Mapping[str, ast.FunctionDef],
    wanted: Callable[[ast.FunctionDef], bool],
) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for node in statements:
        body = _body_of_call(node, functions, wanted)
        rest = {n: f for n, f in functions.items() if n not in reads(node)}
        found += [node] if body is None else _inlined(body, rest, wanted)
    return found


def _body_of_call(
    node: ast.stmt,
    functions: Mapping[str, ast.FunctionDef],
    wanted: Callable[[ast.FunctionDef], bool],
) -> list[ast.stmt] | None:
    match node:
        case ast.Assign(targets=[target], value=ast.Call(func=ast.Name(id=name)) as call) if (
            name in functions and wanted(functions[name])
        ):
            function = functions[name]
        case ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call) if (
            name in functions and wanted(functions[name])
        ):
            function, target = functions[name], None
        case _:
            return None
    ends = [part for part in ast.walk(function) if isinstance(part, ast.Return)]
    given = [arg.arg for arg in function.args.args]
    args = _arguments(call, function)
    if args is None or len(ends) > 1 or len(ends) < (target is not None):
        return None
    if ends and ends[0] is not function.body[-1]:
        return None
    body = copy.deepcopy(function.body)
    made: list[ast.stmt] = []
    stored = {n for each in body for n in binds(each)}
    same: dict[str, str] = {}
    for parameter, arg in zip(given, args, strict=True):
        if isinstance(arg, ast.Name) and parameter not in stored and target is None:
            same[parameter] = arg.id
        elif ast.unparse(arg) != parameter:
            made.append(_assigned(ast.Name(parameter, ast.Store()), arg, node))
    for part in (part for each in body for part in ast.walk(each)):
        if isinstance(part, ast.Name):
            part.id = same.get(part.id, part.id)
    if target is None:
        return [*made, *(body[:-1] if ends else body)]
    made += body[:-1]
    value = ends[0].value
    if value is not None and ast.unparse(target) != ast.unparse(value):
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = [*zip(target.elts, value.elts, strict=False)]
        for one, other in pairs:
            if ast.unparse(one) != ast.unparse(other):
                made.append(_assigned(one, other, node))
    return made


def _arguments(call: ast.Call, function: ast.FunctionDef) -> list[ast.expr] | None:
    """What each parameter is given in a call, or by default; None where that isn't known."""
    given = function.args
    names = [arg.arg for arg in given.args]
    if given.vararg or given.kwarg or given.kwonlyargs or len(call.args) > len(names):
        return None
    optional = names[len(names) - len(given.defaults) :]
    known: dict[str | None, ast.expr] = dict(zip(optional, given.defaults, strict=True))
    known |= dict(zip(names, call.args, strict=False))
    known |= {keyword.arg: keyword.value for keyword in call.keywords}
    if {*known} != {*names}:
        return None
    return [known[name] for name in names]


def _assigned(target: ast.expr, value: ast.expr, where: ast.stmt) -> ast.stmt:
    made = ast.Assign([copy.deepcopy(target)], copy.deepcopy(value))
    return ast.fix_missing_locations(ast.copy_location(made, where))


def _is_quiet(item: ast.withitem) -> bool:
    call = item.context_expr
    func = call.func if isinstance(call, ast.Call) else call
    return isinstance(func, ast.Attribute) and func.attr in _QUIET
