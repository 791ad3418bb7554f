"""Classes with `forward(self, x)` and `backward(self, dout)`: layers with their parameters inside.

A layer becomes a pair of functions whose `self` is the layer itself. Its parameters, the arrays
whose gradients backward leaves in `self.dW`, `self.W_grad` or `self.grads["W"]`, become arguments
of forward; what backward returns is the gradient of forward's own arguments.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem
from byhand.sources.arguments import Argument, drawn
from byhand.sources.assemble import assembled, assign, function
from byhand.sources.intermediates import promising
from byhand.sources.pairs import Pair, backward_of, called, forward_of, has_loops, paired, said_of
from byhand.sources.proposal import Proposal
from byhand.sources.proposals import Fit, Ran, proposed
from byhand.sources.signature import elements, owners, parameters, plain_name, returns
from byhand.values.arrays import is_tuple

SELF = "self"
PUT = "__put_parameter__"


@dataclass(frozen=True, eq=False)
class Layer:
    """A class with both methods. `gradients` are the attributes that backward leaves gradients in,
    by the name of the parameter: `self.dW` or `self.grads["W"]`."""

    name: str
    node: ast.ClassDef
    forward: ast.FunctionDef
    backward: ast.FunctionDef
    gradients: Mapping[str, ast.expr]


def layers_in(tree: ast.Module) -> list[Layer]:
    """The layers of a module, in its order."""
    found: list[Layer] = []
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
        forward = methods.get("forward") or methods.get("__call__")
        backward = methods.get("backward")
        if forward is None or backward is None or not returns(forward):
            continue
        if parameters(forward)[:1] != [SELF] or parameters(backward)[:1] != [SELF]:
            continue
        init = methods.get("__init__")
        found.append(Layer(node.name, node, forward, backward, _gradients(backward, init)))
    return found


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
    return found


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


def problem_of_layer(
    layer: Layer, module: ModuleType, file: str, known: Mapping[str, Argument]
) -> Problem:
    """The problem of a layer, made with arguments that are `known` and others that fit.

    Raises ProblemError if none are found with which it can be made and run.
    """
    made = getattr(module, layer.name)
    pair = _pair(layer)
    try:
        both = _both(layer)
        said = said_of(parameters(both), layer.node, *_methods(layer))
        attempt = _attempt(layer, pair, made)
        proposal = proposed(both, known, attempt, loops=has_loops(pair), said=said)
    except ProblemError as error:
        raise ProblemError(f"{file}:{layer.node.lineno}: {layer.name}: {error}") from None
    arguments = parameters(pair.forward)
    names = list(layer.gradients)

    def draw(rng: np.random.Generator, **sizes: int) -> Inputs:
        free = {name: axis for axis, name in axes.items()}
        found = drawn(proposal.arguments({free[n]: s for n, s in sizes.items()}), rng)
        held = _made(made, layer, found)
        inputs: Inputs = {name: found[name] for name in arguments if name in found}
        for name in names:
            value = _held(held, name)[name]
            inputs[name] = np.asarray(rng.normal(size=np.shape(value))) * (np.std(value) or 1.0)
            put_parameter(held, name, None)
        return {**inputs, SELF: held}

    axes = called(_both(layer), proposal)
    backward, answered = _backward(layer, pair)
    forward = _forward(pair, names)
    values = draw(np.random.default_rng(0))
    data = [name for name in values if name not in answered]

    def problem(definition: ast.FunctionDef) -> Problem:
        return assembled(
            name=layer.name,
            file=file,
            doc=ast.get_docstring(layer.node) or "",
            forward=forward,
            backward=definition,
            namespace={**module.__dict__, PUT: put_parameter},
            draw=draw,
            dimensions=_sizes(proposal, axes, has_loops(pair)),
            data=data,
            notes=_notes(layer, proposal, known),
        )

    return promising(problem, backward, answered)


def _sizes(proposal: Proposal, axes: Mapping[str, str], loops: bool) -> dict[str, int]:
    sizes = {name: proposal.sizes[axis] for axis, name in axes.items()}
    return dict(list(sizes.items())[:1]) if loops else sizes


def _notes(layer: Layer, proposal: Proposal, known: Mapping[str, Argument]) -> list[str]:
    found = proposal.arguments()
    said = ", ".join(f"{name} {argument}" for name, argument in found.items() if name not in known)
    return [f"{layer.name} was tried with {said}: --shape and --given say others"] if said else []


# The layer itself.


def _methods(layer: Layer) -> list[ast.FunctionDef]:
    return [each for each in layer.node.body if isinstance(each, ast.FunctionDef)]


def _init(layer: Layer) -> ast.FunctionDef | None:
    return next((each for each in _methods(layer) if each.name == "__init__"), None)


def _both(layer: Layer) -> ast.FunctionDef:
    """Making the layer and its forward as one function, of the arguments of both."""
    init = _init(layer)
    made = copy.deepcopy(layer.forward)
    made.args.args = made.args.args[1:]
    if init is not None:
        needed = init.args.args[1 : len(init.args.args) - len(init.args.defaults)]
        mine = {arg.arg for arg in needed}
        made.args.args = [*needed, *(arg for arg in made.args.args if arg.arg not in mine)]
        made.body = [*init.body, *made.body]
    return made


def _made(cls: Any, layer: Layer, values: Mapping[str, Any]) -> Any:
    init = _init(layer)
    names = parameters(init)[1:] if init is not None else []
    np.random.seed(0)
    return cls(**{name: values[name] for name in names if name in values})


def _held(layer: Any, name: str) -> dict[str, Any]:
    """The dict that a layer has a parameter in: its attributes, or one of them."""
    attributes: dict[str, Any] = layer.__dict__
    for held in (attributes, *attributes.values()):
        if isinstance(held, dict) and name in held:
            return held  # pyright: ignore[reportUnknownVariableType]
    raise ProblemError(f"it has no {name}, though backward leaves a gradient of it")


def put_parameter(layer: Any, name: str, value: Any) -> None:
    """Gives a layer a parameter, where it had it."""
    _held(layer, name)[name] = value


def _attempt(layer: Layer, pair: Pair, cls: Any) -> Callable[[dict[str, Any]], Ran]:
    """A run of a layer's forward, and of its backward after it, to see whether arguments fit."""
    arguments = parameters(pair.forward)

    def attempt(values: dict[str, Any]) -> Ran:
        held = _made(cls, layer, copy.deepcopy(values))
        given = {name: copy.deepcopy(values[name]) for name in arguments if name in values}
        output = getattr(held, layer.forward.name)(**given)
        if not np.all(np.isfinite(output)):
            raise FloatingPointError("forward isn't finite")
        return Ran([np.shape(output)], lambda: fit(held, given, output))

    def fit(held: Any, given: Mapping[str, Any], output: Any) -> Fit:
        upstream = {name: np.ones_like(np.asarray(output, float)) for name in pair.upstream}
        ends = elements(returns(layer.backward)[-1].value) if returns(layer.backward) else []
        said = [node.id if isinstance(node, ast.Name) else None for node in ends]
        floats = {n for n, v in given.items() if getattr(v, "dtype", np.dtype(int)).kind == "f"}
        asked = owners(said, arguments)
        wanted = sum(owner in floats for owner in asked) + len(layer.gradients)
        try:
            returned = held.backward(**upstream)
        except Exception:
            return Fit(0, wanted)
        each: list[Any] = list(returned) if is_tuple(returned) else [returned]
        right = 0
        for owner, gradient in zip(asked, each, strict=False):
            if owner in floats:
                right += np.shape(gradient) == np.shape(given[owner])
        for name in layer.gradients:
            right += np.shape(_gradient(held, layer.gradients[name])) == np.shape(
                _held(held, name)[name]
            )
        return Fit(right, wanted)

    return attempt


