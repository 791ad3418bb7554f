"""Classes with `forward(self, x)` and `backward(self, dout)`: layers with their parameters inside.

A layer becomes a pair of functions whose `self` is the layer itself. Its parameters, the arrays
whose gradients backward leaves in `self.dW`, `self.W_grad` or `self.grads["W"]`, become arguments
of forward; what backward returns is the gradient of forward's own arguments.
"""

from __future__ import annotations

import ast
import contextlib
import copy
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem
from byhand.sources.arguments import Argument, Literal, drawn
from byhand.sources.assemble import assembled, assign, at, function, placed
from byhand.sources.assigned import pairs
from byhand.sources.dimension_names import called, said_of
from byhand.sources.guesses import is_labels
from byhand.sources.intermediates import promising
from byhand.sources.layer_classes import PARAMS, SELF, Layer
from byhand.sources.nets_of_layers import as_called, gathering
from byhand.sources.pair import Pair, paired
from byhand.sources.pair_functions import backward_of, forward_of
from byhand.sources.pair_inputs import has_loops
from byhand.sources.parameter_dicts import listed
from byhand.sources.parts import PUT as PUT_PART
from byhand.sources.parts import ModelPart, answering, parts_of, putter, putting
from byhand.sources.proposal import Proposal
from byhand.sources.proposals import Fit, ForwardRun, proposed
from byhand.sources.signature import elements, owners, parameters, returns, said_by
from byhand.sources.spoken import as_spoken, is_floats, speaks_torch
from byhand.sources.uses import uses
from byhand.values import tree
from byhand.values.arrays import is_tuple
from byhand.values.held import array, detached

PUT = "__put_parameter__"


def problem_of_layer(
    layer: Layer,
    module: ModuleType,
    file: str,
    known: Mapping[str, Argument],
    beside: Sequence[Layer] = (),
) -> Problem:
    """The problem of a layer, made with arguments that are `known` and others that fit. It may hold
    layers of the classes that stand `beside` it.

    Raises ProblemError if none are found with which it can be made and run.
    """
    if layer.unclear:
        asked, given = parameters(layer.backward)[1], parameters(layer.forward)[1]
        raise ProblemError(
            f"{file}:{layer.backward.lineno}: {layer.name}: {asked} may be {given}, or the "
            f"gradient of what forward returns: call it {given} if it is that, or write a problem "
            "file (`byhand new`)"
        )
    if any(each.passing for each in beside) and _runs_others(layer):
        raise ProblemError(
            f"{file}:{layer.node.lineno}: {layer.name}: its layers leave gradients in the arrays "
            "themselves: each is judged by itself"
        )
    if (held := _asked_layers(layer)) is not None and held not in known:
        raise ProblemError(
            f"{file}:{layer.node.lineno}: {layer.name}: is judged with the layers that it is made "
            f"with ({held}), and no net of them was found at the top: add lines that make one and "
            f"run it, net = {layer.name}([...]), out = net.{layer.forward.name}(x), "
            f"net.{layer.backward.name}(dout)"
        )
    known = {**_functions(layer, module, file), **known}
    made = _with_methods(layer, module) if layer.rewritten else getattr(module, layer.name)
    pair = _pair(layer)
    in_torch = speaks_torch([layer.node], module)
    try:
        both = _both(layer)
        said = said_of(parameters(both), layer.node, *_methods(layer))
        attempt = _attempt(layer, pair, made, in_torch)
        back, loops = layer.backward, has_loops(pair)
        own = _own_sizes(made, layer, known, in_torch)
        proposal = proposed(both, known, attempt, loops=loops, said=said, backward=back, own=own)
    except ProblemError as error:
        raise ProblemError(f"{file}:{layer.node.lineno}: {layer.name}: {error}") from None
    arguments = parameters(pair.forward)
    names = list(layer.gradients)

    def draw(rng: np.random.Generator, **sizes: int) -> Inputs:
        free = {name: axis for axis, name in axes.items()}
        found = drawn(proposal.arguments({free[n]: s for n, s in sizes.items()}), rng)
        found = as_spoken(found, in_torch)
        held = _filled(_made(made, layer, found, in_torch), layer, pair, found)
        inputs: Inputs = {name: found[name] for name in arguments if name in found}
        for name in names:
            value = np.asarray(detached(parameter_of(held, name, layer.listed.get(name))))
            inputs[name] = np.asarray(rng.normal(size=value.shape)) * (np.std(value) or 1.0)
            put_parameter(held, name, layer.listed.get(name), None)
        for part in parts:
            value = np.asarray(detached(part.value(held)))
            inputs[part.name] = np.asarray(rng.normal(size=value.shape)) * (np.std(value) or 1.0)
            part.put(held, None)
        return {**as_spoken(inputs, in_torch), SELF: held}

    axes = called(both, proposal)
    first = as_spoken(drawn(proposal.arguments(), np.random.default_rng(0)), in_torch)
    held = _filled(_made(made, layer, first, in_torch), layer, pair, first)
    parts = as_called(parts_of(SELF, held, beside), held)
    backward, answered = _backward(layer, pair)
    if layer.gathered:
        backward.body = gathering(backward.body, layer.gathered, parts)
    else:
        backward.body += answering(parts)
    answered += [part.name for part in parts]
    forward = _forward(layer, pair, names, parts)
    values = draw(np.random.default_rng(0))
    data = [name for name in values if name not in answered]

    def problem(definition: ast.FunctionDef) -> Problem:
        return assembled(
            name=layer.name,
            file=file,
            doc=ast.get_docstring(layer.node) or "",
            forward=forward,
            backward=definition,
            namespace={**module.__dict__, PUT: put_parameter, PUT_PART: putter(parts)},
            draw=draw,
            dimensions=_sizes(proposal, axes, has_loops(pair)),
            data=data,
            notes=_notes(layer, proposal, known),
        )

    return promising(problem, backward, answered)


