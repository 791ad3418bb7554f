"""The sweep with polynomials: the gradient of every value as a sum of monomials.

A gradient stays a polynomial as long as the ops are the ring's own. Before an op of another kind,
such as a matrix product, it gets a name and becomes an array that later gradients are in terms of:
that keeps matrix products whole, and the growth of polynomials within bounds.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from byhand.codegen.sizes import SymFloat, SymInt
from byhand.deriving.closed.arithmetic import joint
from byhand.deriving.closed.bases import UpstreamGradient, VjpResult, WrittenGradient
from byhand.deriving.closed.facts import Rule
from byhand.deriving.closed.folding import cancelled
from byhand.deriving.closed.moves import QUIET, back_through
from byhand.deriving.closed.operations import exponent_of
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.sums import sum_over
from byhand.deriving.closed.terms import Base, Monomial
from byhand.deriving.closed.views import REARRANGING
from byhand.deriving.steps.context import Context
from byhand.engine.backward import fit
from byhand.engine.tensor import Tensor
from byhand.ops.op import Op
from byhand.ops.reduction import PROD

MOST_TERMS = 10  # of a gradient that is passed on without a name

Naming = Literal["needed", "bent", "all"]
"""Which gradients get a statement of their own: those that an op of another kind is fed with, those
of what goes into a tanh or the like as well, or those of all values that have a name."""


@dataclass(frozen=True)
class Definition:
    """The gradient of a value: what it is equal to, and what was used to find that."""

    tensor: Tensor
    form: Poly
    base: Base | None
    used: tuple[Rule, ...]


@dataclass
class Backward:
    """One sweep, in the order in which gradients become complete."""

    context: Context
    ring: Ring
    naming: Naming = "needed"
    contributions: dict[Tensor, Poly] = field(default_factory=dict[Tensor, Poly])
    definitions: list[Definition] = field(default_factory=list[Definition])
    found: dict[Tensor, Poly] = field(default_factory=dict[Tensor, Poly])
    """The gradient of every named value."""
    used: dict[Tensor, dict[Rule, None]] = field(default_factory=dict[Tensor, "dict[Rule, None]"])

    def run(self) -> None:
        context, ring = self.context, self.ring
        for tensor, step in context.outputs.items():
            if context.program.scalar:
                seed = Poly(ring, {(): 1}, ())
            else:
                base = ring.arrays.base(
                    ("upstream", step.name),
                    lambda t=tensor, s=step: UpstreamGradient(
                        t.value.shape, _random(t.value), name=f"d{s.name}"
                    ),
                )
                seed = ring.atom(base, tensor.shape)
            self.contributions[tensor] = seed
        waiting = Counter(context.uses)
        inputs = [step.tensor for step in context.program.inputs]
        for tensor in reversed(context.order):
            if tensor in context.inputs:
                continue
            if tensor.op is None or tensor not in self.contributions or tensor not in context.live:
                continue
            g = self.complete(tensor)
            for position, arg in enumerate(tensor.args):
                if not isinstance(arg, Tensor) or arg not in context.live:
                    continue
                if not g.zero:
                    g = self.pass_on(tensor, position, arg, g)
                waiting[arg] -= 1
                if waiting[arg] == 0 and arg in context.inputs and arg in self.contributions:
                    self.complete(arg)
        for tensor in inputs:
            if tensor in self.contributions:
                self.complete(tensor)
        reached = {d.tensor for d in self.definitions}
        for step in context.wanted:
            if step.tensor not in reached:
                nothing = Poly(ring, {}, step.tensor.shape)
                self.definitions.append(Definition(step.tensor, nothing, None, ()))

    def complete(self, tensor: Tensor) -> Poly:
        """All contributions of a value have come in."""
        ring = self.noting(tensor)
        g = cancelled(ring, ring.normal(self.contributions.pop(tensor)))
        g = Poly(ring, g.terms, tensor.shape)
        if tensor in self.context.steps:
            self.found[tensor] = g
        if tensor in self.wanted or len(g.terms) > MOST_TERMS or self.due(tensor, g):
            g = self.define(tensor, g)
        return g

    def due(self, tensor: Tensor, g: Poly) -> bool:
        """Whether a named value's gradient will be needed as an array, so it gets its name now."""
        if len(g.terms) > 1 and any(scatters(m, g.shape) for m in g.terms):
            return True
        if tensor not in self.context.steps or _is_atom(g):
            return False
        match self.naming:
            case "bent" if len(g.terms) > 1 and tensor in self.bent:
                return True
            case "all" if len(g.terms) > 1 or any(len(m) > 1 for m in g.terms):
                return True
            case _:
                pass
        sums = tensor.op is not None and tensor.op.name in ("add", "subtract", "positive")
        return sums and any(map(self.foreign, tensor.parents))

    def foreign(self, tensor: Tensor) -> bool:
        """Whether a value without a name comes, perhaps by sums, from an op of another kind."""
        op = tensor.op
        if op is None or tensor in self.context.steps or tensor not in self.context.live:
            return False
        if op.name in ("add", "subtract"):
            return any(map(self.foreign, tensor.parents))
        return not (op.family == "elementwise" or takes_polynomials(op) or op.name in QUIET)

    @cached_property
    def bent(self) -> set[Tensor]:
        """What goes into an elementwise op that is none of the ring's, such as tanh."""
        return {
            arg
            for tensor in self.context.order
            if tensor.op is not None
            and tensor.op.family == "elementwise"
            and tensor.op.name not in self.ring.operations
            for arg in tensor.parents
        }

    @property
    def wanted(self) -> set[Tensor]:
        return {step.tensor for step in self.context.wanted}

    def define(self, tensor: Tensor, g: Poly) -> Poly:
        """Gives a gradient a statement of its own. What is no computation needs none."""
        used = tuple(self.used.get(tensor, ()))
        wanted = tensor in self.wanted
        if not wanted and (_is_atom(g) or g.zero or not g.places):
            return g
        if g.zero or (wanted and not g.places and g.ndim):
            self.definitions.append(Definition(tensor, g, None, used))
            return g
        for other, form in reversed(self.found.items()):  # the same under a name that it has
            same = other.value.shape == tensor.value.shape and form.key == g.key
            if tensor not in self.context.steps and same:
                tensor = other
                break
        atom = self.ring.gradient(tensor, g)
        ((monomial, _),) = atom.terms.items()
        base = monomial[0][0].base if monomial else None
        self.definitions.append(Definition(tensor, g, base, used))
        return atom

    def pass_on(self, tensor: Tensor, position: int, arg: Tensor, g: Poly) -> Poly:
        """Adds the contribution of one argument. Gives the gradient, which may have got a name."""
        op = tensor.op
        assert op is not None
        ring = self.noting(arg)
        g = ring.own(g)
        vjp = op.vjp(position)
        if vjp is None:
            return g
        contribution = None
        elementwise = op.family == "elementwise" or op.name == "broadcast_to"
        if elementwise or takes_polynomials(op):
            exactly = op.kink in ("arguments", "elements")  # of values that rounding may not touch
            inputs = [ring.raw(a) if exactly else ring.poly(a) for a in tensor.args]
            out = ring.raw(tensor) if exactly else ring.tensor(tensor)
            if op.name == "power" and not isinstance(tensor.args[1], Tensor):
                inputs[1] = tensor.args[1]
            if op.name == "minimum":  # at a tie any weights that add up to 1 are right
                low = inputs[0] <= inputs[1] if position == 0 else inputs[0] > inputs[1]
                contribution = g * low
            elif op.name == "power" and position == 0 and not _is_number(inputs[1]):
                contribution = g * inputs[1] * inputs[0] ** (inputs[1] - 1)
            else:
                contribution = vjp(g, out, *inputs, **tensor.params)
        elif op.permutes and not g.places:
            contribution = g  # one number for all elements is that wherever they go
        elif op.name in QUIET:
            contribution = back_through(ring, tensor, arg, g)
        if contribution is None:
            if not (_is_atom(g) and g.ndim == tensor.value.ndim):
                g = self.named(tensor, g)
            contribution = self.passed(ring, tensor, position, arg, g)
        contribution = self.fitted(ring, contribution, tensor, arg, elementwise)
        self.contributions[arg] = (
            ring.sum(self.contributions[arg], contribution)
            if arg in self.contributions
            else contribution
        )
        return g

    def noting(self, tensor: Tensor) -> Ring:
        """The ring, that notes what the gradient of this value makes use of."""
        used = self.used.setdefault(tensor, {})
        return self.ring.noting(replace(self.ring.log, rules=used))

    def named(self, tensor: Tensor, g: Poly) -> Poly:
        if any(d.tensor is tensor for d in self.definitions):
            return g
        return self.define(tensor, g)

    def passed(self, ring: Ring, tensor: Tensor, position: int, arg: Tensor, g: Poly) -> Poly:
        """What the op's own rule makes of g, as an array of its own."""
        vjp = tensor.op.vjp(position) if tensor.op else None
        assert vjp is not None

        def make() -> Base:
            inputs = tensor.arg_values
            full = np.broadcast_to(g.value, tensor.value.shape)
            with np.errstate(all="ignore"):
                value = fit(vjp(full, tensor.value, *inputs, **tensor.params), arg.value.shape)
            return VjpResult(arg.value.shape, value, tensor=tensor, position=position, g=g)

        base = ring.arrays.base(("passed", id(tensor), position, g.key), make)
        return ring.atom(base, arg.shape)

    def fitted(
        self, ring: Ring, contribution: Poly, tensor: Tensor, arg: Tensor, elementwise: bool
    ) -> Poly:
        """Summed over the axes along which the argument was broadcast."""
        shape = (
            joint(contribution.shape, tensor.shape) if elementwise else tuple(contribution.shape)
        )
        if not elementwise:
            return Poly(ring, contribution.terms, arg.shape)
        own = (1,) * (len(shape) - arg.value.ndim) + arg.value.shape
        ndim = len(shape)
        over = frozenset(ndim - 1 - a for a, n in enumerate(shape) if n != 1 and own[a] == 1)
        full = Poly(ring, contribution.terms, shape)
        summed = sum_over(ring, full, over) if over else full
        return Poly(ring, summed.terms, arg.shape)


def takes_polynomials(op: Op) -> bool:
    """Whether the ring can be fed to the rule of an op that isn't elementwise."""
    return (op.structure == "reduction" and op is not PROD) or op.name in REARRANGING


def _is_number(x: Any) -> bool:
    if isinstance(x, Poly):
        return exponent_of(x) is not None
    return not isinstance(x, (SymInt, SymFloat))


def scatters(monomial: Monomial, shape: tuple[int, ...]) -> bool:
    """Whether it is what reading some elements hands back: that is written in place."""
    if len(monomial) != 1 or monomial[0][1] != 1:
        return False
    base = monomial[0][0].base
    if not isinstance(base, VjpResult) or base.tensor is None or base.tensor.op is None:
        return False
    if base.shape != shape:
        return False
    return base.tensor.op.scatters and monomial[0][0].view == base.view


def _is_atom(g: Poly) -> bool:
    monomial = g.single
    return (
        monomial is not None
        and len(monomial) == 1
        and monomial[0][1] == 1
        and isinstance(monomial[0][0].base, (WrittenGradient, UpstreamGradient))
        and monomial[0][0].view == monomial[0][0].base.view
    )


def _random(like: Any) -> Any:
    return np.random.default_rng(1).normal(size=np.shape(like))
