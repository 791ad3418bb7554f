"""Closed forms as statements of a backward, for the same writer that writes every step.

A sum with a one-hot array is written as a person would: the other terms, changed where it is 1.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from byhand.codegen import nodes as nd
from byhand.codegen.nodes import Changed
from byhand.codegen.symbol import Symbol
from byhand.deriving.closed import terms as tm
from byhand.deriving.closed.backward import Backward, Definition, scatters
from byhand.deriving.closed.bases import ForwardValue, OneHot, VjpResult, WrittenGradient
from byhand.deriving.closed.expressions import (
    Add,
    Apply,
    Expr,
    Leaf,
    Mul,
    Permute,
    Pow,
    Reduce,
    Where,
    reached,
)
from byhand.deriving.closed.order import in_order
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.printing import Printer
from byhand.deriving.closed.search import Closed
from byhand.deriving.closed.terms import Base, Terms
from byhand.deriving.steps.contributions import Assignment
from byhand.deriving.steps.names import FreshNames
from byhand.deriving.steps.sweep import Swept
from byhand.engine.tensor import Tensor
from byhand.ops.indexing import GETITEM, SCATTER
from byhand.program.program import Step

DEEP = 8  # forms within forms: what stands deeper gets a statement of its own


@dataclass(frozen=True)
class Stated:
    """Closed forms as statements, and the names of the gradients that they write."""

    swept: Swept
    names: Mapping[Base, ast.expr]


def state(closed: Closed) -> Stated:
    """A statement for every definition, after those of what it needs."""
    context = closed.backward.context
    free = FreshNames(context.taken)
    statements: list[Assignment] = []

    def hoist(node: ast.expr, hint: str) -> ast.expr:
        name = ast.Name(free.fresh(hint), ast.Load())
        statements.append(Assignment.of(name, node))
        return name

    names: dict[Base, ast.expr] = {}
    said: dict[int, Symbol] = {}
    emitter = context.emitter(hoist)
    printer = Printer(context, emitter, closed.factoring, names, _hoisted(closed), said=said)
    aliases = _last_names(closed.backward)
    program, wanted = context.program, closed.backward.wanted
    for d in in_order(closed):
        step = context.steps.get(aliases.get(d.base, d.tensor) if d.base else d.tensor)
        target = nd.parsed(f"d{step.name}") if step is not None else None
        if step is not None and len(program.bindings[step.name]) > 1 and d.tensor not in wanted:
            target = ast.Name(free.fresh(f"grad_{step.name}"), ast.Load())
        if target is None:
            target = ast.Name(free.fresh("grad"), ast.Load())
        if d.base is not None:
            names[d.base] = target
        root = closed.roots[id(d)]
        statement = _statement(closed, printer, d, target, step)
        if [nd.shown(t) for t in statement.terms] == [nd.shown(target)]:
            continue  # it goes by this name already
        statements.append(statement)
        if d.base is not None and root.cost:
            value = np.asarray(d.base.value)
            said[id(root)] = Symbol(target, value, emitter, d.tensor)
    return Stated(Swept(tuple(statements), frozenset(free.taken)), names)


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
        if isinstance(base, WrittenGradient) and base.tensor is not None:
            same = base.shape == tensor.value.shape and factor.view == base.view
            if same and base.tensor not in wanted and names.get(base) not in wanted:
                names[base] = tensor
    return names


def _hoisted(closed: Closed) -> dict[int, tuple[str, tuple[int, ...] | None]]:
    """Expressions that get a statement of their own, with a hint for their name: what is needed
    more than once, and what would stand too deep in brackets."""
    counts: Counter[int] = Counter()
    forms = list(reached(list(closed.roots.values())))
    for form in forms:
        counts.update({id(part) for part in form.parts})
    counts.update(id(root) for root in closed.roots.values())
    roots = {id(root) for root in closed.roots.values()}
    names = _gradient_names(closed)
    found: dict[int, tuple[str, tuple[int, ...] | None]] = {}
    depths: dict[int, int] = {}
    for form in forms:
        depth = 1 + max((depths[id(part)] for part in form.parts), default=-1)
        often = counts[id(form)] > 1
        if (often or depth >= DEEP) and form.cost and form.lengths and id(form) not in roots:
            found[id(form)] = names.get(id(form)) or (_hint(closed, form), None)
        depths[id(form)] = 0 if id(form) in found or id(form) in roots else depth
    return found


def _gradient_names(closed: Closed) -> dict[int, tuple[str, tuple[int, ...] | None]]:
    """Expressions that are the gradient of a named value, with its name."""
    backward = closed.backward
    written = {d.tensor for d in closed.definitions}
    found: dict[int, tuple[str, tuple[int, ...] | None]] = {}
    for tensor, g in backward.found.items():
        step = backward.context.steps[tensor]
        form = closed.factoring.of(closed.factoring.ring.normal(g))
        if tensor not in written and step.name.isidentifier() and form.size == tensor.value.size:
            found[id(form)] = f"d{step.name}", tensor.value.shape
    return found


def _hint(closed: Closed, form: Expr) -> str:
    """A name for a part that is used more than once: what it is, and of what."""
    names = closed.backward.context.names
    for leaf in reached([form]):
        base = leaf.factor.base if isinstance(leaf, Leaf) and leaf.factor is not None else None
        tensor = base.tensor if isinstance(base, ForwardValue) else None
        said = None if tensor is None else names.get(tensor)
        if isinstance(said, ast.Name):
            return f"{_noun(form)}_{said.id}"
    return _noun(form)


def _noun(form: Expr) -> str:
    match form:
        case Permute(parts=(part,)):
            return _noun(part)
        case Leaf():
            return "grad"
        case Reduce():
            noun = "total"
        case Mul():
            noun = "product" if form.above > 1 else "ratio"
        case Pow():
            noun = "power"
        case Add(signs=signs):
            noun = "sum" if min(signs) > 0 else "difference"
        case Where():
            noun = "chosen"
        case Apply(base=base) if base is not None and base.op is not None:
            noun = base.op.name
        case _:
            noun = "part"
    return noun


def _statement(
    closed: Closed, printer: Printer, d: Definition, target: ast.expr, step: Step | None
) -> Assignment:
    tensor = d.tensor
    form = d.form
    if form.zero:
        node = closed.backward.context.dialect.zeros_like(nd.ShapeLike(tensor))
        return Assignment(target, (node,), (), tensor, step)
    printer = replace(printer, keep=tensor.value.ndim > 0 and tensor.value.shape[0] == 1)
    changes: tuple[Changed, ...] = ()
    terms: list[Symbol] = []
    hot, rest = _split(form)
    if any(scatters(m, form.shape) for m in form.terms):
        changes, terms = _with_scatters(closed, printer, form)
    elif hot and (not rest or all(0 not in tm.places(m) for inner in hot.values() for m in inner)):
        if rest:
            terms.append(printer.symbol(closed.factoring.terms(rest)))
        for base, inner in hot.items():
            changes = (*changes, _scattered(closed, printer, d, base, inner))
    else:
        terms.append(printer.symbol(closed.roots[id(d)]))
    terms = [printer.fitted(t, tensor.value.shape) for t in terms]
    spread = ""
    if terms and terms[0].value.shape != tensor.value.shape:
        spread = "constant" if terms[0].value.ndim == 0 else "array"
    return Assignment(target, tuple(t.node for t in terms), changes, tensor, step, spread=spread)


def _with_scatters(
    closed: Closed, printer: Printer, form: Poly
) -> tuple[tuple[Changed, ...], list[Symbol]]:
    """What reading some elements hands back is put in place; the other terms come before."""
    changes: list[Changed] = []
    terms: list[Symbol] = []
    rest = {m: c for m, c in form.terms.items() if not (c == 1 and scatters(m, form.shape))}
    if rest:
        terms.append(printer.symbol(closed.factoring.terms(rest)))
    for monomial, coefficient in form.terms.items():
        base = monomial[0][0].base if monomial else None
        if (
            coefficient != 1
            or not scatters(monomial, form.shape)
            or not isinstance(base, VjpResult)
        ):
            continue
        symbol = printer.passed(base)
        if isinstance(symbol.node, Changed) and symbol.node.adds:
            changes.append(symbol.node)
        else:
            terms.append(printer.emitter.plain(symbol))
    return tuple(changes), terms


def _split(form: Poly) -> tuple[dict[OneHot, Terms], Terms]:
    """The terms with a one-hot factor, by factor, without it; and the other terms."""
    hot: dict[OneHot, Terms] = {}
    rest: Terms = {}
    for monomial, coefficient in form.terms.items():
        found = [
            f
            for f, e in monomial
            if isinstance(f.base, OneHot) and e == 1 and f.view == f.base.view
        ]
        if len(found) == 1 and isinstance(base := found[0].base, OneHot):
            inner = tuple((f, e) for f, e in monomial if f is not found[0])
            hot.setdefault(base, {})[inner] = coefficient
        else:
            rest[monomial] = coefficient
    return hot, rest


def _scattered(
    closed: Closed, printer: Printer, d: Definition, base: OneHot, inner: Terms
) -> Changed:
    """`d[np.arange(n), y] += inner`, where inner is read at the same elements."""
    ring = closed.factoring.ring
    places = {place for m in inner for place in tm.places(m)}
    if 0 not in places:  # one number for each row
        rows = ring.moved(Poly(ring, inner, base.worded), {p: p - 1 for p in places}, base.worded)
        symbol = printer.symbol(closed.factoring.of(rows))
    else:
        symbol = printer.symbol(closed.factoring.terms(inner))
        whole = Symbol(symbol.node, symbol.value, symbol.emitter, d.tensor)
        symbol = printer.apply(GETITEM, whole, index=base.index)
    found = printer.apply(SCATTER, symbol, index=base.index, shape=base.worded)
    assert isinstance(found.node, Changed)
    return found.node
