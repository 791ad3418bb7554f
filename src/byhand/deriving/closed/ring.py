"""The ring: one object for equal arrays, what stands for what, and sums that are known."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.terms import (
    Base,
    Coefficient,
    Exponent,
    Factor,
    Given,
    Gradient,
    Group,
    Known,
    Made,
    Monomial,
    Number,
    Passed,
    Terms,
    Total,
    View,
)
from byhand.deriving.recording import Recording, where
from byhand.deriving.words import nodes as nd
from byhand.deriving.words.lengths import Lengths
from byhand.deriving.words.sizes import Dim, Size
from byhand.deriving.words.sizes import Factor as Worded
from byhand.engine.tensor import Tensor
from byhand.ops.op import Op
from byhand.program.kinds import is_array, is_torch

MOST_TERMS = 12  # of a product that is multiplied out


@dataclass(frozen=True, eq=False)
class Rule:
    """`base` is equal to `form`, because of how forward computes `because`."""

    base: Base
    form: Poly
    because: Tensor | None


class Ring:
    """Arithmetic on sums of monomials, under substitutions and known sums.

    `expand`: products of sums are multiplied out; else a sum is kept together as one factor.
    """

    def __init__(
        self,
        lengths: Lengths,
        value_of: Callable[[ast.expr], float | None],
        operations: Mapping[str, Callable[..., Poly | None]],
        tidy: Callable[[Ring, Monomial], Monomial | None],
        recording: Recording,
        *,
        expand: bool,
    ) -> None:
        """`value_of` gives the value of a number's words, where they have one. `tidy` shortens a
        monomial; None is 0.
        """
        self.lengths = lengths
        self.value_of = value_of
        self.operations = operations
        self.tidy = tidy
        self.notes = recording.notes
        self.in_torch = recording.program.in_torch
        self.inputs = {step.tensor for step in recording.program.inputs}
        self.expand = expand
        self.bases: dict[Hashable, Base] = {}
        self.factors: dict[tuple[int, View], Factor] = {}
        self.numbers: dict[int, int] = {}
        self.instead: dict[Base, Rule] = {}
        self.used: dict[Rule, None] = {}
        self.names: dict[frozenset[Any], Base] = {}
        self.hot: set[Base] = set()
        self.compared: dict[Base, tuple[Hashable, frozenset[str]]] = {}
        self.spelled: dict[Base, Any] = {}
        self.folds: list[tuple[Terms, Poly]] = []
        self.conditions: dict[str, None] = {}
        self.owners: dict[Tensor, Tensor] = {}
        self.same: dict[Hashable, Tensor] = {}
        self.powers: dict[Base, tuple[Poly, Poly]] = {}
        """x**(y - 1), with x and x**y."""
        self.ranges: dict[int, Any] = {}
        self.hidden: dict[Any, bool] = {}

    def fork(self) -> Ring:
        """A ring of its own, of the same arrays, that starts with what this one knows."""
        other = copy.copy(self)
        other.instead, other.folds = dict(self.instead), list(self.folds)
        other.used, other.conditions = {}, dict(self.conditions)
        return other

    # Leaves.

    def base(self, key: Hashable, make: Callable[[], Base]) -> Base:
        found = self.bases.get(key)
        if found is None:
            found = self.bases[key] = make()
            self.numbers[id(found)] = len(self.numbers)
        return found

    def factor(self, base: Base, view: View) -> Factor:
        key = (self.numbers[id(base)], view)
        found = self.factors.get(key)
        if found is None:
            # By the age of the base, and then by the view: products come out in forward's order.
            found = self.factors[key] = Factor(base, view, len(self.factors))
        return found

    def atom(self, base: Base, shape: tuple[int, ...] | None = None) -> Poly:
        """The array itself."""
        return Poly(self, {((self.factor(base, base.view), 1),): 1}, shape or base.shape)

    def given(self, tensor: Tensor) -> Base:
        """What was computed twice in the same way is one value."""
        own = self.owners.get(tensor)
        if own is None:
            own = self.owners[tensor] = self.same.setdefault(self._made_by(tensor), tensor)
        return self.base(("given", id(own)), lambda: Given(own.value.shape, own.value, tensor=own))

    def _made_by(self, tensor: Tensor) -> Hashable:
        if tensor.op is None:
            return id(tensor)
        args = tuple(
            id(self.owners.get(a, a)) if isinstance(a, Tensor) else where(a) or repr(a)
            for a in tensor.args
        )
        return tensor.op.name, args, _param_key(tensor.params)

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
        if made is not None and made.op.name in MASKS:
            mask = self.apply(made.op, made.args, made.params)
            monomial = mask.single
            if monomial is not None and len(monomial) == 1 and monomial[0][1] == 1:
                if where(array) in self.notes.words:
                    self.spelled.setdefault(monomial[0][0].base, array)
                return mask
        value = np.asarray(array.detach().numpy() if is_torch(array) else array)
        key = ("known", where(array) or id(array))
        mask = value.dtype == bool
        base = self.base(key, lambda: Known(value.shape, value, mask, array=array))
        return self.atom(base)

    def gradient(self, tensor: Tensor, form: Poly | None, value: Any = None) -> Poly:
        """The gradient of a value of forward as an array of its own."""
        made = np.asarray(form.value if form is not None else value)
        base = self.base(
            ("gradient", id(tensor), len(self.bases)),
            lambda: Gradient(made.shape, made, tensor=tensor, form=form),
        )
        return self.atom(base, tensor.shape)

    def number(self, x: Any) -> Poly:
        """A number: exact, with its words where forward has some."""
        if isinstance(x, (Size, Worded)):
            return self._worded(x.node, float(x))
        if isinstance(x, (bool, np.bool_)):
            x = int(x)
        fraction = Fraction(int(x)) if float(x).is_integer() else Fraction(repr(float(x)))
        return Poly(self, {(): tm.exact(fraction)} if fraction else {}, ())

    def _worded(self, node: ast.expr, value: float) -> Poly:
        match node:
            case ast.Constant(value=int() | float() as x):
                return self.number(x)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self.scaled(self._worded(inner, -value), -1)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                one, other = self.value_of(left), self.value_of(right)
                if one is not None and other is not None:
                    a, b = self._worded(left, one), self._worded(right, other)
                    return self.product(a, b if isinstance(op, ast.Mult) else self.power(b, -1))
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                one, other = self.value_of(left), self.value_of(right)
                counts = one is not None and other is not None and (one * other) % 1 == 0
                if one is not None and other is not None and not counts:
                    a, b = self._worded(left, one), self._worded(right, other)
                    return self.sum(a, b if isinstance(op, ast.Add) else self.scaled(b, -1))
            case _:
                pass
        simple = isinstance(node, (Dim, ast.Name, ast.Subscript, ast.Attribute, ast.Call))
        key: Hashable = self.lengths.key(node) if simple else ("words", nd.shown(node))
        root = self.lengths.find(key)
        base = self.base(("number", root), lambda: Number((), np.asarray(value), node=node))
        return self.atom(base)

    def poly(self, x: Any) -> Poly:
        """Anything an op may be applied to."""
        if isinstance(x, Poly):
            return x
        if isinstance(x, Tensor):
            return self.tensor(x)
        if isinstance(x, (Size, Worded, bool, int, float, np.generic)):
            return self.number(x)
        if is_array(x) and x.ndim == 0 and x.dtype.kind in "fiu":
            return self.number(float(x))
        return self.known(x)

    def arange(self, n: int) -> Any:
        """0, 1, ..., n - 1: the same array for the same n."""
        return self.ranges.setdefault(n, np.arange(n))

    # Arithmetic.

    def scaled(self, p: Poly, by: Exponent) -> Poly:
        return Poly(self, {m: tm.exact(c * by) for m, c in p.terms.items()} if by else {}, p.shape)

    def sum(self, p: Poly, q: Poly) -> Poly:
        return Poly(self, tm.added(p.terms, q.terms), joint(p.shape, q.shape))

    def product(self, p: Poly, q: Poly) -> Poly:
        shape = joint(p.shape, q.shape)
        if len(q.terms) > 1:
            q = self.cancelling(q, p)
        if len(p.terms) > 1:
            p = self.cancelling(p, q)
        if len(p.terms) > 1 and len(q.terms) > 1:
            count = len(p.terms) * len(q.terms)
            if not self.expand or count > MOST_TERMS:
                if len(p.terms) > len(q.terms):
                    p = self.grouped(p)
                else:
                    q = self.grouped(q)
        return Poly(self, self.tidied(tm.multiplied(p.terms, q.terms)), shape)

    def _powered(self, terms: Terms) -> Terms:
        """x**(y - 1) * x -> x**y."""
        ((monomial, coefficient),) = terms.items()
        for f, e in monomial:
            if f.base not in self.powers or e != 1 or f.view != f.base.view:
                continue
            x, whole = self.powers[f.base]
            one = self.grouped(x)
            ((core, scale),) = one.terms.items()
            if _divides(core, monomial):
                rest = tuple((g, k) for g, k in monomial if g is not f)
                rest = tm.times(rest, tm.raised(core, -1))
                return tm.multiplied({rest: Fraction(coefficient) / scale}, whole.terms)
        return terms

    def cancelling(self, p: Poly, other: Poly) -> Poly:
        """A sum that the other divides by, as the one factor that it is there."""
        for base, (x, _) in self.powers.items():
            if any(f.base is base for m in other.terms for f, _ in m):
                scale = Fraction(self.leading(p.terms)) / self.leading(x.terms)
                if p.key == self.scaled(x, scale).key:
                    return self.grouped(p)
        below = [f for m in other.terms for f, e in m if e < 0 and isinstance(f.base, Group)]
        leading = self.leading(p.terms)
        for f in below:
            assert isinstance(f.base, Group) and f.base.form is not None
            scale = Fraction(leading) / self.leading(f.base.form.terms)
            if p.key == self.scaled(f.base.form, scale).key:
                return Poly(self, {((f, 1),): tm.exact(scale)}, p.shape)
        return p

    def tidied(self, terms: Terms) -> Terms:
        """With the identities of masks and one-hot arrays used in every monomial."""
        if not any(f.base.idempotent or f.base in self.powers for m in terms for f, _ in m):
            return terms
        result: Terms = {}
        for monomial, coefficient in terms.items():
            monomial = self.tidy(self, monomial)
            if monomial is not None:
                whole = self._powered({monomial: coefficient})
                result = tm.added(result, whole)
        return result

    def power(self, p: Poly, exponent: Exponent) -> Poly:
        """p ** exponent; a sum, or what may be negative under a root, is kept as one factor."""
        exponent = tm.exact(exponent)
        if exponent == 1:
            return p
        if len(p.terms) != 1:
            if self.expand and exponent == 2 and 1 < len(p.terms) ** 2 <= MOST_TERMS:
                return self.product(p, p)
            if not p.terms:
                return p
            p = self.grouped(p)
        ((monomial, coefficient),) = p.terms.items()
        whole = isinstance(exponent, int)
        fine = whole or (coefficient == 1 and self.rootable(monomial))
        if not fine:
            p = self.grouped(p, even_single=True)
            ((monomial, coefficient),) = p.terms.items()
            if coefficient != 1:
                return self.opaque_power(p, exponent)
        value = coefficient**exponent if whole else 1
        if isinstance(value, float):
            value = Fraction(coefficient) ** int(exponent)
        return Poly(self, {tm.raised(monomial, exponent): tm.exact(value)}, p.shape)

    def opaque_power(self, p: Poly, exponent: Exponent) -> Poly:
        group = self.group(p)
        terms: Terms = {((group, exponent),): 1}
        return Poly(self, terms, p.shape)

    def rootable(self, monomial: Monomial) -> bool:
        """Whether roots of its factors may be taken one by one."""
        if len(monomial) == 1 and (monomial[0][1] == 1 or not isinstance(monomial[0][1], int)):
            return True
        return all(bool(np.all(f.base.value > 0)) and not is_input(f.base) for f, _ in monomial)

    def grouped(self, p: Poly, even_single: bool = False) -> Poly:
        """A sum as one factor, up to its leading coefficient."""
        if len(p.terms) < 2 and not even_single:
            return p
        leading = self.leading(p.terms)
        if leading != 1:
            name = self.names.get(p.key)
            if name is not None and name not in self.instead:
                return self.atom(name, p.shape)
        inner = self.scaled(p, Fraction(1) / leading)
        factor = self.group(inner)
        return Poly(self, {((factor, 1),): leading}, p.shape)

    def leading(self, terms: Terms) -> Coefficient:
        """The coefficient of the term that comes first in an order of its own."""
        return terms[min(terms, key=lambda m: [(f.order, e) for f, e in m])]

    def group(self, p: Poly) -> Factor:
        name = self.names.get(p.key)
        if name is not None and name not in self.instead:
            return self.factor(name, name.view)
        value = tm.evaluated(p.terms, len(p.shape))
        base = self.base(("group", p.key), lambda: Group(value.shape, value, form=p))
        return self.factor(base, base.view)

    # Sums over places.

    def total(self, p: Poly, over: frozenset[int]) -> Poly:
        """The sum over these places, which then have length 1."""
        ndim = len(p.shape)
        shape = tuple(1 if ndim - 1 - a in over else n for a, n in enumerate(p.shape))
        result: Terms = {}
        for monomial, coefficient in p.terms.items():
            part = self._total(monomial, over, p.shape)
            result = tm.added(result, {m: c * coefficient for m, c in part.items()})
        return Poly(self, result, shape)

    def _total(self, monomial: Monomial, over: frozenset[int], shape: tuple[int, ...]) -> Terms:
        inside = tuple((f, e) for f, e in monomial if f.places & over)
        outside: Terms = {tuple((f, e) for f, e in monomial if not f.places & over): 1}
        for place in over - tm.places(inside):
            if shape[len(shape) - 1 - place] != 1:
                count = self.number(shape[len(shape) - 1 - place])
                outside = tm.multiplied(outside, count.terms)
        over = over & tm.places(inside)
        if not inside:
            return outside
        holders = {a: frozenset(f for f, _ in inside if a in f.places) for a in over}
        fewest = min(holders, key=lambda a: (len(holders[a]), a))
        together = frozenset(a for a in over if holders[a] == holders[fewest])
        core = tuple((f, e) for f, e in inside if f in holders[fewest])
        rest: Monomial = tuple((f, e) for f, e in inside if f not in holders[fewest])
        counts: Monomial = ()
        for place in together:
            ((count, _),) = self.number(shape[len(shape) - 1 - place]).terms.items() or (((), 1),)
            counts = tm.times(counts, count)
        inner = self._atom_total(core, together, counts)
        if not rest:
            if together != over:
                inner = self.total(Poly(self, inner, shape), over - together).terms
            return tm.multiplied(outside, inner)
        outer = Poly(self, tm.multiplied({rest: 1}, inner), shape)
        return tm.multiplied(outside, self.total(outer, over - together).terms)

    def _atom_total(self, core: Monomial, over: frozenset[int], counts: Monomial) -> Terms:
        if len(core) == 1 and core[0][1] == 1:
            factor = core[0][0]
            base = factor.base
            if isinstance(base, Total):  # a sum of a sum
                axes = kept(base)
                if all(axes[axis] == place for place, axis in factor.view) and len(base.terms) == 1:
                    ((inner, _),) = base.terms.items()
                    both = tm.times(base.counts, counts)
                    return self._atom_total(inner, frozenset(base.over) | over, both)
            if isinstance(base, Gradient) and base.form is not None:
                known = self._gradient_total(factor, base.form, over)
                if known is not None:
                    return known
            if isinstance(base, (Known, Given)) and self._rows_of_one(base, factor, over):
                return {(): 1}
        base = self.total_base({core: 1}, tuple(sorted(over)), counts)
        return self.normal(self.atom(base)).terms

    def _rows_of_one(self, base: Known | Given, factor: Factor, over: frozenset[int]) -> bool:
        """Whether an array that forward makes of labels adds up to 1 along these places."""
        if base.value.dtype.kind != "f" or not base.value.size:
            return False
        if isinstance(base, Given):
            if base.tensor is None or base.tensor in self.inputs or base.tensor.op is not None:
                return False
            array = base.tensor.value
        else:
            array = base.array
        axes = tuple(axis for place, axis in factor.view if place in over)
        if not np.allclose(base.value.sum(axis=axes), 1, rtol=1e-12, atol=0):
            return False
        words = self.notes.words.get(where(array))
        if words is None:
            return False
        along = axes[0] if len(axes) == 1 else axes
        self.conditions[f"{ast.unparse(words)} adds up to 1 along axis {along}"] = None
        return True

    def total_base(self, terms: Terms, over: tuple[int, ...], counts: Monomial) -> Base:
        def make() -> Base:
            ndim = max(place for m in terms for place in tm.places(m)) + 1
            value = tm.evaluated(terms, ndim)
            axes = tuple(ndim - 1 - p for p in over)
            value = value.sum(axis=axes, keepdims=True)
            return Total(value.shape, value, terms=terms, over=over, counts=counts)

        return self.base(("total", frozenset(terms.items()), over), make)

    def _gradient_total(self, factor: Factor, form: Poly, over: frozenset[int]) -> Terms | None:
        """The sum of a written gradient, where it comes out as 0."""
        places = {axis: place for place, axis in factor.view}
        ndim = len(form.shape)
        own = frozenset(ndim - 1 - a for a, place in places.items() if place in over)
        summed = self.total(form, own)
        return {} if summed.zero else None

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

    def folded(self, terms: Terms) -> Terms:
        """Several terms that together are one known value become that."""
        sums = [(dict(key), self.normal(self.atom(base))) for key, base in self.names.items()]
        for definition, whole in [*self.folds, *sums]:
            if len(definition) > len(terms) or len(definition) < 2:
                continue
            if len(whole.terms) >= len(definition):
                continue
            terms = self._fold(terms, definition, whole)
        return terms

    def cancelled(self, p: Poly) -> Poly:
        """Where a sum stands below, and above with another factor, both go."""
        below = {f for m in p.terms for f, e in m if e < 0 and isinstance(f.base, Group)}
        terms = p.terms
        for f in below:
            if not isinstance(f.base, Group) or f.base.form is None:
                continue
            inside = {m: c for m, c in terms.items() if any(g is f and e < 0 for g, e in m)}
            outside = {m: c for m, c in terms.items() if m not in inside}
            whole = Poly(self, {((f, 1),): 1}, p.shape)
            terms = tm.added(outside, self._fold(inside, f.base.form.terms, whole))
        for base, (x, _) in self.powers.items():
            inside = {m: c for m, c in terms.items() if any(f.base is base for f, _ in m)}
            if inside and len(x.terms) > 1:
                outside = {m: c for m, c in terms.items() if m not in inside}
                folded = self._fold(inside, x.terms, self.grouped(x))
                terms = tm.added(outside, self.tidied(folded))
        return p if terms is p.terms else Poly(self, terms, p.shape)

    def _fold(self, terms: Terms, definition: Terms, whole: Poly) -> Terms:
        (first, unit), *others = definition.items()
        for monomial, coefficient in list(terms.items()):
            if monomial not in terms or not _divides(first, monomial):
                continue
            rest = tm.times(monomial, tm.raised(first, -1))
            scale = Fraction(coefficient) / unit
            parts = {tm.times(rest, m): tm.exact(c * scale) for m, c in others}
            if all(terms.get(m) == c for m, c in parts.items()):
                terms = {m: c for m, c in terms.items() if m != monomial and m not in parts}
                terms = tm.added(terms, tm.multiplied({rest: tm.exact(scale)}, whole.terms))
        return terms

    def says(self) -> Hashable:
        """Equal for rings that replace the same by the same."""
        return frozenset(
            (_tensor_of(base), frozenset((*_said(m), c) for m, c in rule.form.terms.items()))
            for base, rule in self.instead.items()
        )

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
        polys = tuple(self.poly(a) if not isinstance(a, Poly) else a for a in args)
        linear = LINEAR.get(op.name, ())
        scale: Terms = {(): 1}
        if linear:
            bare: list[Poly] = []
            for i, p in enumerate(polys):
                if i in linear or linear == ALL:
                    if p.zero:
                        value = self._value(op, polys, params)
                        return Poly(self, {}, value.shape)
                    p, factor = scalars(p)
                    scale = tm.multiplied(scale, factor)
                bare.append(p)
            if linear != ALL or len(bare) == 1:
                polys = tuple(bare)
            else:
                scale = {(): 1}
        key = ("made", op.name, tuple((p.key, len(p.shape)) for p in polys), _param_key(params))

        def make() -> Base:
            value = self._value(op, polys, params)
            return Made(value.shape, value, value.dtype == bool, op=op, args=polys, params=params)

        base = self.base(key, make)
        return Poly(
            self, tm.multiplied({((self.factor(base, base.view), 1),): 1}, scale), base.shape
        )

    def _value(self, op: Op, polys: tuple[Poly, ...], params: Mapping[str, Any]) -> Any:
        with np.errstate(all="ignore"):
            given = {k: (v.value if isinstance(v, Poly) else v) for k, v in params.items()}
            return np.asarray(op.forward(*(p.value for p in polys), **given))


MASKS = {
    "greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "logical_not",
    "logical_and",
}  # fmt: skip
ALL = (-1,)
# Which arguments an op is linear in.
LINEAR: Mapping[str, tuple[int, ...]] = {
    "matmul": (0, 1),
    "einsum": (0, 1, 2),
    "outer": (0, 1),
    "inner": (0, 1),
    "tensordot": (0, 1),
    "trace": (0,),
    "getitem": (0,),
    "scatter": (0,),
    "take": (0,),
    "take_along_axis": (0,),
    "scatter_along_axis": (0,),
    "reshape": (0,),
    "transpose": (0,),
    "expand_dims": (0,),
    "squeeze": (0,),
    "broadcast_to": (0,),
    "split": (0,),
    "flip": (0,),
    "roll": (0,),
    "repeat": (0,),
    "tile": (0,),
    "tril": (0,),
    "triu": (0,),
    "diagonal": (0,),
    "sliding_window_view": (0,),
    "overlap_add": (0,),
    "cumsum": (0,),
}


def scalars(p: Poly) -> tuple[Poly, Terms]:
    """A sum without the numbers that all its terms have in common, and these."""
    if len(p.terms) != 1:
        return p, {(): 1}
    ((monomial, coefficient),) = p.terms.items()
    inside = tuple((f, e) for f, e in monomial if f.view)
    outside = tuple((f, e) for f, e in monomial if not f.view)
    return Poly(p.ring, {inside: 1}, p.shape), {outside: coefficient}


def kept(base: Total) -> dict[int, int]:
    """Which place each axis of a sum stands for."""
    ndim = len(base.shape)
    return {a: ndim - 1 - a for a in range(ndim)}


def bases(p: Poly) -> set[Base]:
    """Every base that a polynomial is made of, also inside others."""
    seen: set[Base] = set()
    stack: list[Any] = [p.terms]
    while stack:
        for monomial in stack.pop():
            for factor, _ in monomial:
                base = factor.base
                if base in seen:
                    continue
                seen.add(base)
                match base:
                    case Total(terms=terms):
                        stack.append(terms)
                    case Group(form=form) if form is not None:
                        stack.append(form.terms)
                    case Made(args=args):
                        stack += [arg.terms for arg in args]
                    case Passed(g=g) if g is not None:
                        stack.append(g.terms)
                    case _:
                        pass
    return seen


def _tensor_of(base: Base) -> Hashable:
    return id(base.tensor) if isinstance(base, Given) else (type(base), base.shape)


def _said(monomial: Monomial) -> tuple[Hashable, ...]:
    return tuple((_tensor_of(f.base), f.view, e) for f, e in monomial)


def _divides(part: Monomial, whole: Monomial) -> bool:
    powers = dict(whole)
    return all((0 < e <= powers.get(f, 0)) or (powers.get(f, 0) <= e < 0) for f, e in part)


def is_input(base: Base) -> bool:
    return isinstance(base, Given) and base.tensor is not None and base.tensor.op is None


def joint(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The broadcast shape, with the words of whichever side has the length."""
    ndim = max(len(a), len(b))
    padded = [(1,) * (ndim - len(s)) + tuple(s) for s in (a, b)]
    return tuple(
        m if n == 1 or (isinstance(m, Size) and m != 1) else n for m, n in zip(*padded, strict=True)
    )


def _param_key(params: Mapping[str, Any]) -> Hashable:
    def each(value: Any) -> Hashable:
        if isinstance(value, (tuple, list)):
            return tuple(map(each, value))
        if isinstance(value, Poly):
            return value.key
        if is_array(value):
            return where(value) or id(value)
        if isinstance(value, slice):
            return ("slice", value.start, value.stop, value.step)
        return value if isinstance(value, Hashable) else id(value)

    return tuple(sorted((k, each(v)) for k, v in params.items()))
