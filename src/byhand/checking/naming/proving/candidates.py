"""What may be missing from a statement: the values and the gradients that it could have used."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from keyword import iskeyword
from typing import Any

from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import parsed, reduced
from byhand.checking.running.names import loaded_names, touched_names
from byhand.engine.tensor import Tensor
from byhand.program.scopes import all_names
from byhand.values import tree
from byhand.values.held import array


def values(suspect: Suspect) -> tuple[ast.expr, ...]:
    """Expressions for values: those of forward on the way from the value to where its gradient
    comes back from; of every gradient that is read, its value; and backward's own locals."""
    found: dict[str, ast.expr] = {}
    own = (*_locals(suspect, of_data=True), *items(suspect), *_of_lists(suspect))
    for each in (*_of_gradients(suspect), *_of_forward(suspect), *own):
        found.setdefault(ast.unparse(each), each)
    return tuple(found.values())


def items(suspect: Suspect) -> Iterator[ast.expr]:
    """What backward takes out of a dict that it holds for a while, and what else is in there:
    `k["f"]`, where `k = caches[t]` or `for k in caches`."""
    taken: dict[str, set[str]] = {}
    for node in suspect.function.nodes:
        match node:
            case ast.Subscript(
                value=ast.Name(id=name), slice=ast.Constant(value=str(key)), ctx=ast.Load()
            ) if name not in suspect.gradients and name not in suspect.first.trial.run.given:
                taken.setdefault(name, set()).add(key)
                yield parsed(ast.unparse(node))
            case _:
                pass
    kept = _kept_in_dicts(suspect.first.trial.run.given) if taken else ()
    for name, keys in taken.items():
        whole = next((each for each in kept if keys <= each), frozenset[str]())
        yield from (parsed(f"{name}[{key!r}]") for key in sorted(whole - keys))


def _kept_in_dicts(given: Mapping[str, Any]) -> Sequence[frozenset[str]]:
    """The keys of the arrays in each of the dicts that backward was given, wherever they lie."""
    found: dict[tuple[Any, ...], set[str]] = {}
    for name, value in given.items():
        for path, leaf in tree.leaves(value):
            match path:
                case (*around, tree.Item(key=str(key))) if array(leaf) is not None:
                    found.setdefault((name, *around), set()).add(key)
                case _:
                    pass
    return [*dict.fromkeys(map(frozenset, found.values()))]


def gradients(suspect: Suspect) -> tuple[ast.expr, ...]:
    """Expressions for gradients: those that are given by name, and backward's own locals that were
    computed from some."""
    found: dict[str, ast.expr] = {}
    named = (*map(parsed, suspect.gradients), *_of_values(suspect))
    for each in (*named, *_locals(suspect, of_data=False)):
        found.setdefault(ast.unparse(each), each)
    return tuple(found.values())


def sums(suspect: Suspect, known: Sequence[ast.expr]) -> list[ast.expr]:
    """What closed forms have where forward adds up along an axis: a gradient, alone or times a
    value, added up along one."""
    if not any(_adds_up(tensor) for tensor in suspect.program.tensors):
        return []
    shape = suspect.step.shape
    alike = [name for name, has in suspect.values.items() if has == shape and len(shape) > 1]
    found: list[ast.expr] = []
    for gradient in known if alike else ():
        times = [ast.BinOp(gradient, ast.Mult(), ast.Name(name, ast.Load())) for name in alike]
        for each in (gradient, *times):
            for axis in (0, -1):
                found.append(reduced(each, "sum", axis))
    return found


def _adds_up(tensor: Tensor) -> bool:
    """Whether it is made along an axis of something: all of it in one number are a loss."""
    return tensor.op is not None and tensor.op.structure == "reduction" and tensor.value.size > 1


def carried(suspect: Suspect) -> list[ast.expr]:
    """What a loop may hand to its next round: a gradient times a value or a matrix, or the part of
    one that backward takes nowhere else."""
    own = gradients(suspect)
    if not suspect.first.trial.run.upstream:  # of a loss, which are made of values alone
        own = (*own, *_locals(suspect, of_data=True))
    known = [each for each in own if isinstance(each, ast.Name)]
    alone = [each for each in values(suspect) if isinstance(each, (ast.Name, ast.Subscript))]
    matrices = [name for name, shape in suspect.shapes.items() if len(shape) == 2]
    found: list[ast.expr] = []
    for gradient in known:
        if _may_be_added(gradient.id, suspect):
            found += [ast.BinOp(gradient, ast.Mult(), value) for value in alone]
        found += [parsed(f"{gradient.id} @ {name}.T") for name in matrices]
        found += _rest_of(gradient.id, suspect)
    return found


def _may_be_added(name: str, suspect: Suspect) -> bool:
    """Whether a gradient has the shape of the suspect's value, or is broadcast to it; of backward's
    own locals that isn't known."""
    shape = suspect.step.shape
    has = suspect.gradients.get(name, shape)
    pairs = zip(has[::-1], shape[::-1], strict=False)
    return len(has) <= len(shape) and all(n in (1, m) for n, m in pairs)


