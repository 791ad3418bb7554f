"""Names, numbers and operators, from Python to mathematics."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from byhand.rendering.derivation.expressions import elementwise, is_count, is_number, without_minus
from byhand.rendering.derivation.notation import Notation

RELATION, SUM, NEGATIVE, TERM, PRODUCT, POWER, ATOM = range(7)
"""How tightly the outermost sign of a formula binds. A TERM is a big sum, open to its right."""

MODULES = {"np", "numpy", "torch", "F", "math"}

COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "=", ast.NotEq: "≠", ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥",
}  # fmt: skip

JOINED: dict[type[ast.AST], str] = {
    ast.And: "∧", ast.Or: "∨", ast.BitAnd: "∧", ast.BitOr: "∨", ast.Mod: "mod",
}  # fmt: skip


@dataclass(frozen=True)
class FormulaTerm:
    """A piece of a formula, and how tightly its outermost sign binds."""

    markup: str
    level: int = ATOM


class Operators:
    """Writes names, numbers and what operators make of them."""

    def __init__(self, notation: Notation, gradients: Collection[str]) -> None:
        """`gradients` are the locals that are gradients, such as dx and dW."""
        self.to = notation
        self.gradients = gradients

    def __call__(self, node: ast.expr) -> str:
        return self.piece(node).markup

    def piece(self, node: ast.expr) -> FormulaTerm:
        to = self.to
        match node:
            case ast.Constant(value=value):
                return self.constant(value)
            case ast.Name(id=name):
                return FormulaTerm(self.name(name))
            case ast.BinOp(left=left, op=op, right=right):
                return self.operation(left, op, right)
            case ast.UnaryOp(op=ast.USub(), operand=inside):
                return FormulaTerm(to.row([to.sign("−"), self.at(inside, TERM)]), NEGATIVE)
            case ast.UnaryOp(op=ast.UAdd(), operand=inside):
                return self.piece(inside)
            case ast.UnaryOp(operand=inside):
                return FormulaTerm(to.row([to.sign("¬"), self.at(inside, POWER)]), PRODUCT)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.comparison(left, COMPARED.get(type(op), "∈"), right)
            case ast.BoolOp(op=op, values=values):
                return self.joined(JOINED[type(op)], values)
            case ast.Attribute(value=inside, attr="T" | "mT"):
                return self.transposed(inside)
            case ast.Attribute(value=ast.Name(id=module), attr=attr) if module in MODULES:
                return self.constant_of(attr)
            case ast.Attribute(value=inside, attr=attr):
                return self.function(attr, [inside])
            case ast.Subscript(value=inside, slice=index):
                return self.item(inside, index)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return FormulaTerm(to.fenced("(", self.commas(items), ")"))
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.cases(test, body, other)
            case ast.Call():
                return self.call(node)
            case _:
                return FormulaTerm(to.words(ast.unparse(node)))

    def at(self, node: ast.expr, level: int) -> str:
        """The expression, in brackets where it binds less tightly than `level`."""
        piece = self.piece(node)
        return piece.markup if piece.level >= level else self.bracketed(piece.markup)

    def bracketed(self, markup: str) -> str:
        return self.to.fenced("(", markup, ")")

    def commas(self, nodes: Sequence[ast.expr]) -> str:
        return self.row_of(",", [self(node) for node in nodes])

    def row_of(self, sign: str, markups: Sequence[str]) -> str:
        """Pieces of markup with a sign between them."""
        parts = [part for markup in markups for part in (self.to.sign(sign), markup)]
        return self.to.row(parts[1:])

    # Names and numbers.

    def name(self, name: str) -> str:
        if name not in self.gradients:
            return self.to.name(name)
        return self.to.row([self.to.word("d"), self.to.name(name[1:])])

    def constant(self, value: object) -> FormulaTerm:
        to = self.to
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return FormulaTerm(to.sign("…") if value is ... else to.words(str(value)))
        text = repr(value).removesuffix(".0")
        digits, _, exponent = text.partition("e")
        if not exponent:
            return FormulaTerm(to.number(text))
        raised = to.number(str(abs(int(exponent))))
        raised = to.row([to.sign("−"), raised]) if exponent.startswith("-") else raised
        power = to.above(to.number("10"), raised)
        if digits == "1":
            return FormulaTerm(power, POWER)
        return FormulaTerm(to.row([to.number(digits), to.sign("·"), power]), PRODUCT)

    def constant_of(self, attr: str) -> FormulaTerm:
        sign = {"inf": "∞", "pi": "π", "newaxis": "·"}.get(attr)
        return FormulaTerm(self.to.sign(sign) if sign else self.to.word(attr))

    # Operators.

    def operation(self, left: ast.expr, op: ast.operator, right: ast.expr) -> FormulaTerm:
        to = self.to
        match op:
            case ast.Add() | ast.Sub():
                sign = "+" if isinstance(op, ast.Add) else "−"
                after = self.at(right, TERM)
                return FormulaTerm(to.row([self.at(left, SUM), to.sign(sign), after]), SUM)
            case ast.Mult():
                return self.product(left, right)
            case ast.Div():
                return self.quotient(left, right)
            case ast.MatMult():
                level = POWER if elementwise(left) else PRODUCT
                factors = [self.at(left, level), to.space(), self.at(right, POWER)]
                return FormulaTerm(to.row(factors), PRODUCT)
            case ast.Pow():
                return FormulaTerm(to.above(self.at(left, ATOM), self(right)), POWER)
            case ast.FloorDiv():
                return FormulaTerm(to.fenced("⌊", to.fraction(self(left), self(right)), "⌋"))
            case _:
                return self.joined(JOINED.get(type(op), "·"), [left, right])

    def product(self, left: ast.expr, right: ast.expr) -> FormulaTerm:
        """Elementwise, unless one of them is just a number. A minus in front stays in front."""
        if isinstance(right, ast.Constant) and not is_number(left):
            left, right = right, left
        before = self.piece(left)
        level = NEGATIVE if before.level == NEGATIVE else PRODUCT
        markup = before.markup if before.level >= PRODUCT or level == NEGATIVE else ""
        factors = [markup or self.bracketed(before.markup), self.at(right, POWER)]
        return FormulaTerm(self.to.row([factors[0], self.times(left, right), factors[1]]), level)

    def times(self, left: ast.expr, right: ast.expr) -> str:
        numbers = is_number(left) + is_number(right)
        return self.to.space() if numbers == 1 else self.to.sign("·" if numbers else "⊙")

    def quotient(self, top: ast.expr, bottom: ast.expr) -> FormulaTerm:
        """One fraction, also for a / b / c; a minus stands before it."""
        below = [bottom]
        while isinstance(top, ast.BinOp) and isinstance(top.op, ast.Div):
            below.insert(0, top.right)
            top = top.left
        bare = without_minus(top)
        if bare is not None:
            whole = self._fraction(bare, below)
            return FormulaTerm(self.to.row([self.to.sign("−"), whole]), NEGATIVE)
        return FormulaTerm(self._fraction(top, below), POWER)

    def _fraction(self, top: ast.expr, below: list[ast.expr]) -> str:
        product = below[0]
        for factor in below[1:]:
            product = ast.BinOp(product, ast.Mult(), factor)
        return self.to.fraction(self(top), self(product))

    def comparison(self, left: ast.expr, sign: str, right: ast.expr) -> FormulaTerm:
        """1 where it holds and 0 elsewhere: Iverson's bracket."""
        to = self.to
        if is_count(right):  # y[:, None] == np.arange(n): one in each row
            sides = [to.below(self.at(left, ATOM), to.name("i")), to.name("j")]
        else:
            sides = [self(left), self(right)]
        return FormulaTerm(to.fenced("[", to.row([sides[0], to.sign(sign), sides[1]]), "]"))

    def joined(self, sign: str, values: Sequence[ast.expr]) -> FormulaTerm:
        return FormulaTerm(self.row_of(sign, [self.at(value, POWER) for value in values]), RELATION)

    def transposed(self, inside: ast.expr, axes: str = "") -> FormulaTerm:
        to = self.to
        mark = to.sign("⊤")
        raised = to.row([mark, to.fenced("(", to.number(axes), ")")]) if axes else mark
        return FormulaTerm(to.above(self.at(inside, ATOM), raised), POWER)

    def cases(self, test: ast.expr, yes: ast.expr, no: ast.expr) -> FormulaTerm:
        match test:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sign = self.to.sign(COMPARED.get(type(op), "∈"))
                when = self.to.row([self(left), sign, self(right)])
            case _:
                when = self(test)
        when = self.to.row([self.to.words("if "), when])
        rows = [(self(yes), when), (self(no), self.to.words("otherwise"))]
        return FormulaTerm(self.to.cases(rows), TERM)

    # Items and calls, which have files of their own.

    def item(self, inside: ast.expr, index: ast.expr) -> FormulaTerm:
        raise NotImplementedError

    def call(self, node: ast.Call) -> FormulaTerm:
        raise NotImplementedError

    def function(self, name: str, operands: Sequence[ast.expr]) -> FormulaTerm:
        """name(a, b)"""
        return FormulaTerm(self.to.row([self.to.word(name), self.bracketed(self.commas(operands))]))
