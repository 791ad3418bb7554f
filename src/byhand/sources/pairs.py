"""Pairs of functions: `NAME_forward(x, w) -> out, cache`, `NAME_backward(dout, cache) -> dx, dw`.

What forward returns first is its output, one or more; what follows is kept for backward. Backward's
results belong to forward's arguments: by the names of the returned variables, or else by place.
"""

from __future__ import annotations

import ast
import copy
import linecache
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, TypeGuard

import numpy as np

from byhand.errors import ProblemError
from byhand.program.problem import Inputs, Problem, dimensions_of
from byhand.program.scopes import bound_names
from byhand.sources.arguments import Argument, Floats, drawn
from byhand.sources.assemble import assembled, assign, function, located
from byhand.sources.costs import with_cost
from byhand.sources.dicts_in_lists import unlisted
from byhand.sources.docstrings import Said, shapes_said
from byhand.sources.flow import binds
from byhand.sources.guesses import is_labels
from byhand.sources.intermediates import Renames, promising
from byhand.sources.names import LOSS, plain_name
from byhand.sources.nested_dicts import unnested
from byhand.sources.parameter_dicts import FIND, IS, flattened, gradient_of, is_gradient_of
from byhand.sources.proposal import Proposal
from byhand.sources.proposals import Fit, ForwardRun, proposed
from byhand.sources.returns import unpacked, with_answers, with_returns
from byhand.sources.signature import (
    KEPT,
    elements,
    is_kept,
    keeping,
    owners,
    parameters,
    returns,
    upstream_parameters,
)
from byhand.sources.uses import uses
from byhand.values.arrays import as_torch, is_array, is_tuple
from byhand.values.held import array


@dataclass(frozen=True, eq=False)
class Pair:
    """A forward and its backward, with what each of their results is.

    `outputs` are the places in what forward returns of the results that have a gradient, `kept`
    those that backward is handed, by the name of its parameter. `upstream` are backward's
    parameters for the gradients of the outputs, none where the output is a loss. `rewritten` tells
    functions that aren't the module's own, and `top` those arguments that are arrays at its top.
    `labels` is what backward starts from where the module has no loss, `sign` that of the loss
    where it is known.
    """

    name: str
    forward: ast.FunctionDef
    backward: ast.FunctionDef
    outputs: tuple[int, ...]
    kept: Mapping[str, int]
    upstream: tuple[str, ...]
    rewritten: bool = False
    top: tuple[str, ...] = ()
    labels: str = ""
    sign: str | None = None

    def output_names(self) -> list[str]:
        """What the outputs are called: as backward says, or else as forward does."""
        last = elements(returns(self.forward)[-1].value)
        names: list[str] = []
        for i, place in enumerate(self.outputs):
            said = plain_name(self.upstream[i]) if self.upstream else ""
            match last[place]:
                case ast.Name(id=name) if not said or said == self.upstream[i]:
                    names.append(name)
                case _:
                    usable = said.isidentifier() and said != (self.upstream or [""])[i]
                    names.append(said if usable else "out" if self.upstream else "loss")
        return names


def pairs_in(tree: ast.Module) -> list[Pair]:
    """The pairs of a module, in its order."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found: list[Pair] = []
    for name, forward in functions.items():
        partner = _partner(name)
        for other, backward in functions.items():
            variant = other.removeprefix(partner)
            if backward is forward or not other.startswith(partner) or not returns(forward):
                continue
            if variant and (not variant.startswith("_") or _forward_of(other) in functions):
                continue
            one, two = unpacked(forward, functions), unpacked(backward, functions)
            one, two = unlisted(*unnested(with_cost(one, two, functions), two))
            apart = flattened(one, two, functions)
            if apart is not None:
                one, two = apart.forward, apart.backward
            title = f"{_stem(name)}{variant}"
            if not returns(two):
                two = _with_return(two, parameters(one))
            one = _with_locals(one, parameters(two))
            changed = one is not forward or two is not backward
            pair = paired(title, one, two, rewritten=changed)
            found.append(replace(pair, labels=_labels_without_loss(pair)))
    return found


def _labels_without_loss(pair: Pair) -> str:
    """The labels that backward is handed and forward isn't, where nothing makes a loss of them."""
    known = {*parameters(pair.forward), *bound_names(pair.forward), *pair.kept, *pair.upstream}
    found = [n for n in parameters(pair.backward) if n not in known and is_labels(n)]
    ends = isinstance(pair.forward.body[-1], ast.Return)
    return found[0] if len(found) == 1 and not pair.upstream and ends else ""


