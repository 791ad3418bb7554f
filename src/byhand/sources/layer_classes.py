"""Classes with `forward(self, x)` and `backward(self, dout)`, as their text tells: layers."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from byhand.sources.assemble import located, placed
from byhand.sources.assigned import pairs
from byhand.sources.data_attributes import with_data
from byhand.sources.handed_predictions import is_unclear, on_predictions
from byhand.sources.inheritance import SELF, functions_asked, overridden, whole_classes
from byhand.sources.left_in_self import returning
from byhand.sources.names import plain_name
from byhand.sources.signature import parameters


@dataclass(frozen=True, eq=False)
class Layer:
    """A class with both methods. `gradients` are the attributes that backward leaves gradients in,
    by the name of the parameter: `self.dW` or `self.grads["W"]`. `listed` are the places in the
    list `self.params` of those that are kept in one. `passing` is the attribute `g` of one that
    leaves gradients in the arrays themselves, `self.inp.g = self.out.g @ self.w.t()`: it is
    rewritten to hand them on. `rewritten` tells one whose methods aren't the class's own, `labels`
    what backward starts from where a class has no loss. `functions` are those that it is made with,
    as the file says where it makes one. `unclear`: it isn't known what
    backward is handed. `gathered` is the dict in which backward gathers what its own layers leave.
    `notes` say what isn't judged.
    """

    name: str
    node: ast.ClassDef
    forward: ast.FunctionDef
    backward: ast.FunctionDef
    gradients: Mapping[str, ast.expr]
    listed: Mapping[str, int] = field(default_factory=dict[str, int])
    passing: str = ""
    rewritten: bool = False
    labels: str = ""
    functions: Mapping[str, ast.expr | None] = field(default_factory=dict[str, ast.expr | None])
    unclear: bool = False
    gathered: str = ""
    notes: tuple[str, ...] = ()


def layers_in(tree: ast.Module) -> list[Layer]:
    """The layers of a module, in its order."""
    found: list[Layer] = []
    own = {
        node.name: {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    for node in whole_classes(tree):
        methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
        forward = _called(FORWARD, methods) or methods.get("__call__")
        backward = _called(BACKWARD, own.get(node.name, {})) or _called(BACKWARD, methods)
        if forward is None or backward is None:
            continue
        backward = methods[backward.name]
        with_its_data = with_data(node, forward, backward)
        if with_its_data is not None:
            node = with_its_data
            methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
            forward, backward = methods[forward.name], methods[backward.name]
        both = returning(forward, backward)
        if both is None:
            continue
        unclear = is_unclear(node.name, *both)
        if unclear and (made := on_predictions(node, *both)) is not None:
            both, unclear = made, False
        rewritten = with_its_data is not None or both != (forward, backward)
        forward, backward = both
        if parameters(forward)[:1] != [SELF] or parameters(backward)[:1] != [SELF]:
            continue
        init = methods.get("__init__")
        passing = _leaves_in_arrays(forward, backward)
        if passing:
            backward = _handing_on(forward, backward)
        listed = _listed(init)
        further = overridden(backward.name, node, tree) if _calls_super(backward) else ()
        gradients = {**_gradients(backward, init), **_in_lists(backward, listed)}
        for each in further:
            gradients = {**_gradients(each, init), **gradients}
        functions = _made_with(functions_asked(init, node), node.name, init, tree)
        found.append(
            Layer(
                node.name,
                node,
                forward,
                backward,
                gradients,
                listed,
                passing,
                rewritten=rewritten,
                functions=functions,
                unclear=unclear,
            )
        )
    return found


def _calls_super(method: ast.FunctionDef) -> bool:
    return any(isinstance(part, ast.Name) and part.id == "super" for part in ast.walk(method))


def _made_with(
    names: Collection[str], owner: str, init: ast.FunctionDef | None, tree: ast.Module
) -> dict[str, ast.expr | None]:
    """What a file gives for some parameters where it makes an object of a class; None for what it
    doesn't say."""
    found: dict[str, ast.expr | None] = dict.fromkeys(names)
    if init is None:
        return found
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=called), args=args, keywords=keywords) if (
                called == owner
            ):
                given: dict[str | None, ast.expr] = {each.arg: each.value for each in keywords}
                given |= dict(zip(parameters(init)[1:], args, strict=False))
                found |= {name: given[name] for name in names if name in given}
            case _:
                pass
    return found


