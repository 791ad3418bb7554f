"""Expressions as code, in the words of forward and in the dialect asked for.

Every form is computed on its way, as a `Symbol` is, so that its shape is known.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from byhand.codegen import nodes as nd
from byhand.codegen.emitter import Emitter
from byhand.codegen.symbol import Symbol
from byhand.deriving.closed.bases import (
    ForwardValue,
    NamedNumber,
    OneHot,
    PlainArray,
    UpstreamGradient,
    VjpResult,
    WrittenGradient,
)
from byhand.deriving.closed.expressions import (
    Add,
    Apply,
    Constant,
    Expr,
    Leaf,
    Mul,
    Permute,
    Pow,
    Reduce,
    Where,
)
from byhand.deriving.closed.factoring import Factoring
from byhand.deriving.closed.terms import Base, Factor, View
from byhand.deriving.steps.context import Context
from byhand.deriving.steps.local import Local, spread
from byhand.ops import choices as ch
from byhand.ops import elementwise as el
from byhand.ops.indexing import GETITEM
from byhand.ops.op import Op
from byhand.ops.reduction import MEAN, SUM
from byhand.ops.shape import TRANSPOSE


def takes_a_number(op: Op) -> bool:
    """Whether one number for all elements does as well as an array on the way back."""
    return op.permutes or op.name in ("getitem", "take", "split")


@dataclass(frozen=True)
class Printer:
    """Prints forms. What is in `hoisted` gets a statement before its first use: a name, and the
    shape that it must have, if any.
    """

    context: Context
    emitter: Emitter
    forms: Factoring
    names: Mapping[Base, ast.expr]
    hoisted: Mapping[int, tuple[str, tuple[int, ...] | None]]
    one_hot: ast.expr | None = None
    """What to call a one-hot array in an expression without statements of its own."""
    keep: bool = False
    """Whether every sum keeps its axes: the gradient has axes of length 1."""
    said: dict[int, Symbol] = field(default_factory=dict[int, Symbol])

    def symbol(self, form: Expr) -> Symbol:
        found = self.said.get(id(form))
        if found is None:
            found = self.made(form)
            if (
                id(form) in self.hoisted
                and found.value.ndim
                and not isinstance(found.node, ast.Name)
            ):
                name, shape = self.hoisted[id(form)]
                found = found if shape is None else self.fitted(found, shape)
                node = self.emitter.hoist(found.node, name)
                found = Symbol(node, found.value, self.emitter)
            self.said[id(form)] = found
        return found

    def made(self, form: Expr) -> Symbol:
        match form:
            case Leaf(factor=factor) if factor is not None:
                return self.viewed(self.base(factor.base), factor)
            case Constant(value=value):
                return self.constant(value)
            case Mul():
                return self.product(form)
            case Add():
                return self.sum(form)
            case Pow(parts=(part,), exponent=exponent):
                return self.power(self.symbol(part), exponent)
            case Reduce(parts=(part,), over=over):
                return self.summed(self.symbol(part), over, mean=False)
            case Where(parts=parts):
                return self.apply(ch.WHERE, *map(self.symbol, parts))
            case Apply(base=base) if base is not None and base in self.forms.ring.arrays.spelled:
                array = self.forms.ring.arrays.spelled[base]
                return Symbol(self.emitter.node(array), base.value, self.emitter)
            case Apply(base=base, parts=parts) if base is not None and base.op is not None:
                args = tuple(self.symbol(part) for part in parts)
                return self.apply(base.op, *args, **(base.params or {}))
            case Permute(parts=(part,), moves=moves):
                return self.moved(part, dict(moves))
            case _:
                raise AssertionError(form)

    def apply(self, op: Any, *args: Any, **params: Any) -> Symbol:
        with np.errstate(all="ignore"):
            return self.emitter.apply(op, args, params)

    def constant(self, value: Any) -> Symbol:
        number = value if isinstance(value, int) else _plain(value)
        return Symbol(ast.Constant(number), np.asarray(float(value)), self.emitter)

    # Arrays that are there.

    def base(self, base: Base) -> Symbol:
        emitter = self.emitter
        match base:
            case VjpResult() if base in self.names:
                return Symbol(self.names[base], base.value, emitter)
            case ForwardValue(tensor=tensor) if tensor is not None:
                return emitter.symbol(tensor)
            case PlainArray(array=array):
                return Symbol(emitter.node(array), base.value, emitter)
            case NamedNumber(node=node) if node is not None:
                return Symbol(emitter.dialect.number(node), base.value, emitter)
            case WrittenGradient(tensor=tensor):
                return Symbol(self.names[base], base.value, emitter, tensor)
            case UpstreamGradient(name=name):
                return Symbol(nd.name(name), base.value, emitter)
            case OneHot(index=index, worded=worded):
                if self.one_hot is not None:
                    return Symbol(self.one_hot, base.value, emitter)
                eye = emitter.dialect.eye([emitter.node(worded[-1])], None)
                if self.forms.ring.arrays.ranges.get(base.shape[-1]) is index[-1]:
                    return Symbol(eye, base.value, emitter)  # each row reads its own number
                rows = Symbol(eye, np.eye(base.shape[-1]), emitter)
                return self.apply(GETITEM, rows, index=index[-1])
            case VjpResult():
                return emitter.plain(self.passed(base))
            case _:
                raise AssertionError(base)

    def fitted(self, x: Symbol, want: tuple[int, ...]) -> Symbol:
        """`x` with as many axes of length 1 in front as an array of this shape has."""
        have = x.value.shape
        if len(have) > len(want):
            front = (0,) * (len(have) - len(want))
            return self.apply(GETITEM, x, index=front if len(front) > 1 else 0)
        missing = len(want) - len(have)
        if have and missing and want[:missing] == (1,) * missing and want[missing:] == have:
            return self.apply(GETITEM, x, index=(None,) * missing if missing > 1 else None)
        return x

    def passed(self, base: VjpResult) -> Symbol:
        """As the staged backward writes it, in full shape; it may be a `Changed`."""
        tensor, position = base.tensor, base.position
        assert tensor is not None and base.g is not None
        g = self.fitted(self.symbol(self.forms.of(base.g)), tensor.value.shape)
        if g.value.ndim == 0 and tensor.op is not None and not takes_a_number(tensor.op):
            g = spread(self.emitter, g, tensor)
        g = Symbol(g.node, g.value, g.emitter, tensor if g.shape == tensor.value.shape else None)
        arg = tensor.args[position]
        made = Local(self.emitter, self.context.iterations).contribution(tensor, position, arg, g)
        assert made is not None
        found = made.symbol
        whole = isinstance(found.node, nd.Changed) or found.value.shape == base.shape
        return found if whole or not found.value.ndim else spread(self.emitter, found, arg)

    # Where axes stand.

    def viewed(self, x: Symbol, factor: Factor) -> Symbol:
        """`x` as a factor; axes of length 1 in front may be missing, and all of a number's."""
        if not x.value.ndim:
            return x
        front = len(factor.base.shape) - x.value.ndim
        return self.placed(x, tuple((place, axis - front) for place, axis in factor.view))

    def placed(self, x: Symbol, view: View) -> Symbol:
        """`x` with its axes at these places, counted from the last."""
        ndim = x.value.ndim
        if all(ndim - 1 - axis == place for place, axis in view):
            return x
        axes = [axis for _, axis in reversed(view)]
        if axes != sorted(axes):
            rest = [a for a in range(ndim) if a not in axes]
            order = (*rest, *axes)
            x = self.apply(TRANSPOSE, x, axes=order)
            view = tuple((place, order.index(axis)) for place, axis in view)
            if all(ndim - 1 - axis == place for place, axis in view):
                return x
        at = {axis: place for place, axis in view}
        index: list[Any] = []
        place = max((p for p, _ in view), default=-1)
        for axis in range(ndim):
            if axis not in at:
                index.append(0)
                continue
            index += [None] * (place - at[axis])
            index.append(slice(None))
            place = at[axis] - 1
        index += [None] * (place + 1)
        return self.apply(GETITEM, x, index=tuple(index) if len(index) > 1 else index[0])

    def moved(self, part: Expr, moves: Mapping[int, int]) -> Symbol:
        """A form in another view; a sum drops the axes that it is over, if that does it."""
        if isinstance(part, Reduce) and id(part) not in self.hoisted and id(part) not in self.said:
            inner = self.symbol(part.parts[0])
            ndim = inner.value.ndim
            stay = [p for p in range(ndim)[::-1] if p not in part.over]
            if all(stay[::-1].index(own) == place for own, place in moves.items()):
                axes = tuple(ndim - 1 - p for p in sorted(part.over, reverse=True))
                return self.reduced(inner, axes, False, mean=False)
        x = self.symbol(part)
        ndim = x.value.ndim
        view = tuple(sorted((place, ndim - 1 - own) for own, place in moves.items()))
        return self.placed(x, view)

    def summed(self, x: Symbol, over: tuple[int, ...], mean: bool) -> Symbol:
        """Over places; the axes stay, with length 1, only where that matters."""
        ndim = x.value.ndim
        axes = tuple(ndim - 1 - p for p in sorted(over, reverse=True))
        keep = self.keep or axes != tuple(range(len(axes)))
        return self.reduced(x, axes, keep, mean)

    def reduced(self, x: Symbol, axes: tuple[int, ...], keep: bool, mean: bool) -> Symbol:
        every = not keep and len(axes) == x.value.ndim
        axis: Any = None if every else axes[0] if len(axes) == 1 else axes
        return self.apply(MEAN if mean else SUM, x, axis=axis, keepdims=keep)

    # Arithmetic.

    def power(self, x: Symbol, exponent: Any) -> Symbol:
        if exponent == Fraction(1, 2):
            return self.apply(el.SQRT, x)
        return self.apply(el.POWER, x, exponent if isinstance(exponent, int) else float(exponent))

    def sum(self, form: Add) -> Symbol:
        total: Symbol | None = None
        hot = [p for p in form.parts if _one_hot(p) is not None]
        if len(hot) == 1 and len(form.parts) > 1 and self.one_hot is None:
            return self.scattered(form, hot[0])
        for sign, part in zip(form.signs, form.parts, strict=True):
            x = self.counted(self.symbol(part))
            if total is None:
                total = x if sign > 0 else -x
            else:
                total = total + x if sign > 0 else total - x
        assert total is not None
        return total

    def counted(self, x: Symbol) -> Symbol:
        """A mask as numbers: masks can't be added or subtracted."""
        if x.value.dtype != bool:
            return x
        return self.apply(ch.WHERE, x, self.constant(1), self.constant(0))

    def scattered(self, form: Add, hot: Expr) -> Symbol:
        """A sum with a one-hot array: the other terms, changed where it is 1."""
        base = _one_hot(hot)
        assert base is not None
        total: Symbol | None = None
        for sign, part in zip(form.signs, form.parts, strict=True):
            if part is not hot:
                x = self.counted(self.symbol(part))
                x = x if sign > 0 else -x
                total = x if total is None else total + x
        assert total is not None
        sign = form.signs[form.parts.index(hot)]
        at = self.emitter.index(base.index, base.worded)

        def change(target: ast.expr, first: bool) -> list[ast.stmt]:
            place = nd.store(nd.subscript(target, at))
            op = ast.Add() if sign > 0 else ast.Sub()
            return [ast.AugAssign(place, op, ast.Constant(1))]

        value = np.broadcast_to(total.value, base.shape) + sign * base.value
        changed = nd.Changed(total.node, None, change, False)
        return Symbol(self.emitter.hoist(changed, "part"), value, self.emitter)

    def product(self, form: Mul) -> Symbol:
        """Small parts first, over the small ones below; then the large ones."""
        above, below = list(form.parts[: form.above]), list(form.parts[form.above :])
        above, below, mean = self.as_mean(above, below)
        size = form.size
        small = [f for f in above if f.size < size or isinstance(f, Constant)]
        large = [f for f in above if f.size >= size and not isinstance(f, Constant)]
        under = [f for f in below if f.size < size]
        rest = [f for f in below if f.size >= size]
        if all(isinstance(f, Constant) and f.value == 1 for f in small):
            small = []
        negative = bool(small) and all(isinstance(f, Constant) and f.value == -1 for f in small)
        if negative:  # a mask has no negative: it comes last
            large.sort(key=lambda f: self.symbol(f).value.dtype == bool)
        product = self.times(small, mean)
        if under and small and not negative:
            product = product / self.times(under, mean) if product is not None else None
            under = []
        for i, f in enumerate(large):
            x = self.part(f, mean)
            x = self.counted(x) if negative and i == 0 else x
            product = x if product is None else product * x
        if product is None:
            product = self.constant(1)
        if under:
            divisor = self.times(under, mean)
            assert divisor is not None
            product = product / divisor
        for f in rest:
            product = product / self.symbol(f)
        return product

    def times(self, parts: list[Expr], mean: Expr | None) -> Symbol | None:
        product: Symbol | None = None
        for part in parts:
            x = self.part(part, mean)
            product = x if product is None else product * x
        return product

    def part(self, form: Expr, mean: Expr | None) -> Symbol:
        if form is mean and isinstance(form, Reduce):
            return self.summed(self.symbol(form.parts[0]), form.over, mean=True)
        return self.symbol(form)

    def as_mean(
        self, above: list[Expr], below: list[Expr]
    ) -> tuple[list[Expr], list[Expr], Expr | None]:
        """A sum over the number of its elements is a mean."""
        for form in above:
            if not isinstance(form, Reduce) or id(form) in self.hoisted:
                continue
            if id(form) in self.said or not form.counts:
                continue
            counts = {id(self.forms.factor(f)) for f, e in form.counts if e == 1}
            found = [f for f in below if id(f) in counts]
            if len(found) == len(form.counts):
                return above, [f for f in below if id(f) not in counts], form
        return above, below, None


def _one_hot(form: Expr) -> OneHot | None:
    """The one-hot array that a form is."""
    if isinstance(form, Leaf) and form.factor is not None:
        base = form.factor.base
        if isinstance(base, OneHot) and form.factor.view == base.view:
            return base
    return None


def _plain(value: Fraction) -> float:
    return float(value)