_PARTNERS = (
    ("forward", "backward"),
    ("fwd", "bwd"),
    ("Forward", "Backward"),
    ("compute_cost", "compute_gradient"),
    ("compute_loss", "compute_gradient"),
    ("cost_function", "gradient_function"),
)


def _partner(name: str) -> str:
    """The backward's name for a forward's: of `affine_forward`, `forward_pass`, `fwd_gelu`."""
    for one, other in _PARTNERS:
        if one in name:
            return name.replace(one, other)
    return f"{name}_backward"


def _with_return(backward: ast.FunctionDef, arguments: Sequence[str]) -> ast.FunctionDef:
    """A backward whose answers are its locals, as in a problem file, as one that returns them."""
    stored = {node.id for node in ast.walk(backward) if isinstance(node, ast.Name)}
    answers: list[ast.expr] = [
        ast.Name(f"d{name}", ast.Load()) for name in arguments if f"d{name}" in stored
    ]
    made = copy.deepcopy(backward)
    end = ast.Return(ast.Tuple(answers, ast.Load()))
    made.body.append(located(end, made.body[-1]))
    return made


def _with_locals(forward: ast.FunctionDef, asked: Sequence[str]) -> ast.FunctionDef:
    """A forward that also returns those of its locals that backward asks for by name."""
    end = forward.body[-1]
    if not isinstance(end, ast.Return) or len(returns(forward)) > 1:
        return forward
    ends = elements(end.value)
    known = {node.id for node in ends if isinstance(node, ast.Name)} | {*parameters(forward)}
    local = bound_names(forward) - known
    more: list[ast.expr] = [ast.Name(name, ast.Load()) for name in asked if name in local]
    if not more or any(KEPT.search(name) for name in asked):
        return forward
    made = copy.copy(forward)
    made.body = [
        *forward.body[:-1],
        located(ast.Return(ast.Tuple([*ends, *more], ast.Load())), end),
    ]
    return made


def _forward_of(name: str) -> str:
    """The forward's name for a backward's."""
    return name.replace("backward", "forward").replace("bwd", "fwd").replace("Backward", "Forward")


def _stem(name: str) -> str:
    stem = re.sub(r"_?(forward|fwd|Forward)_?", "_", name).strip("_")
    return stem or name


def paired(
    name: str,
    forward: ast.FunctionDef,
    backward: ast.FunctionDef,
    *,
    rewritten: bool = False,
    top: Sequence[str] = (),
) -> Pair:
    """What goes between a forward and its backward, as their texts tell."""
    ends = elements(returns(forward)[-1].value)
    in_forward = {n.id for n in ast.walk(forward) if isinstance(n, ast.Name)}
    in_forward |= {*parameters(forward)}
    optional = {*parameters(backward)[len(parameters(backward)) - len(backward.args.defaults) :]}
    asked = parameters(backward)
    gradients = upstream_parameters(backward, in_forward)
    results = [i for i, node in enumerate(ends) if not is_kept(node, forward)]
    kept_ends = [i for i in range(len(ends)) if i not in results]
    named = {node.id: i for i, node in enumerate(ends) if isinstance(node, ast.Name)}
    kept: dict[str, int] = {}
    for parameter in asked:
        if parameter in gradients or parameter in optional:
            continue
        if parameter in named and named[parameter] not in results[:1]:
            kept[parameter] = named[parameter]
        elif parameter not in in_forward or KEPT.search(parameter):
            free = [i for i in kept_ends if i not in kept.values()]
            free = free or [i for i in results[max(len(gradients), 1) :] if i not in kept.values()]
            if free:
                kept[parameter] = free[0]
    if gradients and gradients[0] in optional:
        gradients = gradients[:1]
    results = [i for i in results if i not in kept.values()]
    outputs = results[: len(gradients)] if gradients else results[:1]
    return Pair(name, forward, backward, tuple(outputs), kept, tuple(gradients), rewritten, (*top,))