def _rest_of(name: str, suspect: Suspect) -> Iterator[ast.expr]:
    """`g[:n]` where `g[n:]` is taken."""
    for node in suspect.function.nodes:
        match node:
            case ast.Subscript(value=ast.Name(id=found), slice=ast.Slice(lower, upper, None)) if (
                found == name and (lower is None) != (upper is None)
            ):
                yield ast.Subscript(node.value, ast.Slice(upper, lower), ast.Load())
            case _:
                pass


def _of_gradients(suspect: Suspect) -> Iterator[ast.expr]:
    for statement in suspect.promising:
        for name, index in loaded_names(statement):
            if name.startswith("d") and name[1:].isidentifier() and not iskeyword(name[1:]):
                value = ast.Name(name[1:], ast.Load())
                yield value if index is None else ast.Subscript(value, index, ast.Load())


def _of_values(suspect: Suspect) -> Iterator[ast.expr]:
    """`dhs[t + 1]` where `hs[t + 1]` is read."""
    for statement in suspect.promising:
        for name, index in loaded_names(statement):
            if index is not None and f"{name}[0]" in suspect.program:
                yield ast.Subscript(ast.Name(f"d{name}", ast.Load()), index, ast.Load())


def _of_forward(suspect: Suspect) -> Iterator[ast.expr]:
    steps = suspect.program.by_key
    lines = {step.line for step in suspect.program if step.name in suspect.users}
    between = suspect.first.paths.between
    lines |= {steps[key].line for key in (*between, *(suspect.first.read if between else ()))}
    for node in suspect.first.trial.problem.forward.nodes:
        if (
            isinstance(node, (ast.BinOp, ast.Call, ast.Name, ast.Subscript, ast.UnaryOp))
            and node.lineno in lines
            and _is_float(node, suspect)
        ):
            yield parsed(ast.unparse(node))  # to be read, also where forward assigns to it


def _is_float(node: ast.expr, suspect: Suspect) -> bool:
    """Whether it may be a float value: no list, no whole number, no module."""
    match node:
        case ast.Name(id=name):
            held = suspect.first.trial.available.get(name)
            return held is not None and not isinstance(held, (int, list, tuple))
        case ast.Call(func=ast.Attribute(attr="append")):
            return False
        case _:
            return any(isinstance(part, ast.Name) for part in ast.walk(node))


def _locals(suspect: Suspect, of_data: bool) -> Iterator[ast.expr]:
    """The locals that backward computes, of data or of gradients; lists at the places at which the
    definition reads others."""
    nodes = suspect.function.nodes
    simple = [n for n in nodes if isinstance(n, (ast.Assign, ast.AugAssign))]
    loops = {n for f in nodes if isinstance(f, ast.For) for n in all_names(f.target)}
    answers = {tree.root(a.local) for a in suspect.first.trial.answers.found}
    tainted = {*answers, *suspect.gradients, *_handed_on(suspect)}
    for _ in range(2):
        for node in simple:
            if {name for name, _ in loaded_names(node)} & tainted:
                tainted |= {name for name, rebinds in touched_names(node).items() if rebinds}
    for node in simple:
        for name, rebinds in touched_names(node).items():
            if rebinds and name not in answers | loops and (name not in tainted) == of_data:
                yield ast.Name(name, ast.Load())
    for node in nodes:
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Name() | ast.BinOp() as at) if (
                all_names(at) and all_names(at) <= loops and (name not in tainted) == of_data
            ):
                yield ast.Subscript(ast.Name(name, ast.Load()), at, ast.Load())
            case _:
                pass


def _of_lists(suspect: Suspect) -> Iterator[ast.expr]:
    """The lists that backward was given, at the places where its loops read or write others:
    `cs[t]` where `als[t - 1]` is read."""
    given = suspect.first.trial.run.given
    lists = [name for name, held in given.items() if isinstance(held, (list, tuple))]
    nodes = suspect.function.nodes if lists else ()
    loops = {n for f in nodes if isinstance(f, ast.For) for n in all_names(f.target)}
    places = {
        ast.unparse(node.slice)
        for node in nodes
        if isinstance(node, ast.Subscript) and (named := all_names(node.slice)) and named <= loops
        if not isinstance(node.slice, ast.Tuple)
    }
    for name in lists:
        yield from (parsed(f"{name}[{place}]") for place in sorted(places, key=len))


def _handed_on(suspect: Suspect) -> set[str]:
    """The locals of backward's own that a loop changes and hands to its next round: they hold the
    gradient that came so far."""
    nodes = suspect.function.nodes
    loops = [node for node in nodes if isinstance(node, (ast.For, ast.While))]
    inside = {node for loop in loops for node in ast.walk(loop)}
    bound = dict.fromkeys((True, False), frozenset[str]())
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            made = {name for name, rebinds in touched_names(node).items() if rebinds is not None}
            bound[node in inside] |= made
    return {*(bound[True] & bound[False])} - suspect.first.trial.available.keys()
