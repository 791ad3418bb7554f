"""From a recording to closed forms: every reading of forward's equations is tried, and the
cheapest result is written down.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.backward import Backward, Definition
from byhand.deriving.closed.forms import Constant, Form, Forms, Leaf, Product, Sharing, Summed, reached
from byhand.deriving.closed.operations import OPERATIONS
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.printing import Printer
from byhand.deriving.closed.relations import READINGS, Reading, relate
from byhand.deriving.closed.ring import Ring
from byhand.deriving.closed.terms import Base, Given, Gradient, Made, OneHot, Passed, Terms
from byhand.deriving.recording import Recording
from byhand.deriving.steps.sweep import Statement, Sweep
from byhand.deriving.words import nodes as nd
from byhand.deriving.words.dialect import Dialect
from byhand.deriving.words.lengths import Lengths
from byhand.deriving.words.nodes import Changed
from byhand.deriving.words.sizes import Dim
from byhand.deriving.words.symbol import Symbol
from byhand.engine.tensor import Tensor
from byhand.ops.indexing import GETITEM, SCATTER
from byhand.program.program import Step


@dataclass
class Closed:
    """The closed forms that one reading gives, and what they cost in scalar operations."""

    backward: Backward
    definitions: list[Definition]
    forms: Forms
    roots: dict[int, Form]
    cost: int


def closed_sweep(
    recording: Recording, dialect: Callable[[], Dialect], wanted: Sequence[Step]
) -> Sweep:
    """A sweep whose statements are the closed forms of the wanted gradients."""
    tried: dict[Reading, Closed] = {}
    for reading in READINGS:
        tried[reading] = _closed(Sweep(recording, dialect(), wanted), reading)
    best = min(tried.values(), key=lambda c: c.cost)
    _write(best)
    return best.backward.sweep


def _closed(sweep: Sweep, reading: Reading) -> Closed:
    recording = sweep.recording
    names = {**recording.problem.forward.globals, **recording.program.locals}

    def value_of(node: ast.expr) -> float | None:
        if isinstance(node, Dim):
            return float(node.tensor.value.shape[node.axis])
        if isinstance(node, ast.BinOp):
            left, right = value_of(node.left), value_of(node.right)
            if left is None or right is None:
                return None
            node = ast.BinOp(ast.Constant(left), node.op, ast.Constant(right))
        try:
            return float(eval(ast.unparse(node), dict(names)))
        except Exception:
            return None

    lengths = Lengths(sweep.order, recording.notes, sweep.scribe.names)
    ring = Ring(lengths, value_of, OPERATIONS, expand=reading.expand)
    relate(ring, sweep.order, set(sweep.scribe.names), reading)
    backward = Backward(sweep, ring, reading.name_early)
    backward.run()
    definitions = _named_sums(ring, _needed(backward))
    forms = Forms(ring)
    shared = Sharing(forms).shared([forms.of(d.form) for d in definitions])
    roots = {id(d): form for d, form in zip(definitions, shared, strict=True)}
    cost = sum(form.cost for form in reached(list(roots.values())))
    cost += _recomputed(sweep, roots.values())
    return Closed(backward, definitions, forms, roots, cost)


def _needed(backward: Backward) -> list[Definition]:
    """The definitions that the wanted gradients lead to."""
    by_base = {d.base: d for d in backward.definitions if d.base is not None}
    wanted = backward.wanted
    found: dict[int, None] = {}
    stack = [d for d in backward.definitions if d.tensor in wanted]
    while stack:
        definition = stack.pop()
        if id(definition) in found:
            continue
        found[id(definition)] = None
        stack += [by_base[b] for b in bases(definition.form) if b in by_base]
    return [d for d in backward.definitions if id(d) in found]


def bases(p: Poly) -> Iterable[Base]:
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
                    case tm.Total(terms=terms):
                        stack.append(terms)
                    case tm.Group(form=form) if form is not None:
                        stack.append(form.terms)
                    case Made(args=args):
                        stack += [arg.terms for arg in args]
                    case Passed(g=g) if g is not None:
                        stack.append(g.terms)
                    case _:
                        pass
    return seen


def _named_sums(ring: Ring, definitions: list[Definition]) -> list[Definition]:
    """A sum that is itself a gradient goes by that name in what comes after."""
    ring.instead = {}
    ring.used = {}
    result: list[Definition] = []
    for d in definitions:
        form = ring.normal(d.form)
        result.append(Definition(d.tensor, form, d.base, d.used))
        if d.base is None or len(form.terms) != 1:
            continue
        ((monomial, coefficient),) = form.terms.items()
        if len(monomial) != 1 or monomial[0][1] != 1 or coefficient not in (1, -1):
            continue
        factor = monomial[0][0]
        if isinstance(factor.base, tm.Total):
            atom = ring.scaled(ring.atom(d.base), coefficient)
            back = {
                place: next(p for p, a in factor.base.view if a == axis)
                for place, axis in factor.view
            }
            ring.replace(factor.base, ring.moved(atom, back, factor.base.shape), None)
    return result


def _recomputed(sweep: Sweep, roots: Iterable[Form]) -> int:
    """What values without a name cost, each once."""
    seen: set[Tensor] = set()

    def cost(tensor: Tensor) -> int:
        if tensor in seen or tensor in sweep.scribe.names or tensor.op is None:
            return 0
        seen.add(tensor)
        own = 0 if tensor.op.family == "shape" else tensor.value.size
        return own + sum(cost(a) for a in tensor.args if isinstance(a, Tensor))

    total = 0
    for form in reached(list(roots)):
        if isinstance(form, Leaf) and form.factor is not None:
            base = form.factor.base
            if isinstance(base, Given) and base.tensor is not None:
                total += cost(base.tensor)
    return total


# Writing down.


def _write(closed: Closed) -> None:
    sweep, definitions = closed.backward.sweep, closed.definitions
    names: dict[Base, ast.expr] = {}
    uses: Counter[Base] = Counter()
    for d in definitions:
        uses.update(b for b in bases(d.form) if isinstance(b, Gradient))
    hoisted = _twice(closed)
    printer = Printer(sweep, closed.forms, names, hoisted)
    aliases = _last_names(closed.backward)
    for d in definitions:
        step = sweep.steps.get(aliases.get(d.base, d.tensor) if d.base else d.tensor)
        target = nd.parsed(f"d{step.name}") if step is not None else None
        if target is None:
            target = ast.Name(sweep.fresh("grad"), ast.Load())
        if d.base is not None:
            names[d.base] = target
        root = closed.roots[id(d)]
        statement = _statement(closed, printer, d, target, step)
        sweep.statements.append(statement)
        if d.base is not None and root.cost:
            value = np.asarray(d.base.value)
            printer.said[id(root)] = Symbol(target, value, sweep.scribe, d.tensor)


def _last_names(backward: Backward) -> dict[Base, Tensor]:
    """Of the values that have one gradient, the one whose name it goes by: the earliest."""
    wanted = backward.wanted
    names: dict[Base, Tensor] = {}
    for tensor, g in backward.found.items():
        monomial = g.single
        if monomial is None or len(monomial) != 1 or monomial[0][1] != 1:
            continue
        factor = monomial[0][0]
        base = factor.base
        if isinstance(base, Gradient) and base.tensor is not None:
            same = base.shape == tensor.value.shape and factor.view == base.view
            if same and base.tensor not in wanted and names.get(base) not in wanted:
                names[base] = tensor
    return names


def _twice(closed: Closed) -> dict[int, str]:
    """Forms that are needed more than once, with a hint for their name."""
    counts: Counter[int] = Counter()
    forms = list(reached(list(closed.roots.values())))
    for form in forms:
        counts.update({id(part) for part in form.parts})
    counts.update(id(root) for root in closed.roots.values())
    roots = {id(root) for root in closed.roots.values()}
    names = _gradient_names(closed)
    return {
        id(form): names.get(id(form)) or _hint(form)
        for form in forms
        if counts[id(form)] > 1 and form.cost and id(form) not in roots
    }


def _gradient_names(closed: Closed) -> dict[int, str]:
    """Forms that are the gradient of a named value, with its name."""
    backward = closed.backward
    written = {d.tensor for d in closed.definitions}
    found: dict[int, str] = {}
    for tensor, g in backward.found.items():
        step = backward.sweep.steps[tensor]
        if tensor not in written and step.name.isidentifier() and len(g.terms) == 1:
            found[id(closed.forms.of(backward.ring.normal(g)))] = f"d{step.name}"
    return found


def _hint(form: Form) -> str:
    match form:
        case Summed():
            return "total"
        case Product():
            return "product"
        case _:
            return "part"


def _statement(
    closed: Closed, printer: Printer, d: Definition, target: ast.expr, step: Step | None
) -> Statement:
    sweep, tensor = closed.backward.sweep, d.tensor
    form = d.form
    if form.zero:
        node = sweep.dialect.zeros_like(nd.Like(tensor))
        return Statement(target, (node,), (), tensor, step)
    printer.keep = tensor.value.ndim > 0 and tensor.value.shape[0] == 1
    changes: tuple[Changed, ...] = ()
    terms: list[Symbol] = []
    hot, rest = _split(form)
    single = form.single
    if single is not None and len(single) == 1 and isinstance(single[0][0].base, Passed):
        symbol = _as_passed(printer, single[0][0].base)
        if isinstance(symbol.node, Changed):
            changes = (symbol.node,)
        else:
            terms.append(printer.placed(symbol, single[0][0].view))
    elif hot:
        if rest:
            terms.append(printer.symbol(closed.forms.terms(rest)))
        for base, inner in hot.items():
            changes = (*changes, _scattered(closed, printer, base, inner))
    else:
        terms.append(printer.symbol(closed.roots[id(d)]))
    terms = [_fit(printer, t, tensor) for t in terms]
    spread = ""
    if terms and terms[0].value.shape != tensor.value.shape:
        spread = "constant" if terms[0].value.ndim == 0 else "array"
    return Statement(
        target, tuple(t.node for t in terms), changes, tensor, step, spread=spread
    )


def _as_passed(printer: Printer, base: Passed) -> Symbol:
    return printer.passed(base)


def _fit(printer: Printer, x: Symbol, tensor: Tensor) -> Symbol:
    """Axes of length 1 in front, as many as the gradient must have."""
    want, have = tensor.value.shape, x.value.shape
    if len(have) > len(want):
        return printer.apply(GETITEM, x, index=(0,) * (len(have) - len(want)))
    missing = len(want) - len(have)
    if have and missing and want[:missing] == (1,) * missing and want[missing:] == have:
        return printer.apply(GETITEM, x, index=(None,) * missing if missing > 1 else None)
    return x


def _split(form: Poly) -> tuple[dict[OneHot, Terms], Terms]:
    """The terms with a one-hot factor, by factor, without it; and the other terms."""
    hot: dict[OneHot, Terms] = {}
    rest: Terms = {}
    for monomial, coefficient in form.terms.items():
        found = [
            f for f, e in monomial if isinstance(f.base, OneHot) and e == 1 and f.view == f.base.view
        ]
        if len(found) == 1 and isinstance(base := found[0].base, OneHot):
            inner = tuple((f, e) for f, e in monomial if f is not found[0])
            hot.setdefault(base, {})[inner] = coefficient
        else:
            rest[monomial] = coefficient
    return hot, rest


def _scattered(closed: Closed, printer: Printer, base: OneHot, inner: Terms) -> Changed:
    """`d[np.arange(n), y] += inner`, where inner is read at the same elements."""
    symbol = printer.symbol(closed.forms.terms(inner))
    if 0 in {place for m in inner for place in tm.places(m)}:
        symbol = printer.apply(GETITEM, symbol, index=base.index)
    elif symbol.value.ndim == 2:
        symbol = printer.apply(GETITEM, symbol, index=(slice(None), 0))
    found = printer.apply(SCATTER, symbol, index=base.index, shape=base.worded)
    assert isinstance(found.node, Changed)
    return found.node