def problem_of_pair(
    pair: Pair,
    module: ModuleType,
    file: str,
    known: Mapping[str, Argument],
) -> Problem:
    """The problem of a pair, on the arguments that are `known` and others that fit them.

    Raises ProblemError if none are found on which its forward runs.
    """
    backward, answered = backward_of(pair)
    draw, dimensions, notes, values = _inputs(pair, module, file, known, answered)
    data = [name for name in values if name not in answered]
    unanswered = [n for n in data if is_array(values[n]) and is_floats(array(values[n]))]
    if unanswered:
        notes.append(
            f"{pair.backward.name} returns no gradient of {', '.join(unanswered)}: treated as data"
        )
    for name in _unread(pair):
        notes.append(f"{pair.backward.name} doesn't read {name}: right only where that is 1")
    forward = forward_of(pair)

    def made(backward: ast.FunctionDef) -> Problem:
        return assembled(
            name=pair.name,
            file=file,
            doc=ast.get_docstring(pair.forward) or "",
            forward=forward,
            backward=backward,
            namespace={**module.__dict__, FIND: gradient_of, IS: is_gradient_of},
            draw=draw,
            dimensions=dimensions,
            data=data,
            kept=keeping(pair.forward) | ({*pair.kept} - bound_names(pair.forward)),
            notes=notes,
        )

    return promising(made, backward, answered)


def is_floats(value: Any) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", "") == "f"


def _unread(pair: Pair) -> list[str]:
    """The upstream gradients that backward must be given, and doesn't use."""
    read = {node.id for node in ast.walk(pair.backward) if isinstance(node, ast.Name)}
    asked = parameters(pair.backward)
    needed = asked[: len(asked) - len(pair.backward.args.defaults)]
    return [name for name in pair.upstream if name in needed and name not in read]


def _draws(forward: ast.FunctionDef) -> bool:
    """Whether forward draws random numbers."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in {"rand", "randn", "random", "random_sample", "binomial", "uniform"}
        for node in ast.walk(forward)
    )


# The two functions as a problem has them.


def forward_of(pair: Pair) -> ast.FunctionDef:
    """Forward as a problem has it: it returns its outputs alone, and keeps the rest."""
    names = pair.output_names()
    body = with_returns(_body(pair.forward), lambda node: _outputs(pair, names, node))
    if _draws(pair.forward):
        seed = ast.parse("__import__('numpy').random.seed(0)").body[0]
        body.insert(0, _moved(seed, pair.forward))
    made = function("forward", parameters(pair.forward), body, pair.forward.lineno)
    made.args = copy.deepcopy(pair.forward.args)
    return made


def _moved(node: ast.stmt, where: ast.stmt) -> ast.stmt:
    for part in ast.walk(node):
        if hasattr(part, "lineno"):
            ast.copy_location(part, where)
    return node


def _body(definition: ast.FunctionDef) -> list[ast.stmt]:
    body = copy.deepcopy(definition.body)
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest] if rest:
            return rest
        case _:
            return body


def _outputs(pair: Pair, names: Sequence[str], node: ast.Return) -> list[ast.stmt]:
    """`return out, cache` as `return out`, with what backward is handed under its name there."""
    ends = elements(node.value)
    made: list[ast.stmt] = []
    for parameter, place in pair.kept.items():
        if place < len(ends) and not _is(ends[place], parameter):
            made.append(assign(parameter, ends[place], node))
    for name, place in zip(names, pair.outputs, strict=True):
        if place < len(ends) and not _is(ends[place], name):
            made.append(assign(name, ends[place], node))
    results: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
    value = results[0] if len(results) == 1 else ast.Tuple(results, ast.Load())
    return [*made, located(ast.Return(value), node)]


def backward_of(pair: Pair) -> tuple[ast.FunctionDef, list[str]]:
    """Backward with its answers under the names of forward's arguments, and these names."""
    inputs = parameters(pair.forward)
    renamed = {
        old: f"d{new}"
        for old, new in zip(pair.upstream, pair.output_names(), strict=False)
        if old != f"d{new}"
    }
    for name in parameters(pair.forward):  # dropout_param is the gradient of nothing
        asked = name in parameters(pair.backward)
        if name.startswith("d") and name[1:] not in inputs and not asked:
            renamed[name] = f"given_{name}"
    answered: dict[str, None] = {}
    taken = {n.id for n in ast.walk(pair.backward) if isinstance(n, ast.Name)}
    taken |= {*parameters(pair.backward)}
    plans: dict[ast.Return, list[tuple[str | None, ast.expr]]] = {}
    body = _body(pair.backward)
    shell = function("backward", [], body, pair.backward.lineno)
    for end in returns(shell):
        ends = elements(end.value)
        said = [node.id if isinstance(node, ast.Name) else None for node in ends]
        plans[end] = list(zip(owners(said, inputs), ends, strict=True))
        for owner, node in plans[end]:
            if owner is None or (isinstance(node, ast.Constant) and node.value is None):
                continue
            answered[owner] = None
            match node:
                case ast.Name(id=name) if name != f"d{owner}" and name not in pair.upstream:
                    if f"d{owner}" not in taken and not _in_turns(name, shell):
                        renamed[name] = f"d{owner}"
                case _:
                    pass

    def answers(end: ast.Return) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for owner, node in plans[end]:
            if owner is None or (isinstance(node, ast.Constant) and node.value is None):
                continue
            if not _is(node, f"d{owner}") and not (
                isinstance(node, ast.Name) and renamed.get(node.id) == f"d{owner}"
            ):
                made.append(assign(f"d{owner}", node, node))
        return made

    body = with_answers(shell.body, answers)
    renames = Renames(renamed)
    made = function("backward", [], [renames.visit(node) for node in body], pair.backward.lineno)
    made.args = renames.visit(copy.deepcopy(pair.backward.args))
    return made, [*answered]


