"""Classes whose backward starts from a loss: `forward(self, X)` and `backward(self, X, y, output)`.

The loss is a method beside them, or a function of the module, of two arguments. Gradients may be
locals of backward, `dW1`, with which it then takes a step: they count as if it left them in the
object. A rate that such a step needs is any number.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from byhand.program.scopes import bound_names
from byhand.sources.assemble import assign, located
from byhand.sources.costs import COST, joined
from byhand.sources.flow import reads
from byhand.sources.intermediates import Renames
from byhand.sources.layer_classes import SELF, Layer
from byhand.sources.names import plain_name
from byhand.sources.pair import Pair, paired
from byhand.sources.returns import with_returns
from byhand.sources.signature import (
    KEPT,
    elements,
    is_kept,
    parameters,
    returns,
    upstream_parameters,
)
from byhand.sources.updates import RATE, Update, update_of

FromLoss = TypeVar("FromLoss", Pair, Layer)
_LABELS = re.compile(
    r"^(y\w*|t(?!heta|emp|au|otal|anh)\w*|(label|actual|expected|gt)s?(_?\w*))$", re.I
)
_GUESSED = re.compile(r"pred|hat|prob|out|logit|score|guess", re.I)


def from_a_loss(layer: Layer, functions: Mapping[str, ast.FunctionDef]) -> Layer:
    """The layer with its loss at the end of forward, where backward is handed labels that forward
    isn't; as it is where there are none. `labels` says so where it has no loss."""
    known = {*parameters(layer.forward), *bound_names(layer.forward)}
    asked = parameters(layer.backward)[1:]
    labels = [name for name in asked if name not in known and is_label(name)]
    if len(asked) == 1 and asked == parameters(layer.forward)[1:]:
        labels = asked  # as in `backward(self, x)` of an autoencoder, whose goal is its input
    end = layer.forward.body[-1]
    steps = (step for node in layer.backward.body if (step := update_of(node)) is not None)
    rates = (step.rate.rpartition(".")[2] for step in steps if not step.up)
    if not layer.passing and any(map(RATE.match, [*asked, *rates])):
        layer = leaving(layer)
    if not isinstance(end, ast.Return) or layer.passing:
        return layer
    cost = _own_cost(layer, known)
    if cost is not None:
        layer = replace(leaving(layer), rewritten=True)
        return replace(layer, forward=joined(layer.forward, end, elements(end.value)[0], [], cost))
    if len(labels) != 1:
        return layer
    layer = leaving(layer)
    asked = parameters(layer.backward)[1:]
    rest = [name for name in asked if name not in known and name not in labels]
    if any(KEPT.search(name) for name in rest) or len(rest) > 1:
        return layer
    output = rest[0] if rest else "output"
    first = elements(end.value)[0]
    body = [*layer.forward.body[:-1], assign(output, first, end)]
    last = located(ast.Return(ast.Name(output, ast.Load())), end)
    forward = copy.copy(layer.forward)
    forward.name, forward.body = f"{forward.name}_to_loss", [*body, last]
    layer = replace(layer, forward=forward, rewritten=True)
    methods = [each for each in layer.node.body if isinstance(each, ast.FunctionDef)]
    for cost in (*methods, *functions.values()):
        said = [name for name in parameters(cost) if name != SELF]
        if COST.search(cost.name) and len(said) == 2 and len(returns(cost)) == 1:
            return _with_cost(layer, cost, labels[0])
    return replace(layer, labels=labels[0])


def _own_cost(layer: Layer, known: Collection[str]) -> ast.FunctionDef | None:
    """The method for the loss of a class whose backward is handed no gradient: `loss(self, y)`, of
    what backward and forward are handed as well, and of what forward leaves in the object. It gets
    an argument for forward's output, which it doesn't read."""
    forward, backward = layer.forward, layer.backward
    if upstream_parameters(backward, {SELF, *known}) or len(returns(forward)) != 1:
        return None
    handed = {*parameters(forward), *parameters(backward)}
    held = _stored([forward])
    for each in layer.node.body:
        if not isinstance(each, ast.FunctionDef) or not COST.search(each.name):
            continue
        asked, read = {*parameters(each)}, _read_of_self(each)
        ends = isinstance(each.body[-1], ast.Return) and len(returns(each)) == 1
        if SELF in asked <= handed and ends and read & held and forward.name not in read:
            cost = copy.deepcopy(each)
            cost.args.args = [ast.copy_location(ast.arg("output"), each), *cost.args.args[1:]]
            return cost
    return None