def _functions(layer: Layer, module: ModuleType, file: str) -> dict[str, Argument]:
    """The functions that a layer is made with."""
    unsaid = [name for name, said in layer.functions.items() if said is None]
    if unsaid:
        raise ProblemError(
            f"{file}:{layer.node.lineno}: {layer.name}: is made with functions "
            f"({', '.join(sorted(unsaid))}), and {Path(file).name} makes none: add a line such as "
            f"{layer.name}({', '.join(layer.functions)})"
        )
    given = {n: ast.unparse(said) for n, said in layer.functions.items() if said is not None}
    return {name: Literal(eval(said, module.__dict__)) for name, said in given.items()}


def _with_methods(layer: Layer, module: ModuleType) -> Any:
    """The class with the methods that the layer has in the place of its own."""
    made = getattr(module, layer.name)
    own: dict[str, Any] = {"__module__": made.__module__}
    tree = ast.Module([layer.forward, layer.backward], [])
    exec(compile(tree, module.__file__ or "", "exec"), module.__dict__, own)
    return type(layer.name, (made,), own)


def _runs_others(layer: Layer) -> bool:
    calls = (part for part in ast.walk(layer.backward) if isinstance(part, ast.Call))
    return any(isinstance(c.func, ast.Attribute) and c.func.attr == "backward" for c in calls)


def _asked_layers(layer: Layer) -> str | None:
    """The argument that a class is made with that is a list of layers, whose backward it runs."""
    init = _init(layer)
    if init is None or not _runs_others(layer):
        return None
    run = {
        part.attr
        for node in ast.walk(layer.backward)
        if isinstance(node, ast.For)
        for part in ast.walk(node.iter)
        if isinstance(part, ast.Attribute)
    }
    for node in ast.walk(init):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=attr)], value=ast.Name(id=name)):
                if attr in run and name in parameters(init):
                    return name
            case _:
                pass
    return None


def _sizes(proposal: Proposal, axes: Mapping[str, str], loops: bool) -> dict[str, int]:
    free = {axis: name for axis, name in axes.items() if axis not in proposal.fixed}
    sizes = {name: proposal.sizes[axis] for axis, name in free.items()}
    return dict(list(sizes.items())[:1]) if loops else sizes


def _notes(layer: Layer, proposal: Proposal, known: Mapping[str, Argument]) -> list[str]:
    found = proposal.arguments()
    said = ", ".join(f"{name} {argument}" for name, argument in found.items() if name not in known)
    tried = [f"{layer.name} was tried with {said}: --shape and --given change that"] if said else []
    return [*tried, *layer.notes]


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
        kept = {
            one.attr: other.id
            for node in init.body
            if isinstance(node, ast.Assign)
            for one, other in pairs(node.targets[0], node.value)
            if isinstance(one, ast.Attribute) and isinstance(other, ast.Name) and other.id in mine
        }
        made = _AsGiven(kept).visit(made)
        used = uses(made)
        if any((used[name].rank or 0) > 2 for name in mine):  # kernels, smaller than a picture
            own = [arg for arg in made.args.args if arg.arg not in mine]
            made.args.args = [*own, *needed]
    return made