def _in_turns(name: str, function: ast.FunctionDef) -> bool:
    """Whether a local is bound in a loop: `dprev_h` is the gradient of something else each time."""
    loops = (node for node in ast.walk(function) if isinstance(node, ast.For | ast.While))
    return any(name in binds(node) for loop in loops for node in ast.walk(loop) if _is_simple(node))


def _is_simple(node: ast.AST) -> TypeGuard[ast.stmt]:
    return isinstance(node, ast.Assign | ast.AnnAssign)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


# Its inputs.


def _inputs(
    pair: Pair,
    module: ModuleType,
    file: str,
    known: Mapping[str, Argument],
    answered: Sequence[str],
) -> tuple[Callable[..., Inputs], dict[str, int], list[str], Inputs]:
    """How inputs are drawn, the sizes to draw at, what to say of it, and one draw."""
    for name in (f"{pair.name}_inputs", f"inputs_{pair.name}", "inputs"):
        own: Any = getattr(module, name, None)
        if callable(own) and not known:
            sizes = dimensions_of(own, file) if own.__code__.co_argcount else {}
            chosen = _drawing(own)  # pyright: ignore[reportArgumentType]
            return chosen, sizes, [], dict(chosen(np.random.default_rng(0)))
    unknown = [name for name in known if name not in parameters(pair.forward)]
    known = {name: value for name, value in known.items() if name not in unknown}
    at_top = {name: array(getattr(module, name, None)) for name in pair.top}
    known = {n: Floats(a.shape) for n, a in at_top.items() if a is not None} | known
    loops = has_loops(pair)
    try:
        others = functions_of(module)
        attempt = _attempt(pair, module)
        proposal = proposed(pair.forward, known, attempt, answered, loops, others, _said(pair))
    except ProblemError as error:
        raise ProblemError(f"{file}:{pair.forward.lineno}: {pair.forward.name}: {error}") from None
    found = proposal.arguments()
    free = {name: axis for axis, name in called(pair.forward, proposal).items()}
    free = {name: axis for name, axis in free.items() if axis.partition(".")[0] not in pair.top}
    sizes = {name: proposal.sizes[axis] for name, axis in free.items()}
    if loops:  # other sizes of the batch must do
        sizes = dict(list(sizes.items())[:1])

    def draw(rng: np.random.Generator, **chosen: int) -> Inputs:
        values = drawn(proposal.arguments({free[n]: s for n, s in chosen.items()}), rng)
        return as_spoken(values, in_torch)

    in_torch = speaks_torch((pair.forward, pair.backward), module)
    said = ", ".join(f"{name} {argument}" for name, argument in found.items() if name not in known)
    notes: list[str] = []
    if said:
        notes.append(f"{pair.forward.name} was tried on {said}: --shape and --given change that")
        notes += _of_more_axes(pair, found, known, attempt)
    return draw, sizes, notes, draw(np.random.default_rng(0))