_WAY = r"(_?(pass|prop|propagate|propagation))?$"
FORWARD = re.compile(rf"(feed_?)?(forward|fwd){_WAY}")
BACKWARD = re.compile(rf"(backward|bwd|back_?prop|back_?propagate|back_?propagation){_WAY}")


def _called(
    pattern: re.Pattern[str], methods: Mapping[str, ast.FunctionDef]
) -> ast.FunctionDef | None:
    """The method of such a name; `forward` or `backward` itself if there are several."""
    found = {name: method for name, method in methods.items() if pattern.match(name)}
    plain = found.get("forward") or found.get("backward")
    return plain or next(iter(found.values()), None)


UPSTREAM = "dout"
_LEFT = {"g", "grad"}


def _leaves_in_arrays(forward: ast.FunctionDef, backward: ast.FunctionDef) -> str:
    """The attribute `g`, if a `backward(self)` writes `self.inp.g`, or a `bwd(self, out, inp)`
    `inp.g`; else nothing."""
    left = (
        part.attr
        for part in ast.walk(backward)
        if isinstance(part, ast.Attribute)
        and isinstance(part.ctx, ast.Store)
        and (
            _left_in(part) is not None
            or (_left_by_name(part) in parameters(forward) and len(parameters(backward)) > 1)
        )
    )
    return next(left, "")


def _left_in(node: ast.AST) -> str | None:
    """The attribute of self in whose array a gradient is: `inp` of `self.inp.g`."""
    match node:
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr=held), attr=attr):
            return held if attr in _LEFT else None
        case _:
            return None


def _left_by_name(node: ast.AST) -> str | None:
    """The argument in whose array a gradient is: `inp` of `inp.g`."""
    match node:
        case ast.Attribute(value=ast.Name(id=held), attr=attr):
            return held if attr in _LEFT and held != SELF else None
        case _:
            return None


def _handing_on(forward: ast.FunctionDef, backward: ast.FunctionDef) -> ast.FunctionDef:
    """The same as `backward(self, dout)`, which returns the gradients of forward's arguments and
    leaves those of parameters in `self.w_grad`."""
    kept: dict[str, str] = {}
    for node in ast.walk(forward):
        if isinstance(node, ast.Assign):
            for one, other in pairs(node.targets[0], node.value):
                if isinstance(one, ast.Attribute) and isinstance(other, ast.Name):
                    kept[one.attr] = other.id
    arguments = {held: name for held, name in kept.items() if name in parameters(forward)}
    handing = _Handing(arguments, parameters(forward)[1:])
    made = handing.visit(copy.deepcopy(backward))
    read = {part.id for part in ast.walk(made) if isinstance(part, ast.Name)}
    made.args.args = [arg for arg in made.args.args if arg.arg == SELF or arg.arg in read]
    if handing.reads:
        made.args.args.append(ast.copy_location(ast.arg(UPSTREAM), backward))
    values: list[ast.expr] = [ast.Name(f"d{name}", ast.Load()) for name in handing.handed]
    if values:
        value = values[0] if len(values) == 1 else ast.Tuple(values, ast.Load())
        made.body.append(located(ast.Return(value), made.body[-1]))
    return made


