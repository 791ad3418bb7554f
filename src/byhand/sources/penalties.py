"""What keeps parameters small: `dW = X.T @ d / n + reg * W` is the gradient of a loss with
`reg / 2 * (W ** 2).sum()` added to it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterable, Iterator, Sequence

from byhand.errors import ProblemError
from byhand.program.expressions import added_terms
from byhand.sources.flow import reads
from byhand.sources.updates import Update


def penalties(
    steps: Iterable[Update], statements: Sequence[ast.stmt], known: Collection[str]
) -> Iterator[str]:
    """What each step adds to the loss, as text to be put after it. `known` are the names that
    forward has.

    Raises ProblemError where two branches have another one.
    """
    for step in steps:
        values = [step.gradient, *_bound_to(step.gradient, statements)]
        terms = [
            term
            for value in values
            for term in added_terms(value)
            if _scales(term, step.name) and reads(term) <= {*known}
        ]
        said = {ast.unparse(term): term for term in terms}
        if len(said) > 1 and any(isinstance(each, ast.If) for each in statements):
            one, other = [*said][:2]
            raise ProblemError(
                f"{said[other].lineno}: {step.name} is kept small by {other} here, and by {one} in "
                f"line {said[one].lineno}: no loss has both, so neither is judged"
            )
        yield from (_penalty(term, step.name) for term in said.values())


def _bound_to(gradient: ast.expr, statements: Sequence[ast.stmt]) -> Iterator[ast.expr]:
    """What the gradient that a step is taken with is made of."""
    for node in (part for each in statements for part in ast.walk(each)):
        match node, gradient:
            case ast.Assign(targets=[ast.Name(id=name)], value=value), ast.Name(id=own):
                if name == own:
                    yield value
            case (
                ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value),
                ast.Name(id=own),
            ):
                if name == own:
                    yield value
            case _:
                pass


def _scales(node: ast.expr, parameter: str) -> bool:
    """Whether a term is numbers times a parameter, once."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _scales(left, parameter) != _scales(right, parameter) and all(
                _scales(each, parameter) or _is_number(each, parameter) for each in (left, right)
            )
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _scales(left, parameter) and _is_number(right, parameter)
        case ast.Name(id=name):
            return name == parameter
        case _:
            return False


def _is_number(node: ast.expr, parameter: str) -> bool:
    parts = [*ast.walk(node)]
    if any(isinstance(each, ast.Constant) and each.value == 0 for each in parts):
        return False
    plain = (ast.BinOp, ast.operator, ast.Name, ast.Constant, ast.expr_context)
    return parameter not in reads(node) and all(isinstance(each, plain) for each in parts)


def _penalty(term: ast.expr, parameter: str) -> str:
    class Squared(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            if node.id != parameter:
                return node
            return ast.parse(f"({parameter} ** 2).sum() / 2", mode="eval").body

    return f" + {ast.unparse(Squared().visit(copy.deepcopy(term)))}"
