"""Classes whose loss and gradients are methods of their own: `calculate_loss(self, x, y)`, and
`bptt(self, x, y)`, which goes forward and back and returns `[dLdU, dLdV, dLdW]`.

They are a layer that ends in its loss. A loss that is added up over examples, `x[i]` and `y[i]`, is
that of one where gradients are.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Mapping

from byhand.sources.assemble import located
from byhand.sources.costs import COST
from byhand.sources.from_a_loss import leaving
from byhand.sources.gradient_functions import NUMERICAL
from byhand.sources.inheritance import SELF
from byhand.sources.layer_classes import Layer
from byhand.sources.methods import with_own_methods
from byhand.sources.names import plain_name
from byhand.sources.shared_forwards import sharing
from byhand.sources.signature import elements, parameters, returns


def gradient_methods_in(tree: ast.Module) -> Iterator[Layer]:
    """The classes of a module that have both methods."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
            found = _layer(node, methods)
            if found is not None:
                yield found


def _layer(node: ast.ClassDef, methods: Mapping[str, ast.FunctionDef]) -> Layer | None:
    attributes = {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute)
        and isinstance(part.value, ast.Name)
        and part.value.id == SELF
    }
    for backward in methods.values():
        if not _gives_gradients(backward, attributes):
            continue
        given = parameters(backward)
        costs = [
            each
            for each in methods.values()
            if COST.search(each.name) and each is not backward and _ends(each) == 1
            if parameters(each) == given and len(given) == 3
        ]
        own = {each.name for each in costs}
        plain = [each for each in costs if not _called(each) & own]
        if len(plain) != 1:
            continue
        names = {each.name for each in costs} | {backward.name}
        helpers = {name: each for name, each in methods.items() if name not in names}
        both = sharing(_of_one(plain[0]), _in_a_tuple(backward))
        one, two = (with_own_methods(each, helpers, node.name) for each in both)
        return leaving(Layer(node.name, node, one, two, {}))
    return None


def _gives_gradients(method: ast.FunctionDef, attributes: Collection[str]) -> bool:
    """Whether all that a method returns are gradients of attributes, by their names."""
    ends = returns(method)
    if len(ends) != 1 or ends[0] is not method.body[-1] or NUMERICAL.search(method.name):
        return False
    said = [each.id if isinstance(each, ast.Name) else "" for each in _each(ends[0])]
    return bool(said) and all(plain_name(n) != n and plain_name(n) in attributes for n in said)


def _each(end: ast.Return) -> list[ast.expr]:
    return end.value.elts if isinstance(end.value, ast.List) else elements(end.value)


def _ends(method: ast.FunctionDef) -> int:
    return sum(len(elements(end.value)) for end in returns(method))


def _called(method: ast.FunctionDef) -> set[str]:
    calls = (part.func for part in ast.walk(method) if isinstance(part, ast.Call))
    return {each.attr for each in calls if isinstance(each, ast.Attribute)}


def _in_a_tuple(method: ast.FunctionDef) -> ast.FunctionDef:
    """A method that returns a list of gradients as one that returns each."""
    made = copy.deepcopy(method)
    end = made.body[-1]
    assert isinstance(end, ast.Return)
    made.body[-1] = located(ast.Return(ast.Tuple(_each(end), ast.Load())), end)
    return made


def _of_one(cost: ast.FunctionDef) -> ast.FunctionDef:
    """A loss that is added up over examples as that of one of them."""
    made = copy.deepcopy(cost)
    data = [*parameters(cost)[1:]]
    for i, node in enumerate(made.body):
        match node:
            case ast.For(target=ast.Name(id=counter), body=body):
                picking = _Picking(data, counter)
                inner = [picking.visit(each) for each in copy.deepcopy(body)]
                if picking.found == {*data} and not picking.others:
                    made.body[i : i + 1] = inner
                    return made
            case _:
                pass
    return made


class _Picking(ast.NodeTransformer):
    """`x[i]` as x; `found` is what was picked from, `others` what is also read as a whole."""

    def __init__(self, data: Collection[str], counter: str) -> None:
        self.data, self.counter = data, counter
        self.found: set[str] = set()
        self.others: set[str] = set()

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        match node:
            case ast.Subscript(value=ast.Name(id=name) as whole, slice=ast.Name(id=place)) if (
                name in self.data and place == self.counter
            ):
                self.found.add(name)
                return whole
            case _:
                self.generic_visit(node)
                return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.data:
            self.others.add(node.id)
        return node
