"""What forward's own definitions say: which value stands for which, and which sums are known.

`probs = counts * counts_sum_inv` is an equation, and can be read for any of the three. Read for
`counts`, it takes an array out of the closed form that would have to be kept. A sum that forward
took is then known of what is left: with counts = probs * counts_sum, "the counts of a row add up to
counts_sum" says that the probs of a row add up to 1.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from byhand.codegen.lengths import Lengths
from byhand.codegen.notes import Notes, where
from byhand.codegen.sizes import Dim, SymFloat, SymInt
from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.arrays import Arrays, is_input
from byhand.deriving.closed.bases import ForwardValue, OpResult, SumOver, bases
from byhand.deriving.closed.facts import Facts, Log, Rule
from byhand.deriving.closed.identities import exponentials, recognised
from byhand.deriving.closed.operations import OPERATIONS, exponent_of
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.signs import signs
from byhand.deriving.closed.sums import sum_over
from byhand.deriving.closed.terms import Base, Factor, Monomial
from byhand.deriving.closed.views import axes_of
from byhand.deriving.steps.context import Context
from byhand.engine.tensor import Tensor


@dataclass(frozen=True)
class Reading:
    """One way to read forward's equations; the cheapest of several is printed.

    `expand`: products of sums are multiplied out, and values without a name that are sums too.
    `solve`: `centred = x - mean` is read as x = centred + mean. `inputs`: even for an input.
    """

    expand: bool = False
    solve: bool = False
    inputs: bool = False


READINGS = (
    Reading(),
    Reading(expand=True),
    Reading(solve=True, inputs=True),
    Reading(expand=True, inputs=True),
)


def ring_of(context: Context, reading: Reading) -> Ring:
    """A ring that knows what forward's equations say, read in this way. Raises Growing."""
    order, named, notes = context.order, context.names, context.notes
    lengths = Lengths(order, notes, named)
    for tensor in order:
        _join_rows(lengths, notes, tensor)
    known = signs(order)
    arrays, facts = Arrays(context.recording, lengths), Facts(positive=known.positive)
    ring = Ring(arrays, facts, Log(), reading.expand, OPERATIONS)
    for tensor in order:
        arrays.given(tensor)
    reader = _EquationReader(
        ring, {t: i for i, t in enumerate(order)}, named, reading, known.nonzero
    )
    computed = [t for t in order if t.op is not None and t.op.name in OPERATIONS]
    reduced = [t for t in computed if t.op is not None and t.op.name in ("sum", "mean")]
    direct = [t for t in computed if t not in set(reduced)]
    for tensor in direct:
        reader.read_product(tensor)
    for tensor in direct:
        reader.read_sum(tensor)
    for base, form, because in exponentials(ring, order, named):
        reader.replace(base, form, because)
    facts.folds.extend(recognised(ring, order))
    for tensor in reduced:
        reader.known_sum(tensor)
    overs = {(_ndim(t), over) for t in reduced if (over := _over(t))}
    for tensor in computed:
        if tensor.op is not None and tensor.op.name in ("add", "subtract"):
            for ndim, over in sorted(overs, key=repr):
                if tensor.value.ndim == ndim:
                    reader.sum_of_sum(tensor, over)
    for tensor in computed:
        if tensor.op is not None and tensor.op.name == "power":
            reader.read_power(tensor)
    return ring


def _join_rows(lengths: Lengths, notes: Notes, tensor: Tensor) -> None:
    """`x[np.arange(n), y]` says that y is as long as x."""
    x = tensor.args[0] if tensor.args else None
    if tensor.op is None or not isinstance(x, Tensor):
        return
    if tensor.op.name == "diagonal" and x.value.ndim == 2:
        lengths.join(lengths.key(Dim(tensor, 0)), lengths.key(Dim(x, 0)))
        return
    if tensor.op.name != "getitem":
        return
    items = tensor.params["index"]
    if isinstance(items, tuple) and len(items) == 2:
        words = notes.words.get(where(items[1]))
        if words is not None and np.ndim(items[1]) == 1 and len(items[1]) == x.value.shape[0]:
            shape = ast.Attribute(words, "shape", ast.Load())
            said = ast.Subscript(shape, ast.Constant(0), ast.Load())
            lengths.join(lengths.key(Dim(x, 0)), lengths.key(said))