class _AsGiven(ast.NodeTransformer):
    """The attributes of a layer that are what it is made with, `self.W = W`, by these names."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        self.kept = kept

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=attr, ctx=ast.Load()):
                if attr in self.kept:
                    return ast.copy_location(ast.Name(self.kept[attr], ast.Load()), node)
            case _:
                pass
        return node


def _made(cls: Any, layer: Layer, values: Mapping[str, Any], in_torch: bool) -> Any:
    init = _init(layer)
    names = parameters(init)[1:] if init is not None else []
    np.random.seed(0)
    with _in_doubles() if in_torch else contextlib.nullcontext():
        return cls(**{name: values[name] for name in names if name in values})


def _own_sizes(
    cls: Any, layer: Layer, known: Mapping[str, Argument], in_torch: bool
) -> frozenset[int]:
    """The sizes of the arrays of a layer that is made with no more than is `known`."""
    init = _init(layer)
    needed = parameters(init)[1 : -len(init.args.defaults) or None] if init is not None else []
    values = {name: each.value for name, each in known.items() if isinstance(each, Literal)}
    if not {*needed} <= {*values}:
        return frozenset()
    try:
        held = _made(cls, layer, values, in_torch)
    except Exception:  # it is told where the layer is tried
        return frozenset()
    arrays = (array(leaf) for _, leaf in tree.leaves(held))
    return frozenset(size for each in arrays if each is not None for size in each.shape)


def _filled(held: Any, layer: Layer, pair: Pair, values: Mapping[str, Any]) -> Any:
    """The layer with its parameters, which some get when forward sees how large its input is."""
    if any(parameter_of(held, n, layer.listed.get(n)) is None for n in layer.gradients):
        given = {n: copy.deepcopy(values[n]) for n in parameters(pair.forward) if n in values}
        getattr(held, layer.forward.name)(**given)
    return held


@contextlib.contextmanager
def _in_doubles() -> Generator[None]:
    """PyTorch makes float64 where it isn't told otherwise, and the same random numbers."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _held(layer: Any, name: str, place: int | None = None) -> tuple[Any, Any]:
    """What a layer has a parameter in, and where: its attributes, one that is a dict, or the list
    of its parameters."""
    attributes: dict[str, Any] = layer.__dict__
    if place is not None:
        return attributes[PARAMS], place
    for held in (attributes, *attributes.values()):
        if isinstance(held, dict) and name in held:
            return held, name  # pyright: ignore[reportUnknownVariableType]
    raise ProblemError(f"it has no {name}, though backward leaves a gradient of it")


def parameter_of(layer: Any, name: str, place: int | None = None) -> Any:
    held, key = _held(layer, name, place)
    return held[key]


def put_parameter(layer: Any, name: str, place: int | None, value: Any) -> None:
    """Gives a layer a parameter, where it had it."""
    held, key = _held(layer, name, place)
    held[key] = value


def _attempt(
    layer: Layer, pair: Pair, cls: Any, in_torch: bool
) -> Callable[[dict[str, Any]], ForwardRun]:
    """A run of a layer's forward, and of its backward after it, to see whether arguments fit."""
    arguments = parameters(pair.forward)

    def attempt(values: dict[str, Any]) -> ForwardRun:
        values = as_spoken(values, in_torch)
        held = _made(cls, layer, copy.deepcopy(values), in_torch)
        given = {name: copy.deepcopy(values[name]) for name in arguments if name in values}
        returned = getattr(held, layer.forward.name)(**given)
        ends: list[Any] = list(returned) if is_tuple(returned) else [returned]
        output = ends[pair.outputs[0]] if is_tuple(returned) else returned
        if not np.all(np.isfinite(np.asarray(detached(output)))):
            raise FloatingPointError("forward isn't finite")
        if layer.rewritten and not pair.upstream and len(ends) > 1:
            _fit_together(given, np.shape(detached(ends[1])))
        asked = {*parameters(layer.backward)} if layer.rewritten else set[str]()
        handed = {n: v for n, v in given.items() if n in asked}
        handed |= {n: ends[place] for n, place in pair.kept.items() if place < len(ends)}
        return ForwardRun([np.shape(output)], lambda: fit(held, given, output, handed))

    def fit(held: Any, given: Mapping[str, Any], output: Any, handed: Mapping[str, Any]) -> Fit:
        ones = {name: np.ones(np.shape(output)) for name in pair.upstream}
        upstream = as_spoken(ones, in_torch)
        ends = elements(returns(layer.backward)[-1].value) if returns(layer.backward) else []
        said = [said_by(node) for node in ends]
        floats = {n for n, v in given.items() if is_floats(array(v))}
        asked = owners(said, arguments)
        wanted = sum(owner in floats for owner in asked) + len(layer.gradients)
        try:
            returned = getattr(held, layer.backward.name)(**upstream, **handed)
        except Exception:
            return Fit(0, wanted)
        each: list[Any] = list(returned) if is_tuple(returned) else [returned]
        right = 0
        for owner, gradient in zip(asked, each, strict=False):
            if owner in floats:
                right += np.shape(gradient) == np.shape(given[owner])
        for name in layer.gradients:
            right += np.shape(_gradient(held, layer.gradients[name])) == np.shape(
                parameter_of(held, name, layer.listed.get(name))
            )
        return Fit(right, wanted)

    return attempt