def _of_more_axes(
    pair: Pair,
    found: Mapping[str, Argument],
    known: Mapping[str, Argument],
    attempt: Callable[[dict[str, Any]], ForwardRun],
) -> list[str]:
    """A note where forward works along the last axis, whichever that is, and backward fits only the
    two axes that were tried: `dbeta = dout.sum(axis=0)`."""
    name = next(iter(found), "")
    match found.get(name):
        case Floats(shape=(rows, columns)) if name not in known and _along_the_last(pair.forward):
            shape = (rows, columns + 1, columns)
        case _:
            return []
    try:
        with np.errstate(all="ignore"):
            usual = attempt(drawn(found, np.random.default_rng(0))).fit()
            other = {**found, name: Floats(shape)}
            more = attempt(drawn(other, np.random.default_rng(0))).fit()
    except Exception:  # it takes two axes only
        return []
    if not usual.full or more.full:
        return []
    said = ",".join(map(str, shape))
    return [
        f"{pair.forward.name} also takes {name} of three axes, which {pair.backward.name} doesn't "
        f"fit: --shape {name}={said} tells where"
    ]


def _along_the_last(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(part, ast.keyword) and part.arg in {"axis", "dim"} and _is_last(part.value)
        for part in ast.walk(function)
    )


def _is_last(node: ast.expr) -> bool:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)):
            return True
        case _:
            return False


def _drawing(own: Callable[..., Inputs]) -> Callable[..., Inputs]:
    """The file's own inputs, which may take a random generator or nothing."""

    def draw(rng: np.random.Generator) -> Inputs:
        return own()

    return own if own.__code__.co_argcount else draw


def functions_of(module: ModuleType) -> dict[str, ast.FunctionDef]:
    """The definitions at the top of a module."""
    tree = ast.parse("".join(linecache.getlines(module.__file__ or "")))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _said(pair: Pair) -> dict[str, Said]:
    """The shapes that the docstrings give of forward's arguments."""
    return said_of(parameters(pair.forward), pair.forward, pair.backward)


def said_of(arguments: Sequence[str], *nodes: ast.FunctionDef | ast.ClassDef) -> dict[str, Said]:
    """The shapes that docstrings give of arguments, or else of their gradients."""
    found: dict[str, Said] = {}
    for node in reversed(nodes):
        said = shapes_said(ast.get_docstring(node))
        gradients = {plain_name(name): shape for name, shape in said.items()}
        found |= {n: s for each in (gradients, said) for n, s in each.items() if n in arguments}
    return found


def has_loops(pair: Pair) -> bool:
    """Whether every element is computed by itself, so that only small arrays will do."""
    return sum(isinstance(node, (ast.For, ast.While)) for node in ast.walk(pair.backward)) > 1


def called(forward: ast.FunctionDef, proposal: Proposal) -> dict[str, str]:
    """What the dimensions are called: as forward's unpacking says, or `x.shape[1]`."""
    how, names = uses(forward), dict[str, str]()
    for name, use in how.items():
        for axis, said in use.sizes.items():
            root = proposal.root(f"{name}.{axis}")
            if root in proposal.dimensions and said not in names.values():
                names.setdefault(root, said)
    for root in proposal.dimensions:
        name, _, axis = root.partition(".")
        names.setdefault(root, f"{name}.shape[{axis}]" if axis else name)
    return names


def speaks_torch(nodes: Sequence[ast.AST], module: ModuleType) -> bool:
    """Whether functions are written in PyTorch, as their text tells, or else their file's
    imports."""
    names = {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}
    libraries = {getattr(module.__dict__.get(name), "__name__", "") for name in names}
    if not any(_is_of(library, "torch", "numpy") for library in libraries):
        libraries = {getattr(value, "__name__", "") for value in module.__dict__.values()}
    return any(_is_of(library, "torch") for library in libraries) and "numpy" not in libraries


