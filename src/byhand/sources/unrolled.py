"""Arrays that are unrolled in one vector, as optimizers want them: `W1 = params[:H * D].reshape(H,
D)`, with sizes that the function is given.

The vector is as long as what is taken from it, which is seen by watching that.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from byhand.sources.flow import needed, reads
from byhand.sources.signature import elements, parameters

LONGEST = 30_000
FEW = 3
"""How many sizes a list has of which the function says no number."""


def vector_of(function: ast.FunctionDef) -> str | None:
    """The parameter from whose parts arrays are reshaped, if there is one."""
    given = parameters(function)
    parts = {
        target.id: name
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and (name := _sliced(node.value)) is not None
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    names = {
        parts.get(each.id, each.id if _by_numbers(node, given) else None)
        if isinstance(each, ast.Name)
        else _sliced(each)
        for node in ast.walk(function)
        if (each := _reshaped(node)) is not None
    } & {*given}
    return names.pop() if len(names) == 1 else None


def parts_in(function: ast.FunctionDef, vector: str) -> set[str]:
    """The locals that are parts of a vector, or that itself in another shape."""
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and _is_part(node.value, vector)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _is_part(value: ast.expr, vector: str) -> bool:
    reshaped = _reshaped(value)
    whole = isinstance(reshaped, ast.Name) and reshaped.id == vector
    return whole or _sliced(reshaped or value) == vector


def _by_numbers(node: ast.AST, given: Collection[str]) -> bool:
    """Whether the shape that something gets is made of numbers that a function is `given`."""
    assert isinstance(node, ast.Call)
    shape = [each for each in node.args if each is not _reshaped(node)]
    shape = elements(shape[0]) if len(shape) == 1 else shape
    return bool(shape) and all(isinstance(each, ast.Name) and each.id in given for each in shape)


def _reshaped(node: ast.AST) -> ast.expr | None:
    """What is reshaped in `x.reshape(2, 3)` and `np.reshape(x, (2, 3))`."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="reshape")):
            return node.args[0] if node.args else None
        case ast.Call(func=ast.Attribute(value=value, attr="reshape")):
            return value
        case _:
            return None


def _sliced(node: ast.expr) -> str | None:
    """`params` of `params[:n]`."""
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Slice()):
            return name
        case _:
            return None


def sizes_in(function: ast.FunctionDef, vector: str) -> dict[str, int]:
    """The parameters that tell where the parts of a vector are and what they look like: 0 for a
    number, or how many numbers a list of them has."""
    said = [*_telling(function, vector)]
    names = {name for each in said for name in reads(each)} - {vector}
    told = [function.body[i] for i in needed(function.body, names)]
    found: dict[str, int] = {}
    for node in (*said, *told):
        for name, count in _numbers(node):
            if name in parameters(function) and name != vector:
                found[name] = max(found.get(name, 0), count)
    return found


def _telling(function: ast.FunctionDef, vector: str) -> Iterator[ast.AST]:
    """The slices of a vector, and the shapes that its parts get."""
    for node in ast.walk(function):
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Slice() as part) if (
                name == vector
            ):
                yield part
            case ast.Call(args=args) if (value := _reshaped(node)) is not None:
                if vector in reads(value):
                    yield from (each for each in args if each is not value)
            case _:
                pass


def _numbers(node: ast.AST) -> Iterator[tuple[str, int]]:
    """The names that stand for numbers in some code, and those that stand for lists of them, with
    how many; not those of which the shape is read."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            yield name, 0
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int(place))):
            yield name, max(place + 1, FEW)
        case (
            ast.Subscript(value=ast.Name(id=name))
            | ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)])
        ):
            yield name, FEW
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Name(id=name)):
            yield name, len(targets)
        case ast.Attribute(value=ast.Name()):
            pass
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _numbers(child)


def length_in(
    name: str, run: Callable[[dict[str, Any]], object]
) -> Callable[[Mapping[str, Any]], int]:
    """How long a vector must be for what `run` takes from it, beside other arguments. Where the
    last part isn't reshaped, it is as long as the number says with which `run` comes farthest."""

    def length(others: Mapping[str, Any]) -> int:
        vector = np.zeros(LONGEST).view(_Watched)
        _lines(run, {**others, name: vector})
        if not vector.open:
            return vector.read
        numbers = [n for each in others.values() for n in _whole(each)]
        lengths = dict.fromkeys(vector.read + n for n in numbers)
        return max(lengths, key=lambda n: _lines(run, {**others, name: np.zeros(n)}), default=1)

    return length


def _lines(run: Callable[[dict[str, Any]], object], arguments: dict[str, Any]) -> float:
    """How many lines a run gets down before it raises something."""
    try:
        with np.errstate(all="ignore"):
            run(arguments)
    except FloatingPointError:
        pass
    except Exception as error:
        at = error.__traceback__
        while at is not None and at.tb_next is not None and "forward" in at.tb_frame.f_locals:
            at = at.tb_next
        return at.tb_lineno if at is not None else 0
    return math.inf


def _whole(value: Any) -> list[int]:
    match value:
        case int():
            return [value]
        case list():
            return [*value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return []


class _Watched(np.ndarray):
    """A vector that remembers how far it was read; `open` tells that a part without an end was
    taken, and no shape said how long that is."""

    read = 0
    open = False

    def __deepcopy__(self, _: Any) -> _Watched:
        return self

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, slice):
            return np.asarray(self)[index]
        start, stop, _ = index.indices(self.size)
        if stop == self.size:
            return self._rest(start)
        self.read = max(self.read, stop)
        return np.asarray(self)[index]

    def reshape(self, *shape: Any, **options: Any) -> Any:
        return self._rest(0).reshape(*shape, **options)

    def _rest(self, start: int) -> Any:
        rest = np.asarray(self)[start:].view(_Rest)
        rest.before, rest.source = start, self
        self.read, self.open = max(self.read, start), True
        return rest


class _Rest(np.ndarray):
    """All of a vector from some place on, which is as long as the shape that it gets."""

    before: int
    source: _Watched

    def reshape(self, *shape: Any, **options: Any) -> Any:
        flat = np.asarray(self)
        sizes = tuple(np.ravel(shape).astype(int).tolist())
        if min(sizes, default=-1) < 0 or not hasattr(self, "source"):
            return flat.reshape(sizes, **options)
        count = math.prod(sizes)
        self.source.read, self.source.open = max(self.source.read, self.before + count), False
        return flat[:count].reshape(sizes, **options)
