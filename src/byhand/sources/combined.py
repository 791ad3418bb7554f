"""Functions that return a loss and its gradients at once: `softmax_loss(x, y) -> loss, dx`.

What the loss needs is forward, the rest backward. Where both are added up in the same loop, forward
is the function without what the loss doesn't need, and backward the whole of it. Gradients may be
in a dict, and belong to arguments, to a dict of parameters, or to arrays at the top of the module,
as in scripts; a method takes its parameters from `self.params`.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from byhand.program.scopes import bound_names
from byhand.sources.assemble import assign, function, located
from byhand.sources.flow import binds, changes, needed, reads
from byhand.sources.gradient_functions import trained
from byhand.sources.helpers import by_name, with_helpers
from byhand.sources.init_values import with_init_values
from byhand.sources.intermediates import Renames, only_shapes, with_copies
from byhand.sources.names import LOSS, plain_name
from byhand.sources.nested_dicts import unnested
from byhand.sources.pair import Pair, paired
from byhand.sources.parameter_dicts import flattened, is_dict, with_gradients
from byhand.sources.signature import bound, elements, parameters, returns
from byhand.sources.unmatched import unmatched
from byhand.sources.unrolled import parts_in, vector_of
from byhand.sources.uses import uses

PARAMS = "params"


def combined_in(tree: ast.Module) -> list[Pair]:
    """The functions and methods of a module that return a loss and gradients, each as a pair."""
    found: list[Pair] = []
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    taking = by_name({each.name: each for each in functions if vector_of(each) is not None})
    for node in tree.body:
        match node:
            case ast.FunctionDef():
                found += _apart(with_helpers(node, taking)[0], node.name)
            case ast.ClassDef(body=body):
                methods = [each for each in body if isinstance(each, ast.FunctionDef)]
                free = [without_self(with_init_values(each, node)) for each in methods]
                some = [pair for each in free for pair in _apart(each, node.name)]
                found += some[:1]
            case _:
                pass
    return found


def without_self(method: ast.FunctionDef) -> ast.FunctionDef:
    """A method as a function that takes `self.params`, and other attributes, as arguments."""
    made = _Without(method).visit(copy.deepcopy(method))
    if made.args.args and made.args.args[0].arg == "self":
        own = [ast.copy_location(ast.arg(name), method) for name in made.attributes]
        made.args.args[:1] = own
    return made


class _Without(ast.NodeTransformer):
    """`self.name` as `name`; and no shorter way out, such as `if y is None: return scores`."""

    def __init__(self, method: ast.FunctionDef) -> None:
        self.method = method
        self.attributes: dict[str, None] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.attributes = [*self.attributes]  # pyright: ignore[reportAttributeAccessIssue]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=attr):
                self.attributes[attr] = None
                return ast.copy_location(ast.Name(attr, node.ctx), node)
            case _:
                return node


def _apart(node: ast.FunctionDef, name: str) -> list[Pair]:
    """The pair that a function is, if it is one."""
    node = _named_after(_bound_first(_straight(node)))
    ends = returns(node)
    match [elements(end.value) for end in ends], node.body[-1]:
        case [[_, _, *_] as said], ast.Return() as end:
            pass
        case _:
            return []
    known = {*parameters(node)} | (reads(node) - bound_names(node))
    gradients = [each for each in said if _is_gradient(each, known, node)]
    others = [e.id for e in said if isinstance(e, ast.Name) and e not in gradients]
    others = [n for n in others if plain_name(n) == n]  # db1 may be a gradient of what isn't read
    losses = [n for n in others if LOSS.search(n)] or others[:1]
    if not gradients or not losses or losses[0] in parameters(node):
        return []
    loss, names = losses[0], [e.id for e in gradients if isinstance(e, ast.Name)]
    top = sorted({base for n in names if (base := plain_name(n)) not in parameters(node)} & known)
    statements = [each for each in copy.deepcopy(node.body[:-1]) if not _is_text(each)]
    statements = [each for each in statements if not only_shapes(each, loss)]
    chain = needed(statements, {loss})
    one = copy.deepcopy(node)
    one.args.args[:0] = [ast.copy_location(ast.arg(each), node) for each in top]
    local = known | bound_names(node)
    answers = {*names, *(n for n in local if plain_name(n) != n and plain_name(n) in local)}
    if any((binds(statements[i]) | changes(statements[i])) & answers for i in chain):
        one.body = [*_needed_for(loss, statements), _return([ast.Name(loss, ast.Load())], end)]
        two = copy.deepcopy(one)
        two.body = [*copy.deepcopy(statements), _return(gradients, end)]
        two.name = f"{node.name}_backward"
    else:
        forward = [statements[i] for i in chain]
        rest = [each for i, each in enumerate(statements) if i not in chain]
        made = {n for each in forward for n in binds(each) | changes(each)}
        wanted = {n for each in gradients for n in reads(each)}
        backward = with_copies([rest[i] for i in needed(rest, wanted)], made)
        read = {n for each in (*backward, *gradients) for n in reads(each)}
        asked = sorted(read & (made | {*parameters(one)}))
        kept = [n for n in asked if n in made]
        loads: list[ast.expr] = [ast.Name(n, ast.Load()) for n in (loss, *kept)]
        one.body = [*forward, _return(loads, end)]
        body = [*backward, _return(gradients, end)]
        two = function(f"{node.name}_backward", asked, body, node.lineno)
    one.body[:0] = [each for each in node.body[:1] if _is_text(each)]  # it may tell of shapes
    one, two = unnested(one, two)
    apart = flattened(one, two)
    if apart is not None:
        one, two = apart.forward, apart.backward
    else:
        two = with_gradients(two, parameters(one))
    pair = paired(name, one, two, rewritten=True, top=top)
    others = bound_names(node) | known
    return [replace(pair, unmatched=unmatched(node, {*parameters(one), *others}))]


def _straight(node: ast.FunctionDef) -> ast.FunctionDef:
    """A function without `if y is None: return scores`, which must be given y then; its other
    defaults are what these arguments are."""
    made = copy.copy(node)
    made.args = copy.deepcopy(node.args)
    made.args.args = [*made.args.posonlyargs, *made.args.args]
    made.args.posonlyargs = []
    modes = dict(mode for each in node.body for mode in _mode(each))
    skipped = {each: name for each in node.body if (name := _if_missing(each, modes)) is not None}
    made.body = [each for each in node.body if each not in skipped]
    optional = made.args.args[len(made.args.args) - len(made.args.defaults) :]
    for arg, default in zip(optional, made.args.defaults, strict=True):
        nothing = isinstance(default, ast.Constant) and not default.value
        nothing = nothing and ast.unparse(default) != "False"
        if arg.arg not in skipped.values() and not nothing:  # a reg of 0 would hide its gradient
            made.args.args.remove(arg)
            made.body.insert(0, assign(arg.arg, default, default))
    made.args.defaults = []
    return made


def _mode(node: ast.stmt) -> Iterator[tuple[str, tuple[str, str]]]:
    """What a function calls running without an argument, `mode = "test" if y is None else "train"`:
    `mode`, and y with "test"."""
    match node:
        case ast.Assign(
            targets=[ast.Name(id=mode)],
            value=ast.IfExp(
                test=ast.Compare(
                    left=ast.Name(id=name), ops=[ast.Is()], comparators=[ast.Constant(value=None)]
                ),
                body=ast.Constant(value=str(said)),
            ),
        ):
            yield mode, (name, said)
        case _:
            pass


def _if_missing(node: ast.stmt, modes: Mapping[str, tuple[str, str]]) -> str | None:
    match node:
        case ast.If(
            test=ast.Compare(
                left=ast.Name(id=mode), ops=[ast.Eq()], comparators=[ast.Constant(value=said)]
            ),
            body=[*_, ast.Return()],
            orelse=[],
        ) if mode in modes and modes[mode][1] == said:
            return modes[mode][0]
        case ast.If(
            test=ast.Compare(
                left=ast.Name(id=name), ops=[ast.Is()], comparators=[ast.Constant(value=None)]
            ),
            body=[*_, ast.Return()],
            orelse=[],
        ):
            return name
        case _:
            return None


def _bound_first(node: ast.FunctionDef) -> ast.FunctionDef:
    """A function that returns `loss, dx / N` as one that divides first."""
    end = node.body[-1]
    if not isinstance(end, ast.Return) or len(elements(end.value)) < 2:
        return node
    ends = [*elements(end.value)]
    before: list[ast.stmt] = []
    for i, each in enumerate(ends):
        match each:
            case ast.BinOp(left=ast.Name(id=name), op=ast.Div() | ast.Mult()):
                if plain_name(name) != name:
                    before.append(assign(name, each, each))
                    ends[i] = ast.copy_location(ast.Name(name, ast.Load()), each)
            case _:
                pass
    made = copy.copy(node)
    last = located(ast.Return(ast.Tuple([*ends], ast.Load())), end)
    made.body = [*node.body[:-1], *before, last] if before else node.body
    return made


def _named_after(node: ast.FunctionDef) -> ast.FunctionDef:
    """A function whose gradients are called as their parameters are, where that can be told:
    `gradCenterVec` is that of centerWordVec, `J, grad` that of theta, and the one that is left that
    of the only array that is left."""
    vector = vector_of(node)
    node = node if vector is None else _with_a_name(node)
    given = parameters(node)
    ends = [elements(end.value) for end in returns(node)]
    if not ends or len(ends[0]) < 2:
        return node
    names = [e.id for e in ends[0] if isinstance(e, ast.Name)]
    free = [name for name in given if not any(plain_name(n) == name for n in names)]
    used = uses(node)
    found: dict[str, str] = {}
    for name in names:
        bare = name.lower() in _BARE and len(names) == 2
        if vector in free and name in names[1:2] and LOSS.search(names[0]):
            parts = _parts_of(name, vector, node)
            return Renames({name: f"d{vector}", **parts}).visit(copy.deepcopy(node))
        if bare and (of := trained(free)) is not None:
            found[name] = f"d{of}"
        elif plain_name(name) != name and plain_name(name) not in given:
            short = plain_name(name).lower()
            alike = [n for n in free if _is_short_for(short, n.lower()) and not used[n].index]
            if len(alike) == 1:
                found[name] = f"d{alike[0]}"
    known = {*given, *bound_names(node)}
    left = [n for n in names if n not in found and plain_name(n) not in (n, *known)]
    arrays = [n for n in free if f"d{n}" not in found.values() and not used[n].index]
    if len(left) == len(arrays) == 1:  # each has one: what is left belongs together
        found[left[0]] = f"d{arrays[0]}"
    if len({*found.values()}) < len(found) or {*found.values()} & bound_names(node):
        return node
    return Renames(found).visit(copy.deepcopy(node)) if found else node


def _with_a_name(node: ast.FunctionDef) -> ast.FunctionDef:
    """A function that returns `cost, np.concatenate(...)` as one with a name for the second."""
    match node.body[-1]:
        case (
            ast.Return(
                value=ast.Tuple(elts=[ast.Name() as cost, ast.Call() | ast.Subscript() as value])
            ) as end
        ) if LOSS.search(cost.id):
            pass
        case _:
            return node
    name = ast.copy_location(ast.Name(_GRAD, ast.Load()), value)
    last = located(ast.Return(ast.Tuple([cost, name], ast.Load())), end)
    made = copy.copy(node)
    made.body = [*node.body[:-1], assign(_GRAD, value, value), last]
    return made


_GRAD = "grad"


def _parts_of(gradient: str, vector: str, function: ast.FunctionDef) -> dict[str, str]:
    """What the gradients of a vector's parts are called that are put together in one, and what they
    would be in a problem file: `W1_grad` as dW1. That of the only part may have any name."""
    local = bound_names(function)
    put = {name for value in bound(gradient, function) for name in reads(value)} & local
    parts = parts_in(function, vector)
    if len(put) == len(parts) == 1:
        found = {put.pop(): f"d{parts.pop()}"}
    else:
        found = {n: f"d{of}" for n in put if (of := plain_name(n)) != n and of in local}
    return {name: said for name, said in found.items() if said not in local}


_BARE = {"grad", "grads", "gradient", "gradients"}


def _is_short_for(short: str, name: str) -> bool:
    """Whether a name has all letters of a shorter one, in order."""
    letters = iter(name)
    return len(short) > 3 and all(letter in letters for letter in short)


def _is_gradient(node: ast.expr, known: Collection[str], function: ast.FunctionDef) -> bool:
    match node:
        case ast.Name(id=name):
            if plain_name(name) in known and name not in known:
                return True
            said = "grad" in name.lower() or _has_gradients(bound(name, function), known)
            return said and is_dict(name, function)
        case ast.Dict():
            return _has_gradients([node], known)
        case _:
            return False


def _has_gradients(values: Iterable[ast.expr], known: Collection[str]) -> bool:
    """Whether one of them is a dict with the gradient of something known: `{"dW": ...}`."""
    keys = [key for each in values if isinstance(each, ast.Dict) for key in each.keys]
    said = [k.value for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str)]
    return any(plain_name(key) != key and plain_name(key) in known for key in said)


def _needed_for(loss: str, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """What a loss needs, also inside of loops: the same statements without the others."""
    wanted, before = {loss}, set[str]()
    while wanted != before:
        before = {*wanted}
        for each in _simple(statements):
            if (binds(each) | changes(each)) & wanted:
                wanted |= reads(each)
        for each in _compound(statements):
            if any((binds(e) | changes(e)) & wanted for e in _simple([each])):
                wanted |= _governing(each)
    return [kept for each in statements if (kept := _only(each, wanted)) is not None]


def _simple(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for node in statements:
        inner = _inner(node)
        if inner:
            yield from _simple(inner)
        else:
            yield node


def _compound(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for node in statements:
        inner = _inner(node)
        if inner:
            yield node
            yield from _compound(inner)


def _inner(node: ast.stmt) -> list[ast.stmt]:
    match node:
        case ast.For() | ast.While() | ast.If():
            return [*node.body, *node.orelse]
        case ast.With():
            return node.body
        case _:
            return []


def _governing(node: ast.stmt) -> set[str]:
    """The names that say how often, or whether, what is inside is run."""
    match node:
        case ast.For(iter=each) | ast.While(test=each) | ast.If(test=each):
            return {*reads(each)}
        case _:
            return set()


def _only(node: ast.stmt, wanted: Collection[str]) -> ast.stmt | None:
    """A statement without what is not wanted in it; None if nothing is left."""
    match node:
        case ast.For() | ast.While() | ast.If():
            made = copy.copy(node)
            made.body = [kept for e in node.body if (kept := _only(e, wanted)) is not None]
            made.orelse = [kept for e in node.orelse if (kept := _only(e, wanted)) is not None]
            if not made.body and not made.orelse:
                return None
            made.body = made.body or [located(ast.Pass(), node)]
            return made
        case ast.Continue() | ast.Break() | ast.Pass() | ast.With():
            return node
        case _:
            return node if (binds(node) | changes(node)) & {*wanted} else None


def _return(values: Sequence[ast.expr], end: ast.Return) -> ast.stmt:
    value = values[0] if len(values) == 1 else ast.Tuple([*values], ast.Load())
    return located(ast.Return(copy.deepcopy(value)), end)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
