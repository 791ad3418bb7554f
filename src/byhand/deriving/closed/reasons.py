"""Why closed forms are right: what of forward's equations each gradient used, in words."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from byhand.codegen import nodes as nd
from byhand.deriving.closed.backward import Definition
from byhand.deriving.closed.bases import (
    OneHot,
    SumOver,
    UpstreamGradient,
    VjpResult,
    WrittenGradient,
)
from byhand.deriving.closed.factoring import Factoring
from byhand.deriving.closed.facts import Rule
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.printing import Printer
from byhand.deriving.closed.search import Closed
from byhand.deriving.closed.statements import Stated
from byhand.deriving.closed.sums import sum_over
from byhand.deriving.closed.terms import Base
from byhand.deriving.derivation import DerivedStep, Lemma, Rewrite
from byhand.deriving.steps.line import Line
from byhand.deriving.steps.names import FreshNames
from byhand.deriving.steps.text import text
from byhand.deriving.steps.writing import WrittenLines
from byhand.engine.tensor import Tensor

ONE_HOT = ast.Name("onehot", ast.Load())


@dataclass
class Reasons:
    """The steps of a closed derivation. `chain` has what the chain rule gives for a name."""

    closed: Closed
    stated: Stated
    written: WrittenLines
    chain: Mapping[str, str]
    said: dict[Rule, Lemma] = field(default_factory=dict[Rule, Lemma])

    def steps(self, lines: Sequence[Line]) -> tuple[DerivedStep, ...]:
        """Every gradient on the way, in the order of the sweep, and the lines that are printed."""
        backward = self.closed.backward
        unnamed: list[Line] = []
        before: dict[str, list[Line]] = {}
        printed: dict[str, Line] = {}
        names = {step.name for step in (backward.context.steps[t] for t in backward.found)}
        for line in lines:
            own = line.name or _target(line).removeprefix("d")
            if own not in names:
                unnamed.append(line)
            else:
                printed[own], before[own], unnamed = line, unnamed, []
        found: list[DerivedStep] = []
        for tensor, g in backward.found.items():
            step = backward.context.steps[tensor]
            line = printed.pop(step.name, None)
            if step.name == "loss" or (line is None and _other(g)):
                continue
            found += [DerivedStep("", str(each)) for each in before.get(step.name, ())]
            closed = self.expression(g) if line is None else ""
            code = str(line) if line is not None else f"d{step.name} = {closed}"
            final = self.expression(self.definition(tensor, g))
            remark = line.remark if line is not None else ""
            rewrites = self.rewrites(step.name, tensor, final)
            found.append(DerivedStep(step.name, code, step.source, remark, rewrites))
        rest = [*unnamed, *printed.values()]
        return (*found, *(DerivedStep(line.name, str(line)) for line in rest))

    def definition(self, tensor: Tensor, g: Poly) -> Poly:
        """What a gradient is equal to, also where that goes by a name."""
        for d in self.closed.definitions:
            if d.tensor is tensor:
                g = d.form
        monomial = g.single
        if monomial is not None and len(monomial) == 1 and monomial[0][1] == 1:
            base = monomial[0][0].base
            if (
                isinstance(base, WrittenGradient)
                and base.form is not None
                and base.view == monomial[0][0].view
            ):
                written = [d.form for d in self.closed.definitions if d.base is base]
                return written[0] if written else base.form
        return g

    def rewrites(self, name: str, tensor: Tensor, final: str) -> tuple[Rewrite, ...]:
        first = self.chain.get(name)
        if first is None:
            return ()
        begun = Rewrite(first, "the chain rule")
        if first == final:
            return (begun,)
        if sorted(first) == sorted(final):  # the same in another order
            return (Rewrite(final, "the chain rule"),)
        lemmas = [self.lemma(rule) for rule in self.closed.backward.used.get(tensor, ())]
        why = "; ".join(f"{each.left} = {each.right}" for each in lemmas if each is not None)
        return (begun, Rewrite(final, why or "worked out"))

    def lemmas(self) -> tuple[Lemma, ...]:
        """All that was used for a gradient that is printed or on the way there."""
        backward = self.closed.backward
        rules: dict[Rule, None] = {}
        for tensor in backward.found:
            rules |= dict.fromkeys(backward.used.get(tensor, {}))
        found = [self.lemma(rule) for rule in rules]
        hot = [b for b in self.closed.factoring.ring.arrays.bases.values() if isinstance(b, OneHot)]
        begun = [self.meant(base) for base in hot[:1] if found]
        return tuple(dict.fromkeys([*begun, *(lemma for lemma in found if lemma is not None)]))

    def meant(self, base: OneHot) -> Lemma:
        """What `onehot` stands for."""
        printer = self.printer(self.stated.names)
        node = nd.rebuilt(printer.base(base).node, self.written.resolver.settled)
        return Lemma("onehot", text(nd.tidied(node)), "1 where the loss reads, 0 elsewhere")

    def lemma(self, rule: Rule) -> Lemma | None:
        if rule not in self.said:
            ring = self.closed.factoring.ring
            base = rule.base
            left = self.expression(ring.atom(base))
            right = self.expression(rule.form)
            why = self.why(rule)
            why = "by definition" if why == f"by {left} = {right}" else why
            self.said[rule] = Lemma(left, right, why)
        lemma = self.said[rule]
        told = lemma.left and lemma.right and lemma.left != lemma.right
        return lemma if told else None

    def why(self, rule: Rule) -> str:
        context = self.closed.backward.context
        if rule.because is None:
            return "a one-hot row has a single 1"
        step = context.steps.get(rule.because)
        if step is None:
            owners = context.program.owners.get(rule.because, ())
            step = next((s for s in context.steps.values() if s.name in owners[:1]), None)
        source = "" if step is None else step.source.partition("  #")[0].strip()
        if isinstance(rule.base, SumOver):
            return f"by {source}, added up" if source else "added up"
        return f"by {source}" if source else "by definition"

    def checks(self) -> tuple[Lemma, ...]:
        """Sums of printed gradients that are 0 along an axis, whatever the numbers are."""
        ring = self.closed.factoring.ring
        found: dict[str, Lemma] = {}
        for d in self.closed.definitions:
            target = self.stated.names.get(d.base) if d.base is not None else None
            if target is None or d.form.zero:
                continue
            ndim = d.form.ndim
            for axis in range(ndim):
                place = ndim - 1 - axis
                long = any(f.length(place) != 1 for m in d.form.terms for f, _ in m)
                if long and sum_over(ring, d.form, frozenset({place})).zero:
                    left = f"{ast.unparse(target)}.sum(axis={axis})"
                    found[left] = Lemma(left, "0", self.sums_to_zero(d))
        return tuple(found.values())

    def sums_to_zero(self, d: Definition) -> str:
        step = self.closed.backward.context.steps.get(d.tensor)
        name = "it" if step is None else step.name
        return f"adding the same to all of {name} along this axis doesn't change the output"

    def expression(self, p: Poly) -> str:
        """A polynomial as one expression; gradients of other values go by their names.

        Nothing if it has a value that forward overwrites, and so has no name.
        """
        names = {**self.stated.names, **self.unwritten()}
        if (own := _passed(p)) is not None:
            names.pop(own, None)
        keep = p.ndim > 0 and p.shape[0] == 1
        printer = replace(self.printer(names), one_hot=ONE_HOT, keep=keep)
        node = printer.symbol(printer.forms.of(p)).node
        node = nd.tidied(nd.rebuilt(node, self.written.resolver.settled))
        nameless = any(isinstance(part, (nd.UnnamedValue, nd.Changed)) for part in ast.walk(node))
        return "" if nameless else text(node)

    def printer(self, names: Mapping[Base, ast.expr]) -> Printer:
        """A printer of expressions; what would take a statement of its own is only named."""
        context, free = self.closed.backward.context, FreshNames(self.stated.swept.taken)
        emitter = context.emitter(lambda _, hint: ast.Name(free.fresh(hint), ast.Load()))
        return Printer(context, emitter, Factoring(self.closed.factoring.ring), names, {})

    def unwritten(self) -> dict[Base, ast.expr]:
        """FreshNames for gradients that are on the way, but not printed."""
        found: dict[Base, ast.expr] = {}
        for d in self.closed.backward.definitions:
            step = self.closed.backward.context.steps.get(d.tensor)
            if d.base is not None and d.base not in self.stated.names:
                found[d.base] = ast.Name("grad" if step is None else f"d{step.name}", ast.Load())
        for tensor, g in self.closed.backward.found.items():
            base = _passed(g)
            if base is not None and base.shape == tensor.value.shape:
                step = self.closed.backward.context.steps[tensor]
                found[base] = ast.Name(f"d{step.name}", ast.Load())
        return found


def _passed(g: Poly) -> Base | None:
    """What an op's own rule gave, if the gradient is just that."""
    monomial = g.single
    if monomial is None or len(monomial) != 1 or monomial[0][1] != 1:
        return None
    base = monomial[0][0].base
    return base if isinstance(base, VjpResult) and monomial[0][0].view == base.view else None


def _other(g: Poly) -> bool:
    """Whether it is just a gradient that has another name already."""
    monomial = g.single
    if monomial is None or len(monomial) != 1 or monomial[0][1] != 1:
        return False
    return isinstance(monomial[0][0].base, (WrittenGradient, UpstreamGradient))


def _target(line: Line) -> str:
    """The name that a line assigns to first."""
    first = line.nodes[0]
    match first:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case _:
            return ""