def is_label(name: str) -> bool:
    return bool(_LABELS.match(name)) and not _GUESSED.search(name)


def outputs(found: Pair | Layer) -> list[str]:
    """What the loss of a source that has none may be of, the likeliest first."""
    ends = elements(returns(found.forward)[-1].value)
    ends = [each for each in ends if not is_kept(each, found.forward)] or ends
    return list(dict.fromkeys(each.id for each in reversed(ends) if isinstance(each, ast.Name)))


def with_loss(found: FromLoss, cost: ast.FunctionDef, output: str) -> FromLoss:
    """A source that has none with the loss `cost(output, labels)`."""
    if isinstance(found, Layer):
        return _with_cost(found, cost, found.labels)
    end = found.forward.body[-1]
    assert isinstance(end, ast.Return)
    made = Renames({parameters(cost)[1]: found.labels}).visit(copy.deepcopy(cost))
    loaded = ast.copy_location(ast.Name(output, ast.Load()), end)
    rest = [e for e in elements(end.value) if not (isinstance(e, ast.Name) and e.id == output)]
    forward = joined(found.forward, end, loaded, rest, made)
    made = paired(found.name, forward, found.backward, rewritten=True, top=found.top)
    return replace(made, numbers=found.numbers, of_one=found.of_one)


def _with_cost(layer: Layer, cost: ast.FunctionDef, label: str) -> Layer:
    """The layer with the statements of a loss after those of its forward."""
    made = copy.deepcopy(cost)
    made.args.args = [arg for arg in made.args.args if arg.arg != SELF]
    if is_label(made.args.args[0].arg) and not is_label(made.args.args[1].arg):
        made.args.args = made.args.args[::-1]
    was = made.args.args[1].arg
    made = Renames({was: label}).visit(made)
    end = layer.forward.body[-1]
    assert isinstance(end, ast.Return) and end.value is not None
    if not isinstance(made.body[-1], ast.Return):
        return layer
    return replace(layer, forward=joined(layer.forward, end, end.value, [], made), labels="")