def _ndim(tensor: Tensor) -> int:
    return tensor.args[0].value.ndim if isinstance(tensor.args[0], Tensor) else 0


def _over(tensor: Tensor) -> frozenset[int]:
    ndim = _ndim(tensor)
    axes = axes_of(tensor.params.get("axis"), ndim)
    return frozenset(ndim - 1 - a for a in axes)


@dataclass
class _EquationReader:
    ring: Ring
    places: dict[Tensor, int]
    named: Collection[Tensor]
    reading: Reading
    nonzero: Collection[Tensor]

    def form(self, tensor: Tensor) -> Poly | None:
        assert tensor.op is not None
        args = [self.ring.poly(arg) for arg in tensor.args]
        return OPERATIONS[tensor.op.name](self.ring, *args, **tensor.params)

    @property
    def facts(self) -> Facts:
        """What has been read so far, under which the next equation is read."""
        return self.ring.facts

    def replace(self, base: Base, form: Poly, because: Tensor) -> None:
        if base not in bases(form):
            self.facts.rules[base] = Rule(base, form, because)

    def read_power(self, tensor: Tensor) -> None:
        """x**(y - 1) times x is x**y, for a y that is no plain number."""
        x, y = self.ring.poly(tensor.args[0]), tensor.args[1]
        if isinstance(y, Tensor):
            y = self.ring.poly(y)
            if exponent_of(y) is not None:
                return
        elif not isinstance(y, (SymInt, SymFloat)):
            return
        only = (x ** (y - 1)).single
        base = only[0][0].base if only is not None and len(only) == 1 else None
        if isinstance(base, OpResult):
            self.facts.powers[base] = (x, self.ring.tensor(tensor))

    def read_product(self, tensor: Tensor) -> None:
        """tensor = c * monomial: the largest, else the earliest, of the values gives way."""
        base, form = self.ring.arrays.given(tensor), self.form(tensor)
        if form is None or base in self.facts.rules or len(form.terms) != 1:
            return
        ((monomial, coefficient),) = form.terms.items()
        whole = tm.places(monomial)
        if frozenset(p for p, _ in base.view) != whole:
            return  # broadcast to a larger shape: it isn't determined by its factors
        candidates: list[tuple[tuple[int, bool, int], Factor | None, Fraction]]
        candidates = [(self.rank(tensor), None, Fraction(1))]
        for factor, exponent in monomial:
            given = factor.base
            if (
                not isinstance(given, ForwardValue)
                or given.tensor is None
                or factor.places != whole
            ):
                continue
            if is_input(given) and not self.reading.inputs:
                continue
            if Fraction(1, 1) / exponent % 1 or not self.divisible(monomial, factor):
                continue
            candidates.append((self.rank(given.tensor), factor, Fraction(1) / exponent))
        _, factor, root = max(candidates, key=lambda c: c[0])
        if factor is None:
            self.replace(base, form, tensor)
            return
        ring = self.ring
        rest: Monomial = tuple((f, e) for f, e in monomial if f is not factor)
        over = Poly(ring, {tm.raised(rest, -1): Fraction(1) / coefficient}, form.shape)
        solved = ring.power(ring.product(ring.atom(base, form.shape), over), root)
        given = factor.base
        assert isinstance(given, ForwardValue) and given.tensor is not None
        own = {axis: place for place, axis in given.view}
        moves = {place: own[axis] for place, axis in factor.view}
        self.replace(given, ring.moved(solved, moves, given.tensor.shape), tensor)

    def divisible(self, monomial: Monomial, but: Factor) -> bool:
        return all(
            e < 0
            or (not f.view and not isinstance(f.base, ForwardValue))
            or self.never_zero(f.base)
            for f, e in monomial
            if f is not but
        )

    def never_zero(self, base: Base) -> bool:
        return isinstance(base, ForwardValue) and base.tensor in self.nonzero

    def rank(self, tensor: Tensor) -> tuple[int, bool, int]:
        """The highest gives way: large arrays, then such without a name, then early ones."""
        return (tensor.value.size, tensor not in self.named, -self.places[tensor])

    def read_sum(self, tensor: Tensor) -> None:
        """tensor = a sum: what has no name gives way, or what `solve` says."""
        ring = self.ring
        base, form = ring.arrays.given(tensor), self.form(tensor)
        if form is None or len(form.terms) < 2:
            return
        constant = form.terms.get(())
        if len(form.terms) == 2 and constant is not None:
            self.read_affine(tensor, base, form)
        elif base in self.facts.rules:
            pass
        elif self.reading.solve and self.solve(tensor, base, form):
            return
        elif self.reading.expand and tensor not in self.named:
            self.replace(base, form, tensor)
        own = ring.normal(ring.atom(base))
        if len(own.terms) == 1 and not any(f.base is base for m in form.terms for f, _ in m):
            self.facts.names.setdefault(form.key, base)
            self.facts.defined.setdefault(base, form.terms)

    def read_affine(self, tensor: Tensor, base: Base, form: Poly) -> None:
        """`1 - p` is one value and not two; what has no name gives way."""
        (other,) = (m for m in form.terms if m)
        given = other[0][0].base if len(other) == 1 else None
        if isinstance(given, ForwardValue) and given.tensor not in self.named:
            solved = not is_input(given) and self.solve(tensor, base, form)
            if solved:
                return
        if tensor not in self.named and base not in self.facts.rules:
            self.replace(base, form, tensor)

    def solve(self, tensor: Tensor, base: Base, form: Poly) -> bool:
        """tensor = c * v + rest, read for v where it is an earlier value of the same shape."""
        ring = self.ring
        for monomial, coefficient in form.terms.items():
            if len(monomial) != 1:
                continue
            factor, exponent = monomial[0]
            given = factor.base
            if not isinstance(given, ForwardValue) or given.tensor is None or exponent != 1:
                continue
            if is_input(given) and not self.reading.inputs:
                continue
            if factor.view != base.view or given.view != base.view:
                continue
            rest = Poly(ring, {m: c for m, c in form.terms.items() if m != monomial}, form.shape)
            if any(f.base is given for m in rest.terms for f, _ in m):
                continue
            left = ring.normal(ring.atom(base, form.shape))
            difference = ring.sum(left, ring.scaled(rest, -1))
            self.replace(given, ring.scaled(difference, Fraction(1) / coefficient), tensor)
            return True
        return False

    # Sums.

    def known_sum(self, tensor: Tensor) -> None:
        """A sum that forward took is known."""
        ring = self.ring
        base = ring.arrays.given(tensor)
        form = self.form(tensor)
        if form is None:
            return
        if any(_totals(m) for m in form.terms):
            self.solve_total(form, ring.tensor(tensor), tensor)
        elif base not in self.facts.rules:
            self.replace(base, form, tensor)

    def sum_of_sum(self, tensor: Tensor, over: frozenset[int]) -> None:
        """The sum over a value that is itself a sum, such as x - mean, where that is known."""
        ring = self.ring
        form = self.form(tensor)
        if form is None:
            return
        right = sum_over(ring, form, over)
        if any(_totals(m) for m in right.terms):
            return
        left = sum_over(ring, ring.tensor(tensor), over)
        if len(left.terms) == 1:
            self.solve_total(left, right, tensor)

    def solve_total(self, left: Poly, right: Poly, because: Tensor) -> None:
        """left = right, read for the one sum over places that the left has."""
        ring = self.ring
        unknown = [m for m in left.terms if _totals(m)]
        if len(unknown) != 1:
            return
        monomial, coefficient = unknown[0], left.terms[unknown[0]]
        rest_of_left = {m: c for m, c in left.terms.items() if m is not monomial}
        right = ring.sum(right, ring.scaled(Poly(ring, rest_of_left, left.shape), -1))
        sums = _totals(monomial)
        if len(sums) != 1 or sums[0][1] != 1:
            return
        factor = sums[0][0]
        rest: Monomial = tuple((f, e) for f, e in monomial if f is not factor)
        over = Poly(ring, {tm.raised(rest, -1): Fraction(1) / coefficient}, right.shape)
        form = ring.product(right, over)
        if not form.places <= factor.places or any(
            f.base is factor.base for m in form.terms for f, _ in m
        ):
            return
        own = {axis: place for place, axis in factor.base.view}
        moves = {place: own[axis] for place, axis in factor.view}
        self.replace(factor.base, ring.moved(form, moves, factor.base.shape), because)


def _totals(monomial: Monomial) -> list[tuple[Factor, tm.Exponent]]:
    return [(f, e) for f, e in monomial if isinstance(f.base, SumOver)]
