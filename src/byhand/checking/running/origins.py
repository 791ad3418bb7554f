"""Where arrays inside dicts and objects come from: which statement put them there, what it read.

A local that is an array has its origin noted by name. One that is a dict of arrays, or an object
such as a layer that keeps `self.dW`, can't: methods change it, and other objects hold it, too. So
the arrays inside are known by their identity.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from types import MethodType
from typing import Any, TypeAlias

from byhand.program.scopes import root_name
from byhand.program.statements import Namespace, Statement
from byhand.values import tree
from byhand.values.held import array, copied, unchanged

Numbers: TypeAlias = frozenset[int]
_NONE: Numbers = frozenset()


@dataclass
class _Origin:
    leaf: Any  # held, so that its id stays its own
    seen: Any
    reads: Numbers
    through: Numbers


@dataclass
class Origins:
    """What is known of the arrays inside objects, by their ids."""

    known: dict[int, _Origin] = field(default_factory=dict[int, _Origin])

    def looked_at(
        self, statement: Statement, namespace: Namespace, apart: Callable[[str], bool]
    ) -> list[Any]:
        """What the statement looks at inside of objects, before it runs, but for the locals that
        are known `apart`."""
        return [
            value
            for root, chain in _chains(statement.node)
            if is_object(namespace.get(root)) and not apart(root)
            for value in self._values(chain, statement, namespace)
        ]

    def _values(self, chain: ast.expr, statement: Statement, namespace: Namespace) -> Iterator[Any]:
        """`layer.x.T` itself, where it is an object or known; else that of which it is a part."""
        while True:
            try:
                value = statement.evaluate(chain, namespace)
            except Exception:  # the statement itself will say what is wrong
                value = None
            if is_object(value) or id(value) in self.known:
                yield value
                return
            if not isinstance(chain, (ast.Attribute, ast.Subscript)):
                return
            chain = chain.value

    def of(self, values: list[Any]) -> tuple[Numbers, Numbers]:
        """The writes of gradients that went into these values, and the statements on the way."""
        reads, through = set[int](), set[int]()
        for value in values:
            for leaf in inside(value):
                origin = self.known.get(id(leaf))
                if origin is not None:
                    reads |= origin.reads
                    through |= origin.through
        return frozenset(reads), frozenset(through)

    def note(self, value: Any, reads: Numbers = _NONE, through: Numbers = _NONE) -> None:
        """Notes what is new or has changed inside of an object."""
        for leaf in inside(value):
            origin = self.known.get(id(leaf))
            if origin is None:
                self.known[id(leaf)] = _Origin(leaf, copied(leaf), reads, through)
            elif not unchanged(leaf, origin.seen):
                origin.seen = copied(leaf)
                origin.reads |= reads
                origin.through |= through


def inside(value: Any) -> Iterator[Any]:
    """The arrays and floats in a value: in its items, or in its attributes, however deep."""
    held = value.__self__ if isinstance(value, MethodType) else value
    return (leaf for _, leaf in tree.leaves(held) if array(leaf) is not None)


def is_object(value: Any) -> bool:
    """Whether arrays can be inside of a value, in its items or its attributes."""
    return tree.is_container(value) or (
        isinstance(value, MethodType) and tree.is_container(value.__self__)
    )


def holds_arrays(value: Any) -> bool:
    """Whether arrays are inside of a value: in its items or its attributes."""
    return is_object(value) and next(inside(value), None) is not None


@lru_cache(maxsize=1 << 12)
def _chains(node: ast.stmt) -> tuple[tuple[str, ast.expr], ...]:
    """The longest `a.b[i].c` of a statement that no call is part of, so that to evaluate them
    changes nothing; each with its root, a."""
    found: list[tuple[str, ast.expr]] = []

    def visit(part: ast.AST) -> None:
        if isinstance(part, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            return
        if isinstance(part, (ast.Name, ast.Attribute, ast.Subscript)):
            root, parts = root_name(part), list(ast.walk(part))
            if root is not None and not any(isinstance(each, _DOING) for each in parts):
                found.append((root, _loaded(part)))
                for each in parts:
                    if isinstance(each, ast.Subscript):
                        visit(each.slice)
                return
        for each in ast.iter_child_nodes(part):
            visit(each)

    visit(node)
    return tuple(found)


_DOING = (ast.Call, ast.NamedExpr, ast.Await)


def _loaded(chain: ast.expr) -> ast.expr:
    """The same to be read, where it stands to be assigned to."""
    match chain:
        case ast.Name(id=name):
            read: ast.expr = ast.Name(name, ast.Load())
        case ast.Attribute(value=value, attr=attr):
            read = ast.Attribute(_loaded(value), attr, ast.Load())
        case ast.Subscript(value=value, slice=index):
            read = ast.Subscript(_loaded(value), index, ast.Load())
        case _:
            return chain
    return ast.copy_location(read, chain)