class _Handing(ast.NodeTransformer):
    """`self.inp.g` as dinp where inp is an argument, as `self.w_grad` where w is a parameter, and
    as the upstream gradient where it is read."""

    def __init__(self, arguments: Mapping[str, str], named: Sequence[str]) -> None:
        self.arguments, self.named = arguments, named
        self.handed: dict[str, None] = {}
        self.reads = False

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        held, named = _left_in(node), _left_by_name(node)
        if held is None and named is None:
            self.generic_visit(node)
            return node
        if named is not None and named not in self.named:  # that of the output
            self.reads = True
            return ast.copy_location(ast.Name(UPSTREAM, node.ctx), node)
        if held in self.arguments or named is not None:
            name = named or self.arguments[held or ""]
            self.handed[name] = None
            made: ast.expr = ast.Name(f"d{name}", node.ctx)
        elif isinstance(node.ctx, ast.Load):
            self.reads = True
            made = ast.Name(UPSTREAM, ast.Load())
        else:
            made = ast.Attribute(ast.Name(SELF, ast.Load()), f"{held}_grad", node.ctx)
        return ast.fix_missing_locations(ast.copy_location(made, node))


PARAMS, GRADS = "params", "grads"


def _listed(init: ast.FunctionDef | None) -> dict[str, int]:
    """What `self.params = [W, b]` holds, by place."""
    for node in ast.walk(init) if init is not None else ():
        match node:
            case ast.Assign(targets=[target], value=value):
                for one, other in pairs(target, value):
                    match one, other:
                        case ast.Attribute(value=ast.Name(id="self"), attr="params"), ast.List():
                            names = [each.id for each in other.elts if isinstance(each, ast.Name)]
                            return {name: i for i, name in enumerate(names)}
                        case _:
                            pass
            case _:
                pass
    return {}


def _in_lists(backward: ast.FunctionDef, listed: Mapping[str, int]) -> dict[str, ast.expr]:
    """The gradients that backward leaves in `self.grads`, beside `self.params`."""
    known = any(
        isinstance(part, ast.Attribute) and part.attr == GRADS and _is_self(part.value)
        for part in ast.walk(backward)
    )
    places = {name: f"{SELF}.{GRADS}[{i}]" for name, i in listed.items()} if known else {}
    return {n: placed(ast.parse(said, mode="eval").body, backward) for n, said in places.items()}


def _gradients(backward: ast.FunctionDef, init: ast.FunctionDef | None) -> dict[str, ast.expr]:
    """Where backward leaves gradients, by the name of the parameter."""
    known = {
        part.attr
        for method in (init, backward)
        if method is not None
        for part in ast.walk(method)
        if isinstance(part, ast.Attribute) and _is_self(part.value)
    }
    found: dict[str, ast.expr] = {}
    for part in ast.walk(backward):
        name = _parameter(part, known)
        if name is not None and isinstance(part, ast.expr):
            whole = part.value if isinstance(part, ast.Subscript) else part
            found[name] = whole if _is_own(whole, name) else part
    return found or dict(_of_the_only_one(backward))


def _of_the_only_one(backward: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """`self.grad`, which is begun as zeros in the shape of the parameter that it belongs to."""
    for node in ast.walk(backward):
        match node:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr) as place],
                value=ast.Call(
                    func=ast.Attribute(attr="zeros_like"),
                    args=[ast.Attribute(value=ast.Name(id="self"), attr=name)],
                ),
            ) if attr in {"grad", "gradient"}:
                yield name, place
            case _:
                pass


def _parameter(part: ast.AST, known: set[str]) -> str | None:
    """The parameter whose gradient is stored in `self.dW` or `self.grads["W"]`."""
    match part:
        case ast.Attribute(value=ast.Name(id="self"), attr=attr, ctx=ast.Store()):
            name = plain_name(attr)
            return name if name != attr and name in known else None
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name(id="self"), attr=attr), ctx=ast.Store()
        ) if plain_name(attr) != attr and plain_name(attr) in known:
            return plain_name(attr)
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name(id="self"), attr=attr),
            slice=ast.Constant(value=str(key)),
            ctx=ast.Store(),
        ) if "grad" in attr.lower() or attr.startswith("d"):
            name = key if key in known else plain_name(key)
            return name if name.isidentifier() else None
        case _:
            return None


def _is_own(node: ast.expr, name: str) -> bool:
    """`self.dW`, where the items of an array are written one by one."""
    return isinstance(node, ast.Attribute) and plain_name(node.attr) == name


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == SELF