def _gradient(layer: Any, place: ast.expr) -> Any:
    return eval(ast.unparse(place), {SELF: layer})


# Its methods as a pair.


def _pair(layer: Layer) -> Pair:
    forward, backward = copy.deepcopy(layer.forward), copy.deepcopy(layer.backward)
    forward.args.args, backward.args.args = forward.args.args[1:], backward.args.args[1:]
    return paired(layer.name, forward, backward)


def _forward(pair: Pair, names: Sequence[str]) -> ast.FunctionDef:
    """Forward with the layer and its parameters as arguments."""
    made = forward_of(pair)
    where = made.body[0]
    put = [_at(f"{PUT}(self, {name!r}, {name})", where) for name in names]
    shell = function("forward", [*parameters(pair.forward), *names, SELF], [], made.lineno)
    defaults = made.args.defaults
    made.args.args = [
        *made.args.args[: len(made.args.args) - len(defaults)],
        *shell.args.args[len(parameters(pair.forward)) :],
        *made.args.args[len(made.args.args) - len(defaults) :],
    ]
    made.body = [*put, *made.body]
    return made


def _backward(layer: Layer, pair: Pair) -> tuple[ast.FunctionDef, list[str]]:
    """Backward with every gradient that it leaves in the layer under a name of its own, too."""
    made, answered = backward_of(pair)
    left = _Left(layer.gradients)
    made = left.visit(made)
    made.args.args.append(ast.copy_location(ast.arg(SELF), made))
    copies = (f"{place} = {place} + 0.0" for place in left.added_to)  # these are its own
    made.body = [*(_at(copied, made.body[0]) for copied in copies), *made.body]
    return made, [*answered, *layer.gradients]


class _Left(ast.NodeTransformer):
    """Gives gradients that are left in a layer a name; `added_to` are those that it goes on with,
    from what was there."""

    def __init__(self, gradients: Mapping[str, ast.expr]) -> None:
        self.names = {ast.unparse(place): name for name, place in gradients.items()}
        self.added_to: dict[str, None] = {}

    def visit_Assign(self, node: ast.Assign) -> Any:
        for target in node.targets:
            name = self.names.get(ast.unparse(target))
            if name is not None:
                fresh = ast.copy_location(ast.Name(f"d{name}", ast.Store()), node)
                node.targets = [fresh, *node.targets]
                return node
        return self.changed(node.targets[0], node)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        return self.changed(node.target, node)

    def changed(self, target: ast.expr, node: ast.stmt) -> Any:
        """A statement that changes a gradient where it is, and then its name."""
        for held in (target, target.value if isinstance(target, ast.Subscript) else target):
            name = self.names.get(ast.unparse(held))
            if name is not None:
                self.added_to[ast.unparse(held)] = None
                place = ast.parse(ast.unparse(held), mode="eval").body
                return [node, _located(assign(f"d{name}", place, node), node)]
        return node


def _located(made: ast.stmt, where: ast.stmt) -> ast.stmt:
    for part in ast.walk(made):
        if hasattr(part, "lineno"):
            ast.copy_location(part, where)
    return made


def _at(text: str, where: ast.stmt) -> ast.stmt:
    return _located(ast.parse(text).body[0], where)
