"""Trees of values: lists, tuples, dicts and objects, with leaves in them.

    >>> from byhand.values import tree
    >>> grads = {"W": [1.0, 2.0], -1: (3.0,)}
    >>> [tree.text("grads", path) for path, leaf in tree.leaves(grads)]
    ['grads["W"][0]', 'grads["W"][1]', 'grads[-1][0]']
    >>> tree.map(abs, grads)
    {'W': [1.0, 2.0], -1: (3.0,)}

These are pytrees as JAX has them (https://docs.jax.dev/en/latest/pytrees.html), with four
differences, which is why they are not JAX's or optree's:

- An object of a class that the user wrote is a tree of its attributes, and needs no registering.
- A dict keeps its order, and its keys may be of any type.
- `None` is a leaf: a gradient that isn't there has a place.
- `put` changes what can be changed where it is, as the user's own assignment would.

A container that holds itself is not entered again.
"""

# Values have parts of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import ast
import copy
import json
import re
import sys
import sysconfig
from abc import ABC
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CellType, FunctionType, MethodType, SimpleNamespace
from typing import Any, Generic, Literal, Protocol, TypeAlias


@dataclass(frozen=True)
class Item:
    """`value[key]`: an item of a list, a tuple or a dict, or an element of an array."""

    key: Any

    def get(self, value: Any) -> Any:
        return value[self.key]

    def put(self, value: Any, new: Any) -> Any:
        if isinstance(value, tuple):
            items = list(value)
            items[self.key] = new
            return tuple_like(value, items)
        value[self.key] = new
        return value

    def __str__(self) -> str:
        said = _literal(self.key)
        return f"[{said[1:-1] if isinstance(self.key, tuple) and self.key else said}]"


@dataclass(frozen=True)
class Attribute:
    """`value.name`: an attribute of an object, or a field of a named tuple."""

    name: str

    def get(self, value: Any) -> Any:
        return getattr(value, self.name)

    def put(self, value: Any, new: Any) -> Any:
        if isinstance(value, tuple):
            return value._replace(**{self.name: new})  # pyright: ignore
        try:
            setattr(value, self.name, new)
        except AttributeError:  # a frozen dataclass
            value = _shallow_copy(value)
            object.__setattr__(value, self.name, new)
        return value

    def __str__(self) -> str:
        return f".{self.name}"


Path: TypeAlias = tuple[Item | Attribute, ...]
"""The way from a value to one of its leaves."""


# Walking.


def leaves(value: Any) -> Iterator[tuple[Path, Any]]:
    """The leaves of `value` with their paths, in order; that of a leaf itself is empty."""
    return _leaves((), value, frozenset())


