"""How a function uses its parameters, as far as its text tells: the number of axes that it unpacks,
what it indexes with, the keys it reads of a dict."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Iterator, Mapping

from byhand.sources.assigned import pairs
from byhand.sources.item_uses import compared_with, unpacked_items
from byhand.sources.parameter_use import ParameterUse
from byhand.sources.shape_uses import indexed_shape, unpacked

_MAKING = {"randn", "rand", "zeros", "ones", "empty", "normal", "uniform", "standard_normal"}
_INDEXED_BY = {
    "cross_entropy": (1, "target"),
    "CrossEntropyLoss": (1, "target"),
    "nll_loss": (1, "target"),
    "NLLLoss": (1, "target"),
    "one_hot": (0, "input"),
    "embedding": (0, "input"),
    "gather": (-1, "index"),
    "index_select": (-1, "index"),
    "take_along_dim": (1, "indices"),
    "take_along_axis": (1, "indices"),
}
"""The place and the name of the argument that is integers, of functions that index."""
_SAME_ELEMENTS = {"view", "reshape", "flatten", "ravel", "long", "int", "squeeze", "unsqueeze"}


def uses(
    function: ast.FunctionDef, others: Mapping[str, ast.FunctionDef] | None = None
) -> dict[str, ParameterUse]:
    """The use of every parameter, also in `others`, the functions that it is handed on to."""
    others = others or {}
    found = {arg.arg: ParameterUse() for arg in (*function.args.args, *function.args.kwonlyargs)}
    function = _without_second_names(function, {*found})
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[target], value=value):
                for one, other in pairs(target, value):
                    unpacked(one, other, found)
            case ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="shape")) if (
                name in found
            ):
                indexed_shape(found[name], node.slice)
            case ast.Subscript(value=value, slice=index, ctx=ast.Load()):
                _indexed(value, index, found, function)
            case ast.Subscript(slice=index):
                _indices(index, found)
            case ast.For(target=ast.Name(id=each), iter=ast.Name(id=name)) if name in found and any(
                _is_place(part, each) for part in ast.walk(node)
            ):
                found[name].index, found[name].rank = True, 1
            case ast.Call(func=ast.Name(id="range"), args=args):
                for name in _names(*args):
                    if name in found:
                        found[name].whole = True
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get"),
                args=[ast.Constant(value=str(key)), *default],
            ) if name in found:
                compared = compared_with(name, key, function)
                if compared or not default:
                    found[name].keys[key] = compared
                found[name].settings = True
            case ast.Compare(
                left=ast.Name(id=name), comparators=[ast.Constant(value=str(text))]
            ) if name in found:
                found[name].texts += (text,)
            case ast.Call(func=ast.Attribute(attr=attr), args=args, keywords=keywords) if (
                attr in _MAKING
            ):
                shapes = [each.value for each in keywords if each.arg in {"size", "shape"}]
                for name in _names(*(shapes or args)):
                    if name in found:
                        found[name].length = True
            case (
                ast.Call(func=ast.Attribute(attr=attr) | ast.Name(id=attr))
                | ast.Call(func=ast.Call(func=ast.Attribute(attr=attr)))
            ) if attr in _INDEXED_BY:
                name = _elements_of(_integers(node, *_INDEXED_BY[attr]))
                if name in found:
                    found[name].index = True
            case (
                ast.BinOp(op=ast.MatMult(), left=left, right=right)
                | ast.Call(func=ast.Attribute(attr="dot" | "matmul"), args=[left, right])
            ):
                for each in (left, right):
                    if isinstance(each, ast.Name) and each.id in found:
                        found[each.id].factor = True
            case ast.BinOp(op=ast.Add(), left=product, right=ast.Name(id=name)) if name in found:
                found[name].column |= _is_of_columns(product)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="squeeze")) if (
                name in found
            ):
                found[name].squeezed = True
            case ast.BinOp(op=ast.FloorDiv(), right=ast.Name(id=name)) if name in found:
                found[name].whole = True
            case ast.Call(func=ast.Name(id=called), args=args) if called in others:
                rest = {name: other for name, other in others.items() if name != called}
                theirs = list(uses(others[called], rest).values())
                for arg, use in zip(args, theirs, strict=False):
                    if isinstance(arg, ast.Name) and arg.id in found:
                        found[arg.id].add(use)
                for arg, given in zip(args, others[called].args.args, strict=False):
                    for name, use in _uses_of_items(arg, given.arg, function, others[called]):
                        if name in found:
                            found[name].add(use)
            case _:
                pass
    for name in _tables(function, {n for n, use in found.items() if use.index}):
        if name in found:
            found[name].at_least = max(found[name].at_least, 2)
    return found


def _tables(function: ast.FunctionDef, indices: Collection[str]) -> Iterator[str]:
    """What rows are picked from, with one of these alone, that go into a product of matrices or
    vectors: `u = vectors[idx]`, `u @ center`."""
    multiplied: list[ast.expr] = []
    for node in ast.walk(function):
        match node:
            case ast.BinOp(op=ast.MatMult(), left=left, right=right):
                multiplied += [left, right]
            case ast.Call(func=ast.Attribute(value=left, attr="dot" | "matmul"), args=args):
                multiplied += [left, *args]
            case _:
                pass
    picked = {
        ast.unparse(each.targets[0]): each.value
        for each in ast.walk(function)
        if isinstance(each, ast.Assign)
    }
    for each in multiplied:
        match picked.get(ast.unparse(each), each):
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=index)):
                if index in indices:
                    yield name
            case _:
                pass


def shares(function: ast.FunctionDef) -> Iterator[str]:
    """The parameters that are between 0 and 1: of which `log(1 - p)` is taken, or that are kept
    below 1, `clip(p, eps, 1 - eps)`."""
    given = {arg.arg for arg in function.args.args}
    for node in ast.walk(function):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="log"), args=[ast.BinOp(op=ast.Sub()) as rest]
            ) if _is_one_less(rest) and isinstance(rest.right, ast.Name):
                yield from {rest.right.id} & given
            case ast.Call(
                func=ast.Attribute(attr="clip"), args=[ast.Name(id=name), _, ast.BinOp() as top]
            ) if _is_one_less(top):
                yield from {name} & given
            case _:
                pass


def _is_one_less(node: ast.BinOp) -> bool:
    one = isinstance(node.left, ast.Constant) and node.left.value == 1
    return one and isinstance(node.op, ast.Sub)


def _uses_of_items(
    handed: ast.expr, parameter: str, function: ast.FunctionDef, other: ast.FunctionDef
) -> Iterator[tuple[str, ParameterUse]]:
    """The use of what is in a dict in another function that it is handed on to."""
    called = unpacked_items(handed, parameter, function, other)
    made = copy.copy(other)
    made.args = copy.deepcopy(other.args)
    made.args.args += [ast.copy_location(ast.arg(local), other) for local in called]
    theirs = uses(made) if called else {}
    yield from ((name, theirs[local]) for local, name in called.items())


def _is_of_columns(node: ast.expr) -> bool:
    """Whether weights stand to the left in a product, and data to the right: `W @ x`; also in a sum
    of such products."""
    match node:
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _is_of_columns(left) and _is_of_columns(right)
        case ast.BinOp(op=ast.MatMult(), left=left, right=right):
            pass
        case ast.Call(
            func=ast.Attribute(value=ast.Name(), attr="dot" | "matmul"), args=[left, right]
        ):
            pass
        case ast.Call(func=ast.Attribute(value=left, attr="dot"), args=[right]):
            pass
        case _:
            return False
    return _is_of_weights(left) and not _is_of_weights(right)


def _is_of_weights(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return isinstance(node, ast.Name) and bool(re.match(r"(w|theta)", node.id.lower()))


def _integers(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """The argument at this place, or of this name."""
    said = [each.value for each in call.keywords if each.arg == name]
    held = call.args[place:][:1] if said or len(call.args) > max(place, 0) else []
    return (said or held or [None])[0]


def _elements_of(node: ast.expr | None) -> str | None:
    """The name of the array whose elements an expression has, in some shape: `y.view(-1)`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in _SAME_ELEMENTS:
            return _elements_of(value)
        case ast.Subscript(value=value, slice=index) if _only_new_axes(index):
            return _elements_of(value)
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Name()):
            return name
        case _:
            return None


