"""Pairs of functions: `NAME_forward(x, w) -> out, cache`, `NAME_backward(dout, cache) -> dx, dw`.

What forward returns first is its output, one or more; what follows is kept for backward. Backward's
results belong to forward's arguments: by the names of the returned variables, or else by place.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import ModuleType

from byhand.program.problem import Problem
from byhand.program.scopes import bound_names
from byhand.sources.arguments import Argument
from byhand.sources.assemble import assembled, located
from byhand.sources.costs import with_cost
from byhand.sources.dicts_in_lists import unlisted
from byhand.sources.flow import binds
from byhand.sources.global_parameters import handed_globals
from byhand.sources.guesses import is_labels
from byhand.sources.helpers import by_name, with_helpers
from byhand.sources.intermediates import promising
from byhand.sources.layer_classes import BACKWARD, FORWARD
from byhand.sources.names import plain_name
from byhand.sources.nested_dicts import unnested
from byhand.sources.outputs_in_caches import with_last_item
from byhand.sources.pair import Pair, paired
from byhand.sources.pair_functions import backward_of, forward_of
from byhand.sources.pair_inputs import functions_of, inputs_of
from byhand.sources.parameter_dicts import FIND, IS, flattened, gradient_of, is_gradient_of
from byhand.sources.returns import unpacked
from byhand.sources.signature import (
    KEPT,
    elements,
    keeping,
    parameters,
    returns,
)
from byhand.sources.spoken import is_floats
from byhand.sources.unmatched import beside
from byhand.sources.written_outputs import returning_outputs
from byhand.values.arrays import is_array
from byhand.values.held import array


def pairs_in(tree: ast.Module) -> list[Pair]:
    """The pairs of a module, in its order."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found: list[Pair] = []
    adding = by_name({n: f for n, f in functions.items() if _adds_to_what_it_is_handed(f)})
    for name, forward in functions.items():
        partner = _partner(name, functions)
        for other, backward in functions.items():
            variant = other.removeprefix(partner)
            if backward is forward or not other.startswith(partner):
                continue
            if variant and (not variant.startswith("_") or _forward_of(other) in functions):
                continue
            if _adds_to_what_it_is_handed(backward):
                continue
            one, two, top = handed_globals(forward, backward, tree)
            one, two = unpacked(one, functions), unpacked(two, functions)
            one = with_last_item(one)
            if not returns(one):
                both = returning_outputs(one, two)
                if both is None:
                    continue
                one, two = both
            two, _ = with_helpers(two, adding, own=True)
            one, two = unlisted(*unnested(with_cost(one, two, functions), two))
            apart = flattened(one, two, functions)
            if apart is not None:
                one, two = apart.forward, apart.backward
            title = f"{_stem(name)}{variant}"
            if not returns(two):
                two = _with_return(two, parameters(one))
            one = _with_locals(one, parameters(two))
            changed = one is not forward or two is not backward
            pair = paired(title, one, two, rewritten=changed, top=top)
            rest = beside(backward, parameters(one), bound_names(forward))
            found.append(replace(pair, labels=_labels_without_loss(pair), unmatched=rest))
    return found or _on_values_of_the_top(tree, functions)


def _adds_to_what_it_is_handed(backward: ast.FunctionDef) -> bool:
    """Whether a backward is a step of another, whose dict of gradients it is handed, adds to and
    returns: `gradients["dW"] += ...`. It is judged where it is called."""
    ends = {each.id for each in _ends(backward) if isinstance(each, ast.Name)}
    added = {
        node.target.value.id
        for node in ast.walk(backward)
        if isinstance(node, ast.AugAssign)
        and isinstance(node.target, ast.Subscript)
        and isinstance(node.target.value, ast.Name)
    }
    return bool(added & ends & {*parameters(backward)})


_BACK = re.compile(r"back(ward|_?prop)", re.I)


def _on_values_of_the_top(tree: ast.Module, functions: Mapping[str, ast.FunctionDef]) -> list[Pair]:
    """The one pair of other names whose backward takes what forward returns, on the arrays, or the
    lists of arrays, that the module has under the names of forward's arguments."""
    top = {name for node in tree.body if isinstance(node, ast.Assign) for name in binds(node)}
    found: list[Pair] = []
    for backward in functions.values():
        forwards = [each for each in functions.values() if _takes_from(backward, each)]
        if not _BACK.search(backward.name) or len(forwards) != 1 or len(returns(backward)) != 1:
            continue
        (forward,) = forwards
        if {*parameters(forward)} <= top and all(map(_says_whose, _ends(backward))):
            one = with_cost(forward, backward, functions)
            if one is forward:
                continue
            at_top = [name for name in parameters(one) if name in top]
            found.append(paired(forward.name, one, backward, rewritten=True, top=at_top))
    return found if len(found) == 1 else []


def _takes_from(backward: ast.FunctionDef, forward: ast.FunctionDef) -> bool:
    """Whether a function takes what another returns, and arguments of that."""
    given = {*parameters(backward)}
    kept = {each.id for each in _ends(forward)[1:] if isinstance(each, ast.Name)}
    return backward is not forward and bool(given & kept) and bool(given & {*parameters(forward)})