def named(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The leaves of what `name` stands for, by name: `name[0]`, `name["W"]`, `name.x`."""
    if not is_container(value):  # at once, since most are leaves
        return iter(((name, value),))
    return ((text(name, path), leaf) for path, leaf in leaves(value))


def map(f: Callable[[Any], Any], value: Any) -> Any:
    """A tree like `value` with `f(leaf)` in the place of every leaf.

    All containers are new. What is one container in `value` is one in the new tree, too.
    """
    return map_with_path(lambda _, leaf: f(leaf), value)


def map_with_path(f: Callable[[Path, Any], Any], value: Any) -> Any:
    """As `map`, with `f(path, leaf)`. A container that is met twice has its first path."""
    return _mapped(f, (), value, {})


def map_throughout(f: Callable[[Any], Any], value: Any) -> Any:
    """As `map`; and what functions hold in closures, methods in `self`, and sets in them is mapped
    too, if it holds a container.

    So a graph whose nodes have closures over each other is another graph, apart from the first.
    """
    made: dict[int, Any] = {}

    def mapped(held: Any) -> Any:
        return _mapped(leaf, (), held, made)

    def leaf(_: Path, each: Any) -> Any:
        match each:
            case FunctionType() if _holds_containers(each, set()):
                return _around(each, mapped, made)
            case MethodType() if is_container(each.__self__):
                return MethodType(each.__func__, mapped(each.__self__))
            case set() | frozenset() if any(is_container(item) for item in each):
                return type(each)(mapped(item) for item in each)
            case _:
                return f(each)

    return mapped(value)


def get(value: Any, path: Path) -> Any:
    """What is at `path`. Raises LookupError, TypeError or AttributeError if nothing is."""
    for entry in path:
        value = entry.get(value)
    return value


def put(value: Any, path: Path, new: Any) -> Any:
    """`value` with `new` at `path`, where something may be or not.

    Lists, dicts, arrays and objects are changed in place, and are what is given back; a tuple or a
    frozen object can't be changed, so another one is put in its place. Raises as `get` does.
    """
    if not path:
        return new
    first, *rest = path
    held = first.get(value) if rest else None
    made = put(held, tuple(rest), new)
    return value if rest and made is held else first.put(value, made)


# Paths as text.


def text(name: str, path: Path) -> str:
    """`hs[2]`, `grads["W1"]`, `self.x`."""
    return name + "".join(str(entry) for entry in path)


@lru_cache(maxsize=1 << 12)
def parsed(said: str) -> tuple[str, Path]:
    """The name and the path of a text: `("hs", (Item(2),))` for `hs[2]`.

    Raises ValueError for a text that is none, such as one whose key is no literal.
    """
    path: list[Item | Attribute] = []
    try:
        node = ast.parse(said, mode="eval").body
        while not isinstance(node, ast.Name):
            match node:
                case ast.Subscript(value=value, slice=index):
                    path.append(Item(ast.literal_eval(index)))
                case ast.Attribute(value=value, attr=attribute):
                    path.append(Attribute(attribute))
                case _:
                    raise ValueError
            node = value
    except (SyntaxError, ValueError):
        raise ValueError(f"{said} is no name with a path") from None
    return node.id, tuple(reversed(path))


@lru_cache(maxsize=1 << 12)
def root(said: str) -> str:
    """The name that a text begins with: `hs` of `hs[2]`, `self` of `self.x`."""
    end = min((at for at in (said.find("["), said.find(".")) if at >= 0), default=len(said))
    return said[:end]


def entry(value: Any, key: Any) -> Item | Attribute | None:
    """How a path says `value[key]`: `hs[-1]` is `hs[2]` where hs has three items.

    None where that is no child of a tree: an element of an array, a slice, a place past the end. A
    dict may have a key yet to come.
    """
    kind = _kind(type(value))
    if kind == "dict":
        return Item(key) if isinstance(key, Hashable) else None
    if kind in ("list", "tuple", "named tuple") and hasattr(type(key), "__index__"):
        place = key.__index__()
        place += len(value) if place < 0 else 0
        if 0 <= place < len(value):
            return Attribute(value._fields[place]) if kind == "named tuple" else Item(place)
    return None


def is_container(value: Any) -> bool:
    """Whether `value` is a tree, and no leaf."""
    return _kind(type(value)) is not None


def tuple_like(value: tuple[Any, ...], items: Iterable[Any]) -> Any:
    """A tuple like `value`, named as it is, of other items."""
    make = getattr(type(value), "_make", type(value))
    return make(items)


# What a container is.

_Kind = Literal["list", "tuple", "named tuple", "dict", "object"]


def children(value: Any) -> list[tuple[Item | Attribute, Any]] | None:
    """What a container holds, each with how it is reached; None for a leaf."""
    match _kind(type(value)):
        case "list" | "tuple":
            return [(Item(i), item) for i, item in enumerate(value)]
        case "named tuple":
            return [(Attribute(n), each) for n, each in zip(value._fields, value, strict=True)]
        case "dict":
            return [(Item(key), item) for key, item in value.items()]
        case "object":
            return [(Attribute(name), each) for name, each in _attributes(value).items()]
        case None:
            return None


@lru_cache(maxsize=1 << 10)
def _kind(cls: type) -> _Kind | None:
    if issubclass(cls, list):
        return "list"
    if issubclass(cls, dict):
        return "dict"
    if issubclass(cls, tuple):
        if cls.__module__.partition(".")[0] == "torch" and cls.__name__ == "Size":
            return None  # a shape
        return "named tuple" if hasattr(cls, "_fields") else "tuple"
    if issubclass(cls, SimpleNamespace):
        return "object"
    if cls not in _NEUTRAL and all(c in _NEUTRAL or _is_users(c) for c in cls.__mro__):
        return "object"
    return None


def _is_users(cls: type) -> bool:
    """Whether a class is neither Python's, nor from an installed package, nor ours."""
    top = cls.__module__.partition(".")[0]
    if top == "__main__":  # whatever was started: pytest, a notebook's kernel
        return True
    if top in sys.stdlib_module_names:
        return False
    if top == "byhand":
        return cls.__module__.startswith("byhand.zoo.")
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return file is None or not (file.startswith(_INSTALLED) or _PACKAGES.search(file))


_NEUTRAL = {object, ABC, Generic, Protocol}
_INSTALLED = tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
# Where packages of another Python are in use, as the grader's sandbox uses a virtual environment's.
_PACKAGES = re.compile(r"[/\\](?:site|dist)-packages[/\\]")


def _attributes(value: Any) -> dict[str, Any]:
    """The attributes that an object itself has, those in slots too."""
    slots = (s for cls in type(value).__mro__ for s in getattr(cls, "__slots__", ()))
    held = {s: getattr(value, s) for s in slots if s != "__dict__" and hasattr(value, s)}
    return held | getattr(value, "__dict__", {})


# New containers.


def _leaves(path: Path, value: Any, around: frozenset[int]) -> Iterator[tuple[Path, Any]]:
    if _kind(type(value)) is None:
        yield path, value
    elif id(value) not in around:
        around |= {id(value)}
        for entry, child in children(value) or ():
            yield from _leaves((*path, entry), child, around)


def _mapped(f: Callable[[Path, Any], Any], path: Path, value: Any, made: dict[int, Any]) -> Any:
    """`made` has the new container of each old one that was met, by its id."""
    if _kind(type(value)) is None:  # at once, since most are leaves
        return f(path, value)
    if id(value) in made:
        return made[id(value)]
    held = children(value) or ()
    if isinstance(value, tuple):
        items = [_mapped(f, (*path, entry), child, made) for entry, child in held]
        new = made[id(value)] = tuple_like(value, items)
        return new
    new = made[id(value)] = _shallow_copy(value)
    for entry, child in held:
        each = _mapped(f, (*path, entry), child, made)
        if isinstance(entry, Item):
            new[entry.key] = each
        else:
            object.__setattr__(new, entry.name, each)
    return new


def _holds_containers(function: FunctionType, seen: set[int]) -> bool:
    """Whether a function's closure holds a container, or a function that does."""
    seen.add(id(function))
    for _, held in _closure(function):
        inner = isinstance(held, FunctionType) and id(held) not in seen
        if is_container(held) or (inner and _holds_containers(held, seen)):
            return True
    return False


def _around(function: FunctionType, f: Callable[[Any], Any], made: dict[int, Any]) -> FunctionType:
    """The same function around what `f` makes of its closure's values; two that share a variable
    share the new one."""
    if id(function) in made:
        return made[id(function)]
    old = function.__closure__ or ()
    cells = tuple(made.setdefault(id(cell), CellType()) for cell in old)
    new = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, cells
    )
    new.__kwdefaults__ = function.__kwdefaults__
    made[id(function)] = new
    for cell, held in _closure(function):
        there = made[id(cell)]
        if there == CellType():
            there.cell_contents = f(held)
    return new


def _closure(function: FunctionType) -> Iterator[tuple[CellType, Any]]:
    """The variables of a closure that have a value, each with it."""
    return ((cell, cell.cell_contents) for cell in function.__closure__ or () if cell != CellType())


def _shallow_copy(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return copy.copy(value)
    make = SimpleNamespace if isinstance(value, SimpleNamespace) else object
    new = make.__new__(type(value))
    for name, each in _attributes(value).items():
        object.__setattr__(new, name, each)
    return new


def _literal(key: Any) -> str:
    """A key as it is written between brackets."""
    match key:
        case str():
            return json.dumps(key, ensure_ascii=False)
        case tuple() if key:
            items = [_literal(each) for each in key]
            return f"({', '.join(items)})" if len(items) > 1 else f"({items[0]},)"
        case bool():
            return repr(key)
        case _ if hasattr(type(key), "__index__"):
            return repr(key.__index__())
        case _:
            return repr(key)
