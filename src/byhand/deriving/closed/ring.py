"""The ring: one object for equal arrays, what stands for what, and sums that are known."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.arrays import Arrays, param_key
from byhand.deriving.closed.folding import cancelling, powered
from byhand.deriving.closed.masks import tidy
from byhand.deriving.closed.numbers import ForwardNames, worded
from byhand.deriving.closed.poly import Poly, bases
from byhand.deriving.closed.terms import (
    Base,
    Coefficient,
    Exponent,
    Factor,
    ForwardValue,
    Grouped,
    Monomial,
    NamedNumber,
    OpResult,
    PlainArray,
    Terms,
    WrittenGradient,
)
from byhand.deriving.codegen import nodes as nd
from byhand.deriving.codegen.lengths import Lengths
from byhand.deriving.codegen.sizes import SymFloat, SymInt
from byhand.deriving.recording import Recording, where
from byhand.engine.tensor import Tensor
from byhand.ops.op import Op
from byhand.values.arrays import is_array, is_torch

MOST_TERMS = 12  # of a product that is multiplied out
LARGEST = 10**60  # numerator or denominator
HIGHEST = 64  # exponent


class Growing(Exception):
    """A polynomial has grown out of bounds: this reading of forward is no use."""


def bounded(terms: Terms) -> Terms:
    """Raises Growing where a number or an exponent has grown beyond all use."""
    for monomial, coefficient in terms.items():
        fraction = Fraction(coefficient)
        if max(abs(fraction.numerator), fraction.denominator) > LARGEST:
            raise Growing
        if any(abs(exponent) > HIGHEST for _, exponent in monomial):
            raise Growing
    return terms


@dataclass(frozen=True, eq=False)
class Rule:
    """`base` is equal to `form`, because of how forward computes `because`."""

    base: Base
    form: Poly
    because: Tensor | None


class Ring(Arrays):
    """Arithmetic on sums of monomials, under substitutions and known sums.

    `expand`: products of sums are multiplied out; else a sum is kept together as one factor.
    """

    def __init__(
        self,
        lengths: Lengths,
        recording: Recording,
        operations: Mapping[str, Callable[..., Poly | None]],
        *,
        expand: bool,
    ) -> None:
        """`operations` are those of the ring's own, by the names of their ops."""
        super().__init__(recording)
        forward = recording.problem.forward
        self.lengths = lengths
        self.words = ForwardNames({**forward.globals, **recording.program.locals})
        self.operations = operations
        self.expand = expand
        self.instead: dict[Base, Rule] = {}
        self.used: dict[Rule, None] = {}
        self.names: dict[frozenset[Any], Base] = {}
        """Values of forward that are sums, by what they are the sum of."""
        self.defined: dict[Base, Terms] = {}
        """The same the other way round."""
        self.folds: list[tuple[Terms, Poly]] = []
        """Sums, and what they are equal to in fewer terms."""
        self.conditions: dict[str, None] = {}
        """What must hold of the inputs, in words."""
        self.compared: dict[Base, tuple[Hashable, frozenset[str]]] = {}
        """Masks: what is compared, and the signs of x - y for which they are true."""
        self.hidden: dict[Any, bool] = {}
        """Whether a value is 0 wherever a mask is."""
        self.powers: dict[Base, tuple[Poly, Poly]] = {}
        """x**(y - 1), with x and x**y."""
        self.hot: set[Base] = set()
        self.positive: frozenset[Tensor] = frozenset()

    def fork(self) -> Ring:
        """A ring of its own, of the same arrays, that starts with what this one knows."""
        other = copy.copy(self)
        other.instead, other.folds = dict(self.instead), list(self.folds)
        other.used, other.conditions = {}, dict(self.conditions)
        return other

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
            words = self.notes.words.get(where(x))
            return self.number(float(x)) if words is None else worded(self, words, float(x))
        return self.known(x)

    def tensor(self, tensor: Tensor) -> Poly:
        """A value of forward, in terms of what it is kept in terms of."""
        plain = self.atom(self.given(tensor), tensor.shape)
        return self.normal(plain)

    def raw(self, x: Any) -> Poly:
        """As `poly`, but a value of forward stands for itself alone."""
        return self.atom(self.given(x), x.shape) if isinstance(x, Tensor) else self.poly(x)

    def known(self, array: Any) -> Poly:
        """An array that has no gradient; a comparison is known by what it compares."""
        made = self.notes.made.get(where(array))
        if made is not None and made.op.boolean and made.op.name in self.operations:
            mask = self.apply(made.op, made.args, made.params)
            monomial = mask.single
            if monomial is not None and len(monomial) == 1 and monomial[0][1] == 1:
                if where(array) in self.notes.words:
                    self.spelled.setdefault(monomial[0][0].base, array)
                return mask
        value = np.asarray(array.detach().numpy() if is_torch(array) else array)
        key = ("known", where(array) or id(array))
        mask = value.dtype == bool
        base = self.base(key, lambda: PlainArray(value.shape, value, mask, array=array))
        return self.atom(base)

    def number(self, x: Any) -> Poly:
        """A number: exact, with its words where forward has some."""
        if isinstance(x, (SymInt, SymFloat)):
            return worded(self, x.node, float(x))
        if not math.isfinite(x):  # no algebra is done with it
            node = nd.parsed(f"{'-' * (x < 0)}np.{'nan' if math.isnan(x) else 'inf'}")
            return self.atom(
                self.base(("number", str(x)), lambda: NamedNumber((), np.asarray(x), node=node))
            )
        fraction = Fraction(int(x)) if float(x).is_integer() else Fraction(repr(float(x)))
        return Poly(self, {(): tm.exact(fraction)} if fraction else {}, ())

    def atom(self, base: Base, shape: tuple[int, ...] | None = None) -> Poly:
        """The array itself."""
        return Poly(self, {((self.factor(base, base.view), 1),): 1}, shape or base.shape)

    def gradient(self, tensor: Tensor, form: Poly | None, value: Any = None) -> Poly:
        """The gradient of a value of forward as an array of its own."""
        made = np.asarray(form.value if form is not None else value)
        base = self.base(
            ("gradient", id(tensor), len(self.bases)),
            lambda: WrittenGradient(made.shape, made, tensor=tensor, form=form),
        )
        return self.atom(base, tensor.shape)

    # Arithmetic.

    def scaled(self, p: Poly, by: Exponent) -> Poly:
        return Poly(self, {m: tm.exact(c * by) for m, c in p.terms.items()} if by else {}, p.shape)

    def sum(self, p: Poly, q: Poly) -> Poly:
        return Poly(self, tm.added(p.terms, q.terms), joint(p.shape, q.shape))

    def product(self, p: Poly, q: Poly) -> Poly:
        shape = joint(p.shape, q.shape)
        if len(q.terms) > 1:
            q = cancelling(self, q, p)
        if len(p.terms) > 1:
            p = cancelling(self, p, q)
        if len(p.terms) > 1 and len(q.terms) > 1:
            count = len(p.terms) * len(q.terms)
            if not self.expand or count > MOST_TERMS:
                if len(p.terms) > len(q.terms):
                    p = self.grouped(p)
                else:
                    q = self.grouped(q)
        return Poly(self, bounded(self.tidied(tm.multiplied(p.terms, q.terms))), shape)

    def tidied(self, terms: Terms) -> Terms:
        """With the identities of masks and one-hot arrays used in every monomial."""
        if not any(f.base.idempotent or f.base in self.powers for m in terms for f, _ in m):
            return terms
        result: Terms = {}
        for monomial, coefficient in terms.items():
            monomial = tidy(self, monomial)
            if monomial is not None:
                result = tm.added(result, powered(self, {monomial: coefficient}))
        return result

    def power(self, p: Poly, exponent: Exponent) -> Poly:
        """p ** exponent; a sum, or what may be negative under a root, is kept as one factor."""
        exponent = tm.exact(exponent)
        if exponent == 1 or p.zero:
            return p
        if self.expand and exponent == 2 and 1 < len(p.terms) ** 2 <= MOST_TERMS:
            return self.product(p, p)
        whole = isinstance(exponent, int)
        p = self.grouped(p)
        ((monomial, coefficient),) = p.terms.items()
        if whole:
            scale = Fraction(coefficient) ** exponent
        elif coefficient == 1 and self.rootable(monomial):
            scale = 1
        else:
            monomial, scale = ((self.group(p), 1),), 1
        return Poly(self, {tm.raised(monomial, exponent): tm.exact(scale)}, p.shape)

    def rootable(self, monomial: Monomial) -> bool:
        """Whether roots of its factors may be taken one by one."""
        if len(monomial) == 1 and (monomial[0][1] == 1 or not isinstance(monomial[0][1], int)):
            return True
        return all(self.is_positive(f.base) for f, _ in monomial)

    def is_positive(self, base: Base) -> bool:
        """As forward's text says it; a length is positive anyway."""
        if isinstance(base, NamedNumber):
            return bool(base.value > 0)
        return isinstance(base, ForwardValue) and base.tensor in self.positive

    def grouped(self, p: Poly) -> Poly:
        """A sum as one factor, up to its leading coefficient."""
        if len(p.terms) < 2:
            return p
        leading = self.leading(p.terms)
        if p.key in self.names and self.names[p.key] not in self.instead:
            leading = 1
        factor = self.group(self.scaled(p, Fraction(1) / leading))
        return Poly(self, {((factor, 1),): leading}, p.shape)

    def leading(self, terms: Terms) -> Coefficient:
        """The coefficient of the term that comes first in an order of its own."""
        return terms[min(terms, key=lambda m: [(f.order, e) for f, e in m])]

    def group(self, p: Poly) -> Factor:
        name = self.names.get(p.key)
        if name is not None and name not in self.instead:
            return self.factor(name, name.view)
        value = tm.evaluated(p.terms, len(p.shape))
        base = self.base(("group", p.key), lambda: Grouped(value.shape, value, form=p))
        return self.factor(base, base.view)

    # Substitution.

    def normal(self, p: Poly) -> Poly:
        """With everything replaced that something else stands for."""
        if not any(f.base in self.instead for m in p.terms for f, _ in m):
            return p
        result: Terms = {}
        for monomial, coefficient in p.terms.items():
            kept = tuple((f, e) for f, e in monomial if f.base not in self.instead)
            product = Poly(self, {kept: coefficient}, p.shape)
            for f, e in monomial:
                rule = self.instead.get(f.base)
                if rule is not None:
                    self.used[rule] = None
                    form = self.normal(rule.form)
                    product = self.product(product, self.power(self.viewed(form, f), e))
            result = tm.added(result, product.terms)
        return Poly(self, result, p.shape)

    def viewed(self, form: Poly, factor: Factor) -> Poly:
        """A form of a base, in the view in which the base stands."""
        own = {axis: place for place, axis in factor.base.view}
        moves = {own[axis]: place for place, axis in factor.view}
        if all(a == b for a, b in moves.items()):
            return form
        return self.moved(form, moves, None)

    def moved(self, p: Poly, moves: Mapping[int, int], shape: tuple[int, ...] | None) -> Poly:
        """Every place put where `moves` says; places of length 1 may be missing there."""
        result: Terms = {}
        for monomial, coefficient in p.terms.items():
            new: Monomial = ()
            for f, e in monomial:
                view = tuple(sorted((moves[place], axis) for place, axis in f.view))
                new = tm.times(new, ((self.factor(f.base, view), e),))
            result = tm.added(result, {new: coefficient})
        return Poly(self, result, shape if shape is not None else p.shape)

    def replace(self, base: Base, form: Poly, because: Tensor | None) -> None:
        if base not in bases(form):
            self.instead[base] = Rule(base, form, because)

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

        return self.atom(self.base(key, make))

    def _value(self, op: Op, polys: tuple[Poly, ...], params: Mapping[str, Any]) -> Any:
        with np.errstate(all="ignore"):
            given = {k: (v.value if isinstance(v, Poly) else v) for k, v in params.items()}
            return np.asarray(op.forward(*(p.value for p in polys), **given))


def joint(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The broadcast shape, with the words of whichever side has the length."""
    ndim = max(len(a), len(b))
    padded = [(1,) * (ndim - len(s)) + tuple(s) for s in (a, b)]
    return tuple(
        m if n == 1 or (isinstance(m, SymInt) and m != 1) else n
        for m, n in zip(*padded, strict=True)
    )