def _only_new_axes(index: ast.expr) -> bool:
    """`[:, None]`, of a shape with more axes and the same elements."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return all(ast.unparse(part) in {":", "None", "...", "np.newaxis"} for part in parts)


def _without_second_names(
    function: ast.FunctionDef, parameters: Collection[str]
) -> ast.FunctionDef:
    """A function in which a parameter is called so also where it has a second name, `L = depth`."""
    stored = [
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    second: dict[str, str] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=local)], value=ast.Name(id=name)) if (
                name in parameters and name not in stored and stored.count(local) == 1
            ):
                second[local] = name
            case _:
                pass
    if not second:
        return function
    made = copy.deepcopy(function)
    for node in ast.walk(made):
        if isinstance(node, ast.Name):
            node.id = second.get(node.id, node.id)
    return made


def _is_place(node: ast.AST, name: str) -> bool:
    """Whether something is indexed with this alone: `vectors[k]` of `for k in words`."""
    match node:
        case ast.Subscript(slice=ast.Name(id=index)):
            return index == name
        case _:
            return False


def _indexed(
    value: ast.expr, index: ast.expr, found: dict[str, ParameterUse], function: ast.FunctionDef
) -> None:
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    if isinstance(value, ast.Name) and value.id in found:
        use = found[value.id]
        match index:
            case ast.Constant(value=str(key)):
                use.keys[key] = compared_with(value.id, key, function)
                use.settings = True
                return
            case _:
                plain = [p for p in parts if not isinstance(p, ast.Constant) or p.value is not None]
                if not any(isinstance(p, ast.Constant) and p.value is ... for p in parts):
                    use.at_least = max(use.at_least, len(plain))
    _indices(index, found)


def _indices(index: ast.expr, found: dict[str, ParameterUse]) -> None:
    """What something is indexed with."""
    for part in index.elts if isinstance(index, ast.Tuple) else [index]:
        match part:
            case ast.Name() | ast.Call() | ast.Subscript() if (name := _elements_of(part)) in found:
                found[name].index = True
            case ast.Slice(lower=lower, upper=upper):
                for name in _names(*(each for each in (lower, upper) if each is not None)):
                    if name in found:
                        found[name].whole = True
            case _:
                pass


def _names(*nodes: ast.AST) -> Iterator[str]:
    """The names in expressions, but for those of which an attribute, an item or the length is
    read."""
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id="len")):
                pass
            case ast.Name(id=name):
                yield name
            case ast.Attribute() | ast.Subscript():
                pass
            case _:
                yield from _names(*ast.iter_child_nodes(node))