def _ends(function: ast.FunctionDef) -> list[ast.expr]:
    return [each for end in returns(function)[-1:] for each in elements(end.value)]


def _says_whose(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and plain_name(node.id) != node.id


def _labels_without_loss(pair: Pair) -> str:
    """The labels that backward is handed and forward isn't, where nothing makes a loss of them."""
    known = {*parameters(pair.forward), *bound_names(pair.forward), *pair.kept, *pair.upstream}
    found = [n for n in parameters(pair.backward) if n not in known and is_labels(n)]
    ends = isinstance(pair.forward.body[-1], ast.Return)
    return found[0] if len(found) == 1 and not pair.upstream and ends else ""


_PARTNERS = (
    ("forward", "backward"),
    ("fwd", "bwd"),
    ("Forward", "Backward"),
    ("compute_cost", "compute_gradient"),
    ("compute_loss", "compute_gradient"),
    ("cost_function", "gradient_function"),
)


def _partner(name: str, functions: Collection[str]) -> str:
    """The backward's name for a forward's: of `affine_forward`, `forward_pass`, `fwd_gelu`; of
    `feed_forward` the only one that says so in other words, such as `back_propagate`."""
    if (
        name != "forward"
        and FORWARD.match(name)
        and sum(bool(FORWARD.match(each)) for each in functions) == 1
    ):
        others = [each for each in functions if BACKWARD.match(each)]
        if len(others) == 1:
            return others[0]
    for one, other in _PARTNERS:
        if one in name:
            return name.replace(one, other)
    return f"{name}_backward"


def _with_return(backward: ast.FunctionDef, arguments: Sequence[str]) -> ast.FunctionDef:
    """A backward whose answers are its locals, as in a problem file, as one that returns them."""
    stored = {node.id for node in ast.walk(backward) if isinstance(node, ast.Name)}
    answers: list[ast.expr] = [
        ast.Name(f"d{name}", ast.Load()) for name in arguments if f"d{name}" in stored
    ]
    made = copy.deepcopy(backward)
    end = ast.Return(ast.Tuple(answers, ast.Load()))
    made.body.append(located(end, made.body[-1]))
    return made


def _with_locals(forward: ast.FunctionDef, asked: Sequence[str]) -> ast.FunctionDef:
    """A forward that also returns those of its locals that backward asks for by name."""
    end = forward.body[-1]
    if not isinstance(end, ast.Return) or len(returns(forward)) > 1:
        return forward
    ends = elements(end.value)
    known = {node.id for node in ends if isinstance(node, ast.Name)} | {*parameters(forward)}
    local = bound_names(forward) - known
    more: list[ast.expr] = [ast.Name(name, ast.Load()) for name in asked if name in local]
    if not more or any(KEPT.search(name) for name in asked):
        return forward
    made = copy.copy(forward)
    made.body = [
        *forward.body[:-1],
        located(ast.Return(ast.Tuple([*ends, *more], ast.Load())), end),
    ]
    return made


def _forward_of(name: str) -> str:
    """The forward's name for a backward's."""
    return name.replace("backward", "forward").replace("bwd", "fwd").replace("Backward", "Forward")


def _stem(name: str) -> str:
    stem = re.sub(r"_?(feed_?)?(forward|fwd|Forward)_?", "_", name).strip("_")
    return stem or name


def problem_of_pair(
    pair: Pair,
    module: ModuleType,
    file: str,
    known: Mapping[str, Argument],
) -> Problem:
    """The problem of a pair, on the arguments that are `known` and others that fit them.

    Raises ProblemError if none are found on which its forward runs.
    """
    backward, answered = backward_of(pair)
    definition = by_name(functions_of(module))
    backward, called = with_helpers(backward, definition, module.__dict__)
    draw, dimensions, notes, values = inputs_of(pair, module, file, known, answered)
    data = [name for name in values if name not in answered]
    unanswered = [n for n in data if is_array(values[n]) and is_floats(array(values[n]))]
    if unanswered:
        own = hasattr(module, pair.backward.name)
        said = pair.backward.name if own else pair.forward.name
        notes.append(f"{said} returns no gradient of {', '.join(unanswered)}: treated as data")
    for name in _unread(pair):
        notes.append(f"{pair.backward.name} doesn't read {name}: right only where that is 1")
    forward = forward_of(pair)

    def made(backward: ast.FunctionDef) -> Problem:
        return assembled(
            name=pair.name,
            file=file,
            doc=ast.get_docstring(pair.forward) or "",
            forward=forward,
            backward=backward,
            namespace={**module.__dict__, FIND: gradient_of, IS: is_gradient_of},
            draw=draw,
            dimensions=dimensions,
            data=data,
            kept=keeping(pair.forward) | ({*pair.kept} - bound_names(pair.forward)),
            notes=notes,
            called=called,
            unmatched=pair.unmatched,
        )

    return promising(made, backward, answered)


def _unread(pair: Pair) -> list[str]:
    """The upstream gradients that backward must be given, and doesn't use."""
    read = {node.id for node in ast.walk(pair.backward) if isinstance(node, ast.Name)}
    asked = parameters(pair.backward)
    needed = asked[: len(asked) - len(pair.backward.args.defaults)]
    return [name for name in pair.upstream if name in needed and name not in read]
