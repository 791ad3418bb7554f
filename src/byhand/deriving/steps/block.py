"""Assignments as lines, one after the other."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from byhand.codegen import nodes as nd
from byhand.codegen.nodes import Changed, ShapeLike
from byhand.deriving.steps.context import Context
from byhand.deriving.steps.contributions import Assignment
from byhand.deriving.steps.line import Line, added, is_view, merged, total_of
from byhand.deriving.steps.name_resolution import NameResolver, root_of
from byhand.engine.tensor import Tensor

ONE_SUM = 88  # characters: a longer sum of several paths is written with +=


@dataclass(frozen=True)
class Block:
    """Writes assignments, in the words of a resolver."""

    resolver: NameResolver

    @property
    def context(self) -> Context:
        return self.resolver.context

    def lines(self, block: Sequence[Assignment], later: Sequence[Assignment] = ()) -> list[Line]:
        """Statements one after the other. `later` come after them."""
        targets = [nd.shown(s.target) for s in [*block, *later]]
        begun = [s.begun for s in [*block, *later]]
        lines: list[Line] = []
        for i, statement in enumerate(block):
            rest = zip(targets[i + 1 :], begun[i + 1 :], strict=True)
            lines.append(self.line(statement, any(b and t == targets[i] for t, b in rest)))
        return lines

    def line(self, statement: Assignment, again: bool) -> Line:
        """One statement. `again` says that more is added to it later."""
        target = nd.rebuilt(statement.target, self.resolver.settled)
        changes: list[Changed] = [nd.rebuilt(c, self.resolver.settled) for c in statement.changes]
        made = self.sum(statement, target, again or statement.own or bool(changes))
        for change in changes:
            first = not made and not statement.begun
            if first:
                made.append(ast.Assign([nd.store(target)], self.base(change, statement, target)))
            made += change.change(target, first and change.base is None)
        step = statement.step
        return Line(
            tuple(nd.tidied(node) for node in made),
            step.name if step else "",
            statement.remark,
            step.source if step else "",
            step.line if step else None,
        )

    def sum(self, statement: Assignment, target: ast.expr, own: bool) -> list[ast.stmt]:
        """The terms as one assignment, or if that is long as several. `own`: changed later."""
        terms = merged([nd.tidied(nd.rebuilt(t, self.resolver.settled)) for t in statement.terms])
        if not terms:
            return []
        tensor = statement.tensor
        scalar = tensor if tensor is not None and tensor.value.ndim == 0 else None
        if statement.spread and scalar is not None:
            terms = [total_of(terms)]
        elif statement.spread and not statement.begun:
            terms = [self.spread(statement, total_of(terms), target)]
        if len(nd.text(total_of(terms))) <= ONE_SUM or not (statement.whole or statement.begun):
            terms = [total_of(terms)]
        if statement.begun:
            return [added(target, term) for term in terms]
        first, *rest = terms
        if (own or rest) and is_view(first):
            first = self.context.dialect.copy(first, scalar is not None)
        if scalar is not None and self.plain(first):
            first = self.context.dialect.constant(first, self.like(scalar))
        assigned = ast.Assign([nd.store(target)], first)
        return [assigned, *(added(target, term) for term in rest)]

    def spread(self, statement: Assignment, total: ast.expr, target: ast.expr) -> ast.expr:
        """A sum that is smaller than its array, in full shape."""
        constant, number = statement.spread == "constant", nd.literal(total)
        if constant and number is not None:
            total = ast.Constant(float(number))
        like = target if statement.tensor is None else self.like(statement.tensor)
        return self.context.dialect.spread(total, like, constant)

    def base(self, change: Changed, statement: Assignment, target: ast.expr) -> ast.expr:
        """What is changed in place: a copy, or zeros."""
        if change.base is not None:
            return self.context.dialect.copy(change.base)
        like = change.like if isinstance(change.like, Tensor) else statement.tensor
        if like is not None:
            return self.context.dialect.zeros_like(self.like(like))
        shape = nd.rebuilt(self.context.emitter().node(change.like), self.resolver.settled)
        return self.context.dialect.zeros(shape, change.of or target)

    def like(self, tensor: Tensor) -> ast.expr:
        return nd.rebuilt(ShapeLike(tensor), self.resolver.settled)

    def plain(self, node: ast.expr) -> bool:
        """Whether an expression has no array in it."""
        arrays = {root_of(nd.text(said)) for said in self.context.names.values()}
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return not names & (arrays | {f"d{name}" for name in arrays})
