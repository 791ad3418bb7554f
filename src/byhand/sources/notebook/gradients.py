"""Which statements write gradients, and of what, as the names that they bind say."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from byhand.sources.flow import binds, changes, is_plain, needed, reads, touches
from byhand.sources.intermediates import Renames
from byhand.sources.names import LOSS, base_of
from byhand.sources.notebook.forward import differentiated
from byhand.sources.notebook.training import has_both, trains
from byhand.sources.signature import elements, returns


@dataclass(frozen=True, eq=False)
class Gradients:
    """Where gradients are written, by place, with the names that they belong to.

    Of the `answers`, `tries` are those that are computed anew below, before anything but a
    comparison reads them, or that read what isn't there yet. `empty` are the statements such as
    `dlogits = None`, `kept` all that only keep a place until the gradient is computed.
    """

    answers: Mapping[int, set[str]]
    tries: frozenset[int]
    empty: Mapping[int, set[str]]
    kept: frozenset[int]

    @property
    def all(self) -> frozenset[int]:
        return frozenset(self.answers) | self.kept


def places_of_gradients(statements: Sequence[ast.stmt]) -> Gradients:
    """Where among the statements gradients are written."""
    known: set[str] = set()
    once: set[str] = set()
    answers: dict[int, set[str]] = {}
    empty: dict[int, set[str]] = {}
    kept: set[int] = set()
    for i, node in enumerate(statements):
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
            written = touches(node)
            bases = {base for name in written if (base := base_of(name)) is not None} & known
            bases -= {base_of(name) for name in _of_each_round(node)} & once
            if bases and not trains(node) and not has_both(node):
                if _is_empty(node):
                    kept.add(i)
                    if not any(_writes(each, bases) for each in statements[i + 1 :]):
                        empty[i] = bases
                elif _only_keeps_a_place(statements[i:]):
                    kept.add(i)
                else:
                    answers[i] = bases
        known |= binds(node)
        once = once | binds(node) if is_plain(node) else once - binds(node)
    steps = {*_of_the_first_loss(statements)}  # `dt = t[1] - t[0]`: a step, and no gradient
    if answers.keys() - steps:
        answers = {i: names for i, names in answers.items() if i not in steps}
    return Gradients(answers, _tries(statements, answers), empty, frozenset(kept))


def _of_each_round(node: ast.stmt) -> set[str]:
    """The names that a loop binds anew in every round, where they are of that round: `dA` of each
    layer is no gradient of the one A that is bound outside of loops."""
    loops = (part for part in ast.walk(node) if isinstance(part, ast.For | ast.While))
    inside = (part for loop in loops for part in ast.walk(loop))
    return {name for part in inside if isinstance(part, ast.Assign) for name in binds(part)}


def _of_the_first_loss(statements: Sequence[ast.stmt]) -> list[int]:
    """The places of what the first loss is computed from, none of which is a gradient of it."""
    for i, node in enumerate(statements):
        name = next((name for name in binds(node) if LOSS.search(name)), None)
        if name is not None and isinstance(node, ast.Assign) and reads(node):
            return needed(statements[: i + 1], {name})
    return []


def _writes(node: ast.stmt, bases: Collection[str]) -> bool:
    return any(base_of(name) in bases for name in touches(node))


def without_gradients(statements: Sequence[ast.stmt], written: Collection[int]) -> list[int]:
    """The places of the statements that can be run without those that write gradients."""
    gradients = {n for i in written for n in binds(statements[i]) if base_of(n) is not None}
    found: list[int] = []
    for i, node in enumerate(statements):
        if i in written:
            continue
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) or not reads(node) & gradients:
            found.append(i)
            gradients -= binds(node)
        elif is_plain(node):
            gradients |= binds(node)
    return found


def _tries(statements: Sequence[ast.stmt], answered: Mapping[int, set[str]]) -> frozenset[int]:
    """The places of what was tried before: as `Gradients.tries`."""
    found: set[int] = set()
    same: list[int] = []
    for i in sorted(answered):
        node = statements[i]
        between = statements[same[-1] + 1 : i] if same else ()
        if not same or answered[i] != answered[same[-1]] or not all(map(_only_says, between)):
            same = []
        elif all(starts_anew(node, name) for name in answered[i]):
            found |= {*same}
            same = []
        same.append(i)
        if _is_too_early(statements, answered, i):
            found |= {*same}
    return frozenset(found)


def _is_too_early(
    statements: Sequence[ast.stmt], answered: Mapping[int, set[str]], place: int
) -> bool:
    """Whether a statement reads gradients that are only computed below, where its own are, too."""
    above = {name for node in statements[:place] for name in binds(node)}
    below = {name for i in answered if i > place for name in binds(statements[i])}
    return bool(reads(statements[place]) & (below - above)) and all(
        any(i > place and starts_anew(statements[i], name) for i in answered)
        for name in answered[place]
    )


def _only_says(node: ast.stmt) -> bool:
    """Whether a statement binds and changes nothing, such as a comparison."""
    return isinstance(node, ast.Expr) and not changes(node)


def starts_anew(node: ast.stmt, name: str) -> bool:
    bound = [each for each in binds(node) if base_of(each) == name]
    return bool(bound) and is_plain(node) and not {*bound} & reads(node)


def is_autograds(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(part, ast.Attribute) and part.attr == "grad" for part in ast.walk(node.value)
    )


def _is_empty(node: ast.stmt) -> bool:
    """Whether a statement is `dW, db = None, None`."""
    return isinstance(node, ast.Assign) and all(
        isinstance(value, ast.Constant) and value.value is None for value in elements(node.value)
    )


def _only_keeps_a_place(statements: Sequence[ast.stmt]) -> bool:
    """Whether the first statement is `dC = torch.zeros_like(C)`, and later ones bind these names
    anew before anything reads them."""
    match statements[0]:
        case ast.Assign(targets=[target], value=value):
            names = [each.id for each in elements(target) if isinstance(each, ast.Name)]
        case _:
            return False
    places = all(map(_is_place, elements(value)))
    return places and all(_is_bound_anew(name, statements[1:]) for name in names)


def _is_place(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=None):
            return True
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in {"zeros", "zeros_like", "empty", "empty_like"}
        case _:
            return False


def _is_bound_anew(name: str, statements: Sequence[ast.stmt]) -> bool:
    for node in statements:
        if name in reads(node) | changes(node):
            return False
        if name in binds(node):
            return is_plain(node)
    return False


def giving_gradients(statements: Sequence[ast.stmt]) -> Callable[[ast.FunctionDef], bool]:
    """Whether a function of these computes gradients, or has nothing but others for it that do."""
    functions = {node.name: node for node in statements if isinstance(node, ast.FunctionDef)}
    giving = {name for name, node in functions.items() if _gives_gradients(node)}
    for _ in functions:
        more = {n for n, node in functions.items() if n not in giving and _calls(node, giving)}
        giving |= more
    return lambda function: function.name in giving


def _calls(function: ast.FunctionDef, giving: Collection[str]) -> bool:
    """Whether a function that returns nothing calls one of these for what it leaves in arrays."""
    calls = [node.value for node in function.body if isinstance(node, ast.Expr)]
    names = {c.func.id for c in calls if isinstance(c, ast.Call) and isinstance(c.func, ast.Name)}
    return not returns(function) and bool(names & {*giving})


def _gives_gradients(function: ast.FunctionDef) -> bool:
    """Whether a function computes gradients, as the names of what it returns say, or, where it
    returns nothing, what it leaves in arrays: `w.g = ...`."""
    ends = elements(function.body[-1].value) if isinstance(function.body[-1], ast.Return) else []
    return any(isinstance(each, ast.Name) and base_of(each.id) is not None for each in ends) or (
        not ends
        and any(
            isinstance(part, ast.Attribute)
            and part.attr in {"g", "grad"}
            and isinstance(part.ctx, ast.Store)
            for part in ast.walk(function)
        )
    )


def by_name(statements: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    """`W.g` and `W.grad` as dW, where gradients are left there by hand, and none by PyTorch."""
    if differentiated(statements):
        return statements
    left = {
        target.attr
        for node in statements
        if isinstance(node, ast.Assign) and not _is_place(node.value)
        for target in node.targets
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
    } & {"g", "grad"}
    return (
        [_Attributes(left).visit(copy.deepcopy(node)) for node in statements]
        if left
        else statements
    )


def by_what_is_said(statements: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    """`cmp('logprobs', dlprobs, logprobs)` and `upstream = hpreact.grad` say what another name is
    the gradient of."""
    bound = {name for node in statements for name in binds(node)}
    said: dict[str, str] = {}
    for node in statements:
        match node:
            case ast.Expr(
                ast.Call(args=[ast.Constant(value=str(label)), ast.Name(id=name), ast.Name(id=of)])
            ) if label in (of, f"d{of}"):
                pass
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Attribute(value=ast.Name(id=of), attr="grad")
                | ast.Call(
                    func=ast.Attribute(value=ast.Attribute(value=ast.Name(id=of), attr="grad"))
                ),
            ):
                pass
            case _:
                continue
        if base_of(name) not in bound and f"d{of}" not in bound:
            said.setdefault(name, f"d{of}")
    renames = {name: of for name, of in said.items() if [*said.values()].count(of) == 1}
    if not renames:
        return statements
    return [Renames(renames).visit(copy.deepcopy(node)) for node in statements]


class _Attributes(ast.NodeTransformer):
    """These attributes of names as names of their own: `W.g` as dW."""

    def __init__(self, attributes: Collection[str]) -> None:
        self.attributes = attributes

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if attr in self.attributes:
                return ast.copy_location(ast.Name(f"d{name}", node.ctx), node)
            case _:
                self.generic_visit(node)
                return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        return node


def named(node: ast.stmt, known: Collection[str]) -> ast.stmt:
    """A statement with the gradients of `known` names called d<name>, whatever they are called."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    renames = {
        name: f"d{base}"
        for name in names
        if (base := base_of(name)) in known and name != f"d{base}"
    }
    return Renames(renames).visit(node) if renames else node
