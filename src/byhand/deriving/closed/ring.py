"""The ring of broadcast arrays: what an op may be applied to, as polynomials, and every op."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from byhand.codegen import nodes as nd
from byhand.codegen.notes import where
from byhand.codegen.sizes import Dim, SymFloat, SymInt
from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.arithmetic import Arithmetic
from byhand.deriving.closed.arrays import param_key
from byhand.deriving.closed.bases import NamedNumber, OpResult, PlainArray, WrittenGradient
from byhand.deriving.closed.facts import Facts, Log
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.terms import Base
from byhand.engine.tensor import Tensor
from byhand.ops.op import Op
from byhand.values.arrays import is_array, is_torch


@dataclass(frozen=True, eq=False)
class Ring(Arithmetic):
    """`operations` are those of the ring's own, by the names of their ops."""

    operations: Mapping[str, Callable[..., Poly | None]]

    def noting(self, log: Log) -> Ring:
        """The same, but what is made use of goes into another log."""
        return replace(self, log=log)

    def knowing(self, facts: Facts) -> Ring:
        """The same, with these facts."""
        return replace(self, facts=facts)

    def own(self, p: Poly) -> Poly:
        """A polynomial of the same arrays, on which ops are applied by this ring."""
        return Poly(self, p.terms, p.shape)

    # What an op may be applied to.

    def poly(self, x: Any) -> Poly:
        """Anything an op may be applied to."""
        if isinstance(x, Poly):
            return x
        if isinstance(x, Tensor):
            return self.tensor(x)
        if isinstance(x, (SymInt, SymFloat, bool, int, float, np.generic)):
            return self.number(x)
        if is_array(x) and x.ndim == 0 and x.dtype.kind in "fiu":
            words = self.arrays.notes.words.get(where(x))
            return self.number(float(x)) if words is None else self.worded(words, float(x))
        return self.known(x)

    def tensor(self, tensor: Tensor) -> Poly:
        """A value of forward, in terms of what it is kept in terms of."""
        plain = self.atom(self.arrays.given(tensor), tensor.shape)
        return self.normal(plain)

    def raw(self, x: Any) -> Poly:
        """As `poly`, but a value of forward stands for itself alone."""
        return self.atom(self.arrays.given(x), x.shape) if isinstance(x, Tensor) else self.poly(x)

    def known(self, array: Any) -> Poly:
        """An array that has no gradient; a comparison is known by what it compares."""
        made = self.arrays.notes.made.get(where(array))
        if made is not None and made.op.boolean and made.op.name in self.operations:
            mask = self.apply(made.op, made.args, made.params)
            monomial = mask.single
            if monomial is not None and len(monomial) == 1 and monomial[0][1] == 1:
                if where(array) in self.arrays.notes.words:
                    self.arrays.spelled.setdefault(monomial[0][0].base, array)
                return mask
        value = np.asarray(array.detach().numpy() if is_torch(array) else array)
        key = ("known", where(array) or id(array))
        mask = value.dtype == bool
        base = self.arrays.base(key, lambda: PlainArray(value.shape, value, mask, array=array))
        return self.atom(base)

    def number(self, x: Any) -> Poly:
        """A number: exact, with its words where forward has some."""
        if isinstance(x, (SymInt, SymFloat)):
            return self.worded(x.node, float(x))
        if not math.isfinite(x):  # no algebra is done with it
            node = nd.parsed(f"{'-' * (x < 0)}np.{'nan' if math.isnan(x) else 'inf'}")
            return self.atom(
                self.arrays.base(
                    ("number", str(x)), lambda: NamedNumber((), np.asarray(x), node=node)
                )
            )
        fraction = Fraction(int(x)) if float(x).is_integer() else Fraction(repr(float(x)))
        return Poly(self, {(): tm.exact(fraction)} if fraction else {}, ())

    def worded(self, node: ast.expr, value: float) -> Poly:
        """A number with these words: products of numbers are taken apart, so that they cancel.

        So are sums of what isn't whole, as in `1 - smoothing`; n - 1 stays one number.
        """
        match node:
            case ast.Constant(value=int() | float() as x):
                return self.number(x)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self.scaled(self.worded(inner, -value), -1)
            case ast.BinOp(left=left, op=op, right=right):
                one, other = self.arrays.words.value(left), self.arrays.words.value(right)
                if one is not None and other is not None:
                    a, b = self.worded(left, one), self.worded(right, other)
                    fractional = one % 1 or other % 1
                    match op:
                        case ast.Mult():
                            return self.product(a, b)
                        case ast.Div():
                            return self.product(a, self.power(b, -1))
                        case ast.Add() if fractional:
                            return self.sum(a, b)
                        case ast.Sub() if fractional:
                            return self.sum(a, self.scaled(b, -1))
                        case _:
                            pass
            case _:
                pass
        simple = isinstance(node, (Dim, ast.Name, ast.Subscript, ast.Attribute, ast.Call))
        key: Hashable = self.arrays.lengths.key(node) if simple else ("words", nd.shown(node))
        root = self.arrays.lengths.find(key)
        base = self.arrays.base(
            ("number", root), lambda: NamedNumber((), np.asarray(value), node=node)
        )
        return self.atom(base)

    def gradient(self, tensor: Tensor, form: Poly | None, value: Any = None) -> Poly:
        """The gradient of a value of forward as an array of its own."""
        made = np.asarray(form.value if form is not None else value)
        base = self.arrays.base(
            ("gradient", id(tensor), len(self.arrays.bases)),
            lambda: WrittenGradient(made.shape, made, tensor=tensor, form=form),
        )
        return self.atom(base, tensor.shape)

    # Ops.

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Poly:
        operation = self.operations.get(op.name)
        if operation is not None:
            made = operation(self, *args, **params)
            if made is not None:
                return made
        return self.made(op, args, params)

    def made(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Poly:
        """An array that only its op knows how to make."""
        polys = tuple(map(self.poly, args))
        key = ("made", op.name, tuple((p.key, len(p.shape)) for p in polys), param_key(params))

        def make() -> Base:
            value = self._value(op, polys, params)
            return OpResult(
                value.shape, value, value.dtype == bool, op=op, args=polys, params=params
            )

        return self.atom(self.arrays.base(key, make))

    def _value(self, op: Op, polys: tuple[Poly, ...], params: Mapping[str, Any]) -> Any:
        with np.errstate(all="ignore"):
            given = {k: (v.value if isinstance(v, Poly) else v) for k, v in params.items()}
            return np.asarray(op.forward(*(p.value for p in polys), **given))