def _fit_together(given: Mapping[str, Any], output: tuple[int, ...]) -> None:
    """Raises ValueError, in NumPy's words, where a loss of an output and labels would be one of
    more numbers than the output has."""
    for name, value in given.items():
        labels = np.shape(value)
        floats = is_labels(name) and is_floats(array(value))
        if floats and np.broadcast_shapes(labels, output) != output:
            raise ValueError(f"operands could not be broadcast together: {labels} {output}")


def _gradient(layer: Any, place: ast.expr) -> Any:
    return eval(ast.unparse(place), {SELF: layer})


# Its methods as a pair.


def _pair(layer: Layer) -> Pair:
    forward, backward = copy.deepcopy(layer.forward), copy.deepcopy(layer.backward)
    forward.args.args, backward.args.args = forward.args.args[1:], backward.args.args[1:]
    return paired(layer.name, forward, backward)


def _forward(
    layer: Layer, pair: Pair, names: Sequence[str], parts: Sequence[ModelPart]
) -> ast.FunctionDef:
    """Forward with the layer and its parameters as arguments."""
    made = forward_of(pair)
    where = made.body[0]
    put = [
        at(f"{PUT}(self, {name!r}, {layer.listed.get(name)!r}, {name})", where) for name in names
    ]
    put += putting(parts, where)
    names = [*names, *(part.name for part in parts)]
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
    unmet = {name: ast.unparse(p) for name, p in layer.gradients.items() if name not in left.met}
    made.body += [at(f"d{name} = {place}", made.body[-1]) for name, place in unmet.items()]
    made.args.args.append(ast.copy_location(ast.arg(SELF), made))
    listed = (ast.unparse(layer.gradients[n]) for n in layer.listed if n in layer.gradients)
    own = dict.fromkeys([*(p for p in left.added_to if p not in left.begun), *listed])
    copies = (f"{place} = {place} + 0.0" for place in own)
    made.body = [*(at(copied, made.body[0]) for copied in copies), *made.body]
    return made, [*answered, *layer.gradients]


class _Left(ast.NodeTransformer):
    """Gives gradients that are left in a layer a name; `added_to` are those that it goes on with,
    from what was there unless they are `begun` here."""

    def __init__(self, gradients: Mapping[str, ast.expr]) -> None:
        self.names = {ast.unparse(place): name for name, place in gradients.items()}
        self.added_to: dict[str, None] = {}
        self.met: set[str] = set()
        self.begun: set[str] = set()

    def visit_Assign(self, node: ast.Assign) -> Any:
        if apart := self.one_by_one(node):
            return [made for each in apart for made in listed(self.visit_Assign(each))]
        for target in node.targets:
            name = self.names.get(ast.unparse(target))
            if name is not None:
                self.met.add(name)
                self.begun.add(ast.unparse(target))
                fresh = ast.copy_location(ast.Name(f"d{name}", ast.Store()), node)
                node.targets = [fresh, *node.targets]
                return node
        return self.changed(node.targets[0], node)

    def one_by_one(self, node: ast.Assign) -> list[ast.Assign]:
        """`self.dW, self.db = one, other` as one assignment for each; else nothing."""
        apart = [*pairs(node.targets[0], node.value)]
        places = [ast.unparse(target) for target, _ in apart]
        reads = {ast.unparse(part) for part in ast.walk(node.value) if isinstance(part, ast.expr)}
        if len(apart) < 2 or reads & {*places} or not {*places} & {*self.names}:
            return []
        return [ast.copy_location(ast.Assign([one], other), node) for one, other in apart]

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        return self.changed(node.target, node)

    def changed(self, target: ast.expr, node: ast.stmt) -> Any:
        """A statement that changes a gradient where it is, and then its name."""
        for held in (target, target.value if isinstance(target, ast.Subscript) else target):
            name = self.names.get(ast.unparse(held))
            if name is not None:
                self.met.add(name)
                self.added_to[ast.unparse(held)] = None
                place = ast.parse(ast.unparse(held), mode="eval").body
                return [node, placed(assign(f"d{name}", place, node), node)]
        return node