def leaving(layer: Layer) -> Layer:
    """The layer with backward's locals `dW1` left in the object, with no rate to be given, and
    without what it returns of them."""
    init = [n for n in layer.node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
    attributes = _stored(init) - _stored([layer.forward]) - {*layer.gradients}
    backward = copy.deepcopy(layer.backward)
    leaving = _Leaving(attributes, _of_steps(backward, attributes))
    backward = leaving.visit(backward)
    taken = {part.id for part in ast.walk(backward) if isinstance(part, ast.Name)}
    backward = Renames(
        {said: f"d{name}" for name, said in leaving.found.items() if f"d{name}" not in taken}
    ).visit(backward)
    rates = _without_rates(backward)
    names = {*leaving.found, *layer.gradients}
    steps = {each: step for each in backward.body if (step := _step(each, names, rates))}
    stepped = {s.name for s in steps.values() if not s.up and not isinstance(s.gradient, ast.Name)}
    stepped &= attributes
    backward.body = [
        _left(each, steps[each]) if each in steps else each
        for each in backward.body
        if each not in steps or steps[each].name in stepped
    ]
    notes = [
        f"line {node.lineno}: {SELF}.{step.name} is changed by {ast.unparse(step.gradient)}, which "
        "isn't judged"
        for node, step in steps.items()
        if step.name not in stepped
    ]
    names |= stepped
    backward.body = with_returns(backward.body, lambda end: _unreturned(end, names))
    places = {name: _place(name, layer.backward) for name in [*leaving.found, *sorted(stepped)]}
    return replace(
        layer,
        backward=backward,
        gradients={**layer.gradients, **places},
        rewritten=True,
        notes=(*layer.notes, *notes),
    )


def _without_rates(backward: ast.FunctionDef) -> list[str]:
    """Takes the rates out of what backward is handed: a step may be taken with any."""
    given = backward.args
    optional = dict(zip(reversed(given.args), reversed(given.defaults), strict=False))
    rates = [arg.arg for arg in given.args if RATE.match(arg.arg)]
    given.args = [arg for arg in given.args if arg.arg not in rates]
    given.defaults = [optional[arg] for arg in given.args if arg in optional]
    first = backward.body[0]
    backward.body[:0] = [assign(name, ast.Constant(0.1), first) for name in rates]
    return rates


def _step(node: ast.stmt, names: Collection[str], rates: Collection[str]) -> Update | None:
    """The step that a statement takes of a parameter of which no gradient has a name."""
    step = update_of(node)
    changed = step is not None and isinstance(node, ast.AugAssign | ast.Assign)
    if step is None or not changed or step.name in names:
        return None
    own = RATE.match(step.rate.rpartition(".")[2])
    return step if own or reads(node) & {*rates} else None


def _left(node: ast.stmt, step: Update) -> ast.stmt:
    """`self.b -= lr * dout.sum(0)` as `self.db = db = dout.sum(0)`."""
    made = assign(f"d{step.name}", step.gradient, node)
    assert isinstance(made, ast.Assign)
    made.targets = [_place(step.name, node, ast.Store()), *made.targets]
    return made


def _stored(functions: Sequence[ast.FunctionDef]) -> set[str]:
    """The attributes of self that functions set."""
    return {
        part.attr
        for function in functions
        for part in ast.walk(function)
        if isinstance(part, ast.Attribute)
        and isinstance(part.value, ast.Name)
        and part.value.id == SELF
        and isinstance(part.ctx, ast.Store)
    }


def _read_of_self(function: ast.FunctionDef) -> set[str]:
    """The attributes of self that a function reads."""
    return {
        part.attr
        for part in ast.walk(function)
        if isinstance(part, ast.Attribute)
        and isinstance(part.value, ast.Name)
        and part.value.id == SELF
        and isinstance(part.ctx, ast.Load)
    }


def _of_steps(backward: ast.FunctionDef, attributes: Collection[str]) -> dict[str, str]:
    """The parameter that each local is the gradient of by the step that is taken with it,
    `self.filters -= learn_rate * d_L_d_filters`."""
    steps = (step for node in ast.walk(backward) if (step := update_of(node)) is not None)
    return {
        step.gradient.id: step.name
        for step in steps
        if isinstance(step.gradient, ast.Name) and step.rate and not step.up
        if step.name in attributes
    }


class _Leaving(ast.NodeTransformer):
    """`dW = x.T @ dz` as `self.dW = dW = x.T @ dz`; `found` is what gradients are called, of the
    parameters that their names say, or else that steps are taken of with them."""

    def __init__(self, attributes: Collection[str], of_steps: Mapping[str, str]) -> None:
        self.attributes = attributes
        self.of_steps = of_steps
        self.found: dict[str, str] = {}

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        for target in node.targets:
            if not isinstance(target, ast.Name):
                continue
            name = self.of_steps.get(target.id, plain_name(target.id))
            if name != target.id and name in self.attributes:
                self.found[name] = target.id
                node.targets = [_place(name, node, ast.Store()), *node.targets]
                break
        return node


def _place(name: str, where: ast.AST, ctx: ast.expr_context | None = None) -> ast.expr:
    made = ast.Attribute(ast.Name(SELF, ast.Load()), f"d{name}", ctx or ast.Load())
    return ast.fix_missing_locations(ast.copy_location(made, where))


def _unreturned(end: ast.Return, names: Collection[str]) -> list[ast.stmt]:
    """A return without the gradients that are left in the object."""
    values = elements(end.value)
    if len(values) == 1 and isinstance(values[0], ast.Dict):
        return [located(ast.Return(None), end)]
    kept = [v for v in values if not (isinstance(v, ast.Name) and plain_name(v.id) in names)]
    if len(kept) == len(values):
        return [end]
    if not kept:
        return [located(ast.Return(None), end)]
    value = kept[0] if len(kept) == 1 else ast.Tuple(kept, ast.Load())
    return [located(ast.Return(value), end)]
