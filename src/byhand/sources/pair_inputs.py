"""What a pair is tried on: the inputs that its file has, or others that fit."""

from __future__ import annotations

import ast
import builtins
import copy
import linecache
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, cast

import numpy as np

from byhand.errors import ProblemError
from byhand.program.problem import Inputs, dimensions_of
from byhand.sources.arguments import Argument, Floats, Integers, Lists, Literal, drawn
from byhand.sources.dimension_names import called, said_of
from byhand.sources.docstrings import Said
from byhand.sources.flow import reads
from byhand.sources.global_parameters import data_for
from byhand.sources.names import LOSS
from byhand.sources.pair import Pair
from byhand.sources.parameter_dicts import FIND, IS, gradient_of, is_gradient_of
from byhand.sources.proposals import Fit, ForwardRun, proposed
from byhand.sources.signature import (
    elements,
    owners,
    parameters,
    returns,
    said_by,
)
from byhand.sources.spoken import as_spoken, is_floats, speaks_torch
from byhand.sources.uses import uses
from byhand.values.arrays import Array, is_tuple
from byhand.values.held import array

ROWS = 8
"""So many of the rows of a file's data are enough."""
WIDE = 10.0
"""How much larger the label of one example is: its sign alone is to decide between branches."""


def inputs_of(
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
    arrays = {name: array(value) for name, value in _at_top(pair, module).items()}
    others = functions_of(module)
    indices = _indices(pair, others) if arrays else ()
    at_top = {n: _alike(held, n in indices) for n, held in arrays.items() if held is not None}
    lists = {name: getattr(module, name, None) for name in pair.top if name not in at_top}
    known |= {name: Lists(held) for name, held in lists.items() if _is_of_arrays(held)}
    known = _defaults_asked_for(pair) | at_top | {n: Floats(()) for n in pair.numbers} | known
    loops = has_loops(pair)
    try:
        attempt = _attempt(pair, module)
        proposal = proposed(
            pair.forward,
            known,
            attempt,
            answered,
            loops,
            others,
            _said(pair),
            pair.of_one,
            pair.backward,
        )
    except ProblemError as error:
        if unknown := _nowhere(pair.backward, module):
            raise ProblemError(
                f"{file}:{pair.backward.lineno}: {pair.backward.name} reads "
                f"{', '.join(unknown)}, which it isn't handed and which isn't made before it is "
                "called: make that an argument"
            ) from None
        raise ProblemError(f"{file}:{pair.forward.lineno}: {pair.forward.name}: {error}") from None
    found = proposal.arguments()
    free = {name: axis for axis, name in called(pair.forward, proposal).items()}
    free = {name: axis for name, axis in free.items() if axis.partition(".")[0] not in at_top}
    free = {name: axis for name, axis in free.items() if axis not in proposal.fixed}
    sizes = {name: proposal.sizes[axis] for name, axis in free.items()}
    if loops:  # other sizes of the batch must do
        sizes = dict(list(sizes.items())[:1])

    def draw(rng: np.random.Generator, **chosen: int) -> Inputs:
        values = drawn(proposal.arguments({free[n]: s for n, s in chosen.items()}), rng)
        values |= {name: np.asarray(WIDE * values[name]) for name in deciding}
        return as_spoken(values, in_torch)

    in_torch = speaks_torch((pair.forward, pair.backward), module)
    floats = [name for name, each in found.items() if isinstance(each, Floats)]
    deciding = [name for name in floats if name == pair.of_one]
    said = ", ".join(f"{name} {argument}" for name, argument in found.items() if name not in known)
    notes: list[str] = []
    if said:
        tried = pair.name if pair.forward.name == "forward" else pair.forward.name
        notes.append(f"{tried} was tried on {said}: --shape and --given change that")
        notes += _of_more_axes(pair, found, known, attempt)
    return draw, sizes, notes, draw(np.random.default_rng(0))


def _at_top(pair: Pair, module: ModuleType) -> dict[str, Any]:
    """What a module has at its top for the arguments of a pair, also in a dict of them; where it
    has their parameters, also a few rows of its data, `Xb` or `X` for Xb."""
    found: dict[str, Any] = {}
    asked = parameters(pair.forward)
    for name in pair.top:
        value: Any = getattr(module, name, None)
        found |= value if isinstance(value, dict) else {name: _as_array(value)}
    for name in asked if pair.top else ():
        held = (array(getattr(module, each, None)) for each in data_for(name) if each in pair.top)
        rows = next((each[:ROWS] for each in held if each is not None and each.ndim), None)
        found |= {} if name in found or rows is None else {name: rows}
    return {name: value for name, value in found.items() if name in asked}


def _indices(pair: Pair, others: Mapping[str, ast.FunctionDef]) -> set[str]:
    """What the two functions index with. Other whole numbers are numbers: targets of 0 and 1."""
    found = (uses(each, others).items() for each in (pair.forward, pair.backward))
    return {name for each in found for name, use in each if use.index}


def _alike(held: Array, indexes: bool) -> Argument:
    """Another array of the same shape, of as many classes if it `indexes`."""
    if not indexes or not held.size or held.dtype.kind not in "iu" or held.min() < 0:
        return Floats(held.shape)
    return Integers(held.shape, int(held.max()) + 1)


def _nowhere(function: ast.FunctionDef, module: ModuleType) -> list[str]:
    """What a function reads that its module doesn't have, as what only a loop there makes."""
    return sorted(reads(function) - {*module.__dict__, *dir(builtins), FIND, IS})


def _as_array(value: Any) -> Any:
    """A list of numbers, also of rows of them, as the array that NumPy takes it for."""
    held: Any = value
    try:
        made: Any = np.array(held, dtype=object) if isinstance(held, list) else np.array([])
        numbers = made.size and all(isinstance(each, int | float) for each in made.flat)
        return made.astype(float) if numbers else held  # pyright: ignore[reportUnknownVariableType]
    except ValueError:  # rows of several lengths
        return held  # pyright: ignore[reportUnknownVariableType]


def _defaults_asked_for(pair: Pair) -> dict[str, Argument]:
    """The defaults of forward that backward must be given, too: `keep_prob=0.5`."""
    args, asked = pair.forward.args, parameters(pair.backward)
    pairs = zip(args.args[::-1], args.defaults[::-1], strict=False)
    needed = asked[: len(asked) - len(pair.backward.args.defaults)]
    return {
        arg.arg: Literal(default.value)
        for arg, default in pairs
        if arg.arg in needed and isinstance(default, ast.Constant)
    }


def _is_of_arrays(value: Any) -> bool:
    held = cast("list[Any]", value) if isinstance(value, list) else []
    return bool(held) and all(is_floats(array(each)) for each in held)


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
    return {node.name: node for node in _top(module) if isinstance(node, ast.FunctionDef)}


def methods_of(module: ModuleType, name: str) -> list[ast.FunctionDef]:
    """The methods of a class at the top of a module."""
    classes = (node for node in _top(module) if isinstance(node, ast.ClassDef))
    return [
        each
        for node in classes
        if node.name == name
        for each in node.body
        if isinstance(each, ast.FunctionDef)
    ]


def _top(module: ModuleType) -> list[ast.stmt]:
    return ast.parse("".join(linecache.getlines(module.__file__ or ""))).body


def _said(pair: Pair) -> dict[str, Said]:
    """The shapes that the docstrings give of forward's arguments."""
    return said_of(parameters(pair.forward), pair.forward, pair.backward)


def has_loops(pair: Pair) -> bool:
    """Whether every element is computed by itself, so that only small arrays will do: in a loop
    within a loop. Loops one after the other go through layers, or through time."""
    loops = (ast.For, ast.While)
    found = [node for node in ast.walk(pair.backward) if isinstance(node, loops)]
    return any(isinstance(n, loops) for each in found for n in ast.walk(each) if n is not each)


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
        said = [said_by(node) for node in ends_of]
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
