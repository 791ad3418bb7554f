"""How code says an op: templates on the op's record, filled in with the words for its arguments.

`{0}` and `{1}` stand for the arguments, `{*}` for all of them, `{axis}` for a parameter. One that
is None or False goes without saying, and its keyword with it; `{k:0}` does where it is 0:

    "{0} + {1}"    "np.exp({0})"    "{0}.sum(axis={axis}, keepdims={keepdims})"

What no template can say is a function of the arguments' numbers of axes and the parameters, which
gives a template and the parameters that go with it. PyTorch says it as NumPy does, with its own
module and keywords, unless the record knows better.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal, Protocol, TypeAlias

Params: TypeAlias = Mapping[str, Any]
Spelling: TypeAlias = str | Callable[[Sequence[int], Params], tuple[str, Params]]
Library = Literal["numpy", "torch"]
Words: TypeAlias = Callable[[str, Any], ast.expr]
"""The expression for a parameter, by its name and its value."""


class Spelled(Protocol):
    """What a record says of an op that code says."""

    @property
    def name(self) -> str: ...
    @property
    def forward(self) -> Callable[..., Any]: ...
    @property
    def numpy(self) -> Spelling | None: ...
    @property
    def torch(self) -> Spelling | None: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...


_PLACE = re.compile(r"\{(\*|\w+)(?::(\d+))?\}")
_PYTORCHS = (("np.", "torch."), ("axis=", "dim="), ("keepdims=", "keepdim="))


def spelled(
    op: Spelled,
    library: Library,
    arguments: Sequence[ast.expr],
    ndims: Sequence[int],
    params: Params,
    words: Words,
    negative: Callable[[ast.expr], ast.expr] = lambda x: ast.UnaryOp(ast.USub(), x),
) -> ast.expr:
    """The expression for `op` on arguments that have these expressions and numbers of axes.

    `negative` writes the minus sign before an argument.
    """
    template, params = template_of(op, library, ndims, {**_defaults(op.forward), **params})
    tree, silent = _parsed(template)
    return _Filling(arguments, params, words, negative, silent).filled(tree)


def template_of(
    op: Spelled, library: Library, ndims: Sequence[int], params: Params
) -> tuple[str, Params]:
    spelling = op.torch if library == "torch" and op.torch is not None else op.numpy
    assert spelling is not None, f"{op.name} takes statements"
    template, params = (spelling, params) if isinstance(spelling, str) else spelling(ndims, params)
    if library == "torch" and op.torch is None:
        for numpys, pytorchs in _PYTORCHS:
            template = template.replace(numpys, pytorchs)
    return template, params


def operator_of(op: Spelled) -> ast.operator | ast.cmpop | ast.unaryop | None:
    """Python's operator for an op, where it has one."""
    if not isinstance(op.numpy, str):
        return None
    match _parsed(op.numpy)[0]:
        case ast.BinOp(left=ast.Name(), op=sign, right=ast.Name()):
            return sign
        case ast.Compare(left=ast.Name(), ops=[sign], comparators=[ast.Name()]):
            return sign
        case ast.UnaryOp(op=sign, operand=ast.Name()):
            return sign
        case _:
            return None


def called(op: Spelled, library: Library) -> str | None:
    """The function or the method that does an op, such as `linalg.inv`; None where none does."""
    spelling = op.torch if library == "torch" and op.torch is not None else op.numpy
    if not isinstance(spelling, str):
        return None
    match _parsed(spelling)[0]:
        case ast.Call(func=ast.Attribute() as function) if _is_dotted(function):
            return ast.unparse(function).partition(".")[2]
        case _:
            return None


def _is_dotted(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (
        isinstance(node, ast.Attribute) and _is_dotted(node.value)
    )


def names(op: Spelled) -> frozenset[str]:
    """Every name of the op's functions and methods: the op's own, NumPy's, PyTorch's, aliases.

    Only the last part of `linalg.inv` and the like.
    """
    found = [op.name, *op.aliases, called(op, "numpy"), called(op, "torch")]
    return frozenset(name.rpartition(".")[2] for name in found if name)


@cache
def _defaults(forward: Callable[..., Any]) -> Params:
    """What a parameter is if it isn't given."""
    try:
        parameters = inspect.signature(forward).parameters.values()
    except ValueError:  # a ufunc of an older NumPy tells no signature
        return {}
    return {p.name: p.default for p in parameters if p.default is not p.empty}


@lru_cache(maxsize=512)
def _parsed(template: str) -> tuple[ast.expr, Mapping[str, str]]:
    """The tree of a template, whose places are names; and what goes without saying at each."""
    silent: dict[str, str] = {}

    def place(found: re.Match[str]) -> str:
        key = "_" + found[1].replace("*", "all")
        silent[key] = found[2] or ""
        return key

    return ast.parse(_PLACE.sub(place, template), mode="eval").body, silent


@dataclass(frozen=True)
class _Filling:
    """What goes into the places of a template."""

    arguments: Sequence[ast.expr]
    params: Params
    words: Words
    negative: Callable[[ast.expr], ast.expr]
    silent: Mapping[str, str]

    def filled(self, node: Any) -> Any:
        """The tree with every place filled in. The template's own stays as it is."""
        match node:
            case ast.Name(id=place) if place in self.silent:
                return self.expression(place)
            case ast.Call(func=function, args=args, keywords=keywords):
                options = [
                    ast.keyword(option.arg, self.filled(option.value))
                    for option in keywords
                    if self.is_said(option.value)
                ]
                return ast.Call(self.filled(function), list(self.listed(args)), options)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.negative(self.filled(operand))
            case ast.List(elts=items):
                return ast.List(list(self.listed(items)), ast.Load())
            case ast.AST():
                made = type(node)()
                for field, part in ast.iter_fields(node):
                    setattr(made, field, self.filled(part))
                return made
            case list():
                return [self.filled(part) for part in node]  # pyright: ignore[reportUnknownVariableType]
            case _:
                return node

    def listed(self, items: Sequence[ast.expr]) -> Iterator[ast.expr]:
        """Arguments one after the other, less those that go without saying."""
        for item in items:
            if isinstance(item, ast.Name) and item.id == "_all":
                yield from self.arguments
            elif self.is_said(item):
                yield self.filled(item)

    def is_said(self, node: ast.expr) -> bool:
        if not isinstance(node, ast.Name) or node.id not in self.silent:
            return True
        if node.id[1:] not in self.params:
            return True
        value = self.params[node.id[1:]]
        silent = self.silent[node.id]
        plain = isinstance(value, (int, float)) and silent and value == int(silent)
        return not (value is None or value is False or plain)

    def expression(self, place: str) -> ast.expr:
        key = place[1:]
        return self.arguments[int(key)] if key.isdigit() else self.words(key, self.params[key])
