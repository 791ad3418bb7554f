"""From Python to mathematics: one walk over an expression, whatever it is written down in.

NumPy's and PyTorch's words are both understood. Letters stand for axes: i for the first, j for the
second. What broadcasting does silently in the code stays silent in the formula.
"""

from __future__ import annotations

import ast

from byhand.rendering.derivation import functions
from byhand.rendering.derivation.expressions import is_count
from byhand.rendering.derivation.operators import ATOM, FormulaTerm, Operators


class Formula(Operators):
    """Writes whole expressions in a notation."""

    def call(self, node: ast.Call) -> FormulaTerm:
        return functions.call(self, node)

    def item(self, inside: ast.expr, index: ast.expr) -> FormulaTerm:
        to = self.to
        items = index.elts if isinstance(index, ast.Tuple) else [index]
        if all(_only_broadcasts(item) for item in items):
            return self.piece(inside)
        match inside:
            case ast.Call(func=ast.Attribute(attr="eye")):
                return FormulaTerm(to.row([to.word("onehot"), self.bracketed(self(index))]))
            case ast.Attribute(value=array, attr="shape"):
                return FormulaTerm(
                    to.row([to.below(to.word("len"), self(index)), self.bracketed(self(array))])
                )
            case _:
                counted = any(is_count(item) for item in items)
                written = [self.index(item, counted) for item in items]
                return FormulaTerm(to.below(self.at(inside, ATOM), self.row_of(",", written)))

    def index(self, node: ast.expr, counted: bool) -> str:
        """One part of an index; beside an arange, the others stand for their i-th element."""
        to = self.to
        match node:
            case ast.Slice(lower=lower, upper=upper, step=step):
                ends = [self(end) if end else "" for end in (lower, upper)]
                parts = [ends[0], to.sign(":"), ends[1]]
                return to.row([*parts, *([to.sign(":"), self(step)] if step else [])])
            case ast.Constant(value=None):
                return to.sign("·")
            case _ if is_count(node):
                return to.name("i")
            case _ if counted:
                return to.below(self.at(node, ATOM), to.name("i"))
            case _:
                return self(node)


def _only_broadcasts(item: ast.expr) -> bool:
    """Whether a part of an index takes everything: `:`, `...` or `None`."""
    match item:
        case ast.Constant(value=value):
            return value is None or value is ...
        case ast.Slice(lower=None, upper=None, step=None):
            return True
        case _:
            return False
