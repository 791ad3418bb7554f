"""Rounds of a training on a hinge loss: the label times an output says which steps are taken.

    condition = y * (x @ w - b) >= 1
    if condition:
        w -= lr * reg * w
    else:
        w -= lr * (reg * w - y * x)
        b -= lr * y

The output gets a name of its own, and the steps in the branches become one, with the gradient that
each branch has.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Sequence

from byhand.sources.assemble import assign, located, statement
from byhand.sources.flow import binds, reads, valued
from byhand.sources.from_a_loss import is_label
from byhand.sources.updates import Update, update_of

OUTPUT = "scores"


def of_hinges(body: Sequence[ast.stmt], before: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a round with its output by itself, and its steps after its branches; as
    they are where no label is multiplied with an output. What is made of labels `before` it, or in
    it, is labels, too."""
    labels = _labels([*before, *body])
    names = {name for node in body for name in reads(node) | binds(node)}
    if OUTPUT in names:
        return [*body]
    found: list[ast.stmt] = []
    for node in body:
        output = _output(_deciding(node), labels)
        if output is None or any(OUTPUT in binds(each) for each in found):
            found += _with_one_step_each(node) if isinstance(node, ast.If) else [node]
            continue
        found.append(assign(OUTPUT, copy.deepcopy(output), node))
        made = as_named(output, OUTPUT, copy.deepcopy(node))
        found += _with_one_step_each(made) if isinstance(made, ast.If) else [made]
    return found if any(OUTPUT in binds(each) for each in found) else [*body]


def _deciding(node: ast.stmt) -> ast.expr | None:
    """What a statement may decide by."""
    match node:
        case ast.If(test=value) | ast.Assign(value=value):
            return value
        case _:
            return None


def _labels(statements: Sequence[ast.stmt]) -> frozenset[str]:
    """What is called as labels are, and what is made of nothing but these, `np.where(y > 0, 1,
    -1)`."""
    found = {name for node in statements for name in reads(node) if is_label(name)}
    for node in statements:
        values = valued(node) - {"np", "numpy", "torch"}
        if isinstance(node, ast.Assign) and values and values <= found:
            found |= binds(node)
    return frozenset(found)


def _output(node: ast.expr | None, labels: Collection[str]) -> ast.expr | None:
    """What a label is multiplied with, where it is computed there: `x @ w` of `y * (x @ w)`."""
    for part in ast.walk(node) if node is not None else ():
        match part:
            case ast.BinOp(left=one, op=ast.Mult(), right=other):
                for label, output in ((one, other), (other, one)):
                    told = isinstance(label, ast.Name) and label.id in labels
                    computed = isinstance(output, ast.BinOp | ast.Call)
                    if told and computed and not valued(output) & {*labels}:
                        return output
            case _:
                pass
    return None


def as_named(value: ast.expr, name: str, node: ast.stmt) -> ast.stmt:
    """A statement with a name for all that says the same as `value`."""
    _Named(ast.unparse(value), name).generic_visit(node)
    return node


class _Named(ast.NodeTransformer):
    """What says `text` by its name."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and ast.unparse(node) == self.text:
            return ast.copy_location(ast.Name(self.name, ast.Load()), node)
        return self.generic_visit(node)


def _with_one_step_each(node: ast.If) -> list[ast.stmt]:
    """A branch that takes steps as one that says the gradients, with the steps below it."""
    steps = [step for each in (node.body, node.orelse) for step in _steps(each)]
    if not steps:
        return [node]
    names = list(dict.fromkeys(step.name for step in steps))
    made = copy.copy(node)
    made.body = _gradients(node.body, names, node)
    made.orelse = _gradients(node.orelse, names, node)
    rates = {step.name: step.rate or "1.0" for step in steps}
    last = node.body[-1]
    return [made, *(statement(f"{n} = {n} - {rates[n]} * d{n}", last) for n in names)]


def _steps(body: Sequence[ast.stmt]) -> Iterator[Update]:
    return (step for each in body if (step := update_of(each)) is not None)


def _gradients(body: Sequence[ast.stmt], names: Sequence[str], where: ast.If) -> list[ast.stmt]:
    """A branch with what its steps are taken with, as gradients; zero where it takes none."""
    taken = {step.name: (step, each) for each in body if (step := update_of(each)) is not None}
    found = [each for each in body if update_of(each) is None]
    for name in names:
        if name not in taken:
            found.append(statement(f"d{name} = 0.0 * {name}", body[0] if body else where))
            continue
        step, each = taken[name]
        if not step.up and ast.unparse(step.gradient) == f"d{name}":
            continue
        value = ast.UnaryOp(ast.USub(), step.gradient) if step.up else step.gradient
        found.append(located(ast.Assign([ast.Name(f"d{name}", ast.Store())], value), each))
    return found