def _is_of(library: object, *names: str) -> bool:
    return isinstance(library, str) and library.partition(".")[0] in names


def as_spoken(values: Inputs, in_torch: bool) -> Inputs:
    """Arrays as tensors, if they are to be PyTorch's."""
    return {n: as_torch(v) if in_torch and is_array(v) else v for n, v in values.items()}


def _each(returned: Any) -> list[Any]:
    return list(returned) if is_tuple(returned) else [returned]


def _functions(pair: Pair, module: ModuleType) -> tuple[Any, Any]:
    space = dict(module.__dict__)
    if pair.rewritten:
        space |= {FIND: gradient_of, IS: is_gradient_of}
        tree = ast.Module([pair.forward, pair.backward], [])
        exec(compile(tree, module.__file__ or "", "exec"), space)
    return space[pair.forward.name], space[pair.backward.name]


def _states(forward: ast.FunctionDef) -> Iterator[tuple[str, int]]:
    """The arguments that forward returns anew, and where: `h_prev` as `h_next`, of one shape."""
    names = {re.sub("_?prev_?", "", name): name for name in parameters(forward)}
    for place, node in enumerate(elements(returns(forward)[-1].value)):
        if isinstance(node, ast.Name) and "next" in node.id:
            state = re.sub("_?next_?", "", node.id)
            if state in names:
                yield names[state], place


def _attempt(pair: Pair, module: ModuleType) -> Callable[[dict[str, Any]], ForwardRun]:
    """A run of forward, and of backward after it, to see whether arguments fit."""
    forward, backward = _functions(pair, module)
    arguments = parameters(pair.forward)
    in_torch = speaks_torch((pair.forward, pair.backward), module)
    is_loss = not pair.upstream and all(map(LOSS.search, pair.output_names()))
    states = [*_states(pair.forward)]

    def attempt(values: dict[str, Any]) -> ForwardRun:
        np.random.seed(0)
        values = as_spoken(values, in_torch)
        copied = copy.deepcopy(values)
        ends = _each(forward(**copied))
        outputs = [ends[place] for place in pair.outputs if place < len(ends)]
        for output in outputs:
            if not np.isfinite(np.asarray(output)).all():
                raise FloatingPointError("forward isn't finite")
        if is_loss and any(math.prod(np.shape(output)) != 1 for output in outputs):
            raise AssertionError  # one of its axes has a size of 1
        for name, place in states:
            if place < len(ends) and np.shape(ends[place]) != np.shape(values[name]):
                one, other = np.shape(values[name]), np.shape(ends[place])
                raise ValueError(f"operands could not be broadcast together: {one} {other}")
        return ForwardRun(
            [np.shape(output) for output in outputs], lambda: fit(values, ends, outputs)
        )

    def fit(values: Mapping[str, Any], ends: Sequence[Any], outputs: Sequence[Any]) -> Fit:
        rng = np.random.default_rng(1)
        filled: dict[str, Any] = {}
        for name, output in zip(pair.upstream, outputs, strict=False):
            filled[name] = np.asarray(rng.normal(size=np.shape(output)))
        filled = as_spoken(filled, in_torch)
        for name, place in pair.kept.items():
            filled[name] = ends[place]
        for name in parameters(pair.backward):
            if name not in filled and name in values:
                filled[name] = values[name]
        ends_of = [node for end in returns(pair.backward)[-1:] for node in elements(end.value)]
        said = [node.id if isinstance(node, ast.Name) else None for node in ends_of]
        asked = owners(said, arguments)
        shapes = {n: np.shape(v) for n, v in values.items() if is_floats(array(v))}
        try:
            gradients = _each(backward(**filled))
        except Exception:
            return Fit(0, sum(owner in shapes for owner in asked))
        right = wanted = 0
        for owner, gradient in zip(asked, gradients, strict=False):
            if owner in shapes:
                wanted += 1
                right += np.shape(gradient) == shapes[owner]
        return Fit(right, wanted)

    return attempt
