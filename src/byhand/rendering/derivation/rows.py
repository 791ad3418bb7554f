"""The statements of a backward as rows of formulas: a left side, a sign, a right side."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from byhand.deriving.derivation import Derivation, DerivedStep, Lemma
from byhand.rendering.derivation import wording
from byhand.rendering.derivation.formula import Formula
from byhand.rendering.derivation.notation import Notation

SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+=", ast.Sub: "−=", ast.Mult: "⊙=", ast.Div: "/=",
}  # fmt: skip


@dataclass(frozen=True)
class FormulaRow:
    """A row of a formula. `why` is what allows it; `depth` how many loops it stands in."""

    left: str
    sign: str
    right: str
    why: str = ""
    depth: int = 0


def formula_of(derivation: Derivation, notation: Notation) -> Formula:
    """The writer for a derivation, who knows which of its names are gradients."""
    found = {f"d{step.name.partition('[')[0]}" for step in derivation.steps if step.name}
    for name in reversed(derivation.parameters):  # upstream gradients come last
        if not name.startswith("d") or len(name) == 1:
            break
        found.add(name)
    return Formula(notation, found)


def rows(step: DerivedStep, formula: Formula) -> list[FormulaRow]:
    """A step as formulas: its rewrites from the first to the last, or else its statements."""
    rewrites = wording.rewrites(step)
    if not rewrites:
        return list(_statements(ast.parse(step.code).body, formula, 0))
    found: list[FormulaRow] = []
    left = gradient(step.name, formula)
    for rewrite in rewrites:
        right = _expression(rewrite.code, formula)
        found.append(FormulaRow("" if found else left, "=", right, rewrite.why))
    return found


def lemma_row(lemma: Lemma, formula: Formula) -> FormulaRow:
    """A lemma as a row: its two sides, and why they are equal."""
    return FormulaRow(
        _expression(lemma.left, formula), "=", _expression(lemma.right, formula), lemma.why
    )


def gradient(name: str, formula: Formula) -> str:
    """What is sought: the derivative of the loss with respect to `name`."""
    to = formula.to
    below = to.row([to.sign("∂"), _expression(name, formula)])
    return to.fraction(to.row([to.sign("∂"), to.name("L")]), below)


def _expression(code: str, formula: Formula) -> str:
    try:
        return formula(ast.parse(code.strip(), mode="eval").body)
    except SyntaxError:
        return formula.to.words(code)


def _statements(body: list[ast.stmt], formula: Formula, depth: int) -> Iterator[FormulaRow]:
    to = formula.to
    for node in body:
        match node:
            case ast.For(target=target, iter=over, body=inner):
                yield FormulaRow("", "", _loop(target, over, formula), depth=depth)
                yield from _statements(inner, formula, depth + 1)
            case ast.Assign(targets=[target], value=value) if not _bookkeeping(value):
                yield FormulaRow(_target(target, formula), "=", formula(value), depth=depth)
            case ast.AugAssign(target=target, op=op, value=value):
                sign = SIGNS.get(type(op), "=")
                yield FormulaRow(formula(target), sign, formula(value), depth=depth)
            case ast.Expr(value=ast.Call() as call) if _added(call):
                place, index, value = _added(call)
                yield FormulaRow(
                    formula.item(place, index).markup, "+=", formula(value), depth=depth
                )
            case ast.Assign():
                continue
            case _:
                yield FormulaRow("", "", to.words(ast.unparse(node)), depth=depth)


def _added(call: ast.Call) -> tuple[ast.expr, ...]:
    """Where and at which index a call adds which values; nothing for any other call."""
    match call:
        case ast.Call(func=ast.Attribute(attr="at"), args=[place, index, value]):
            return place, index, value
        case ast.Call(
            func=ast.Attribute(value=place, attr="index_put_"),
            args=[ast.Tuple(elts=[index]) | index, value],
            keywords=[ast.keyword(arg="accumulate")],
        ):
            return place, index, value
        case _:
            return ()


def _target(target: ast.expr, formula: Formula) -> str:
    """A gradient as a derivative of the loss; anything else as it is called."""
    match target:
        case ast.Name(id=name) if name in formula.gradients:
            return gradient(name[1:], formula)
        case ast.Tuple(elts=elts):
            return formula.row_of(",", [_target(each, formula) for each in elts])
        case _:
            return formula(target)


def _bookkeeping(value: ast.expr) -> bool:
    """Whether it only makes room: a list to be filled."""
    match value:
        case ast.ListComp() | ast.BinOp(left=ast.List()):
            return True
        case _:
            return False


def _loop(target: ast.expr, over: ast.expr, formula: Formula) -> str:
    to = formula.to
    counter = formula(target)
    match over:
        case ast.Call(func=ast.Name(id="range"), args=[end]):
            ends = [to.number("0"), to.sign("…"), _last(end, formula)]
        case ast.Call(
            func=ast.Name(id="reversed"),
            args=[ast.Call(func=ast.Name(id="range"), args=[end])],
        ):
            ends = [_last(end, formula), to.sign("…"), to.number("0")]
        case _:
            return to.row([to.words("for "), counter, to.sign("∈"), formula(over)])
    listed = formula.row_of(",", ends)
    return to.row([to.words("for "), counter, to.sign("="), listed])


def _last(end: ast.expr, formula: Formula) -> str:
    return formula(ast.BinOp(end, ast.Sub(), ast.Constant(1)))
