"""Models made of layers, as statements at the top use them: `layers = [Linear(4, 8), Tanh()]`, then
`for layer in layers: x = layer(x)`, a loss, and `for layer in reversed(layers): dx =
layer.backward(dx)`; or one object, `model.backward(dlogits)`.

The statements are judged, and the gradient of every parameter that a layer leaves in itself. What
is run before is what these need, as with any script.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from byhand.program.problem import Inputs, Problem
from byhand.program.statements import Namespace
from byhand.sources import setting
from byhand.sources.assemble import assembled, function, located
from byhand.sources.cells import Cells
from byhand.sources.flow import binds, changes, needed, reads
from byhand.sources.intermediates import Renames, with_copies
from byhand.sources.layer_classes import Layer
from byhand.sources.names import LOSS, base_of
from byhand.sources.notebook.gradients import named
from byhand.sources.notebook.inputs import counts_of, drawing, rows_of
from byhand.sources.parts import PUT, ModelPart, answering, is_empty, parts_of, putter, putting
from byhand.sources.unfolding import flat, opened
from byhand.values.arrays import is_torch
from byhand.values.held import array, detached


@dataclass(frozen=True, eq=False)
class Model:
    """The use of a model in a script. `names` are its objects at the top, `output` what backward
    starts from: a loss, or, if that is `given`, a value whose gradient is drawn."""

    name: str
    names: frozenset[str]
    setting: tuple[ast.stmt, ...]
    forward: tuple[ast.stmt, ...]
    backward: tuple[ast.stmt, ...]
    output: str
    given: bool


def model_in(cells: Cells, layers: Sequence[Layer]) -> Model | None:
    """The model that a script or notebook uses, if it has one with a backward."""
    classes = {layer.name for layer in layers}
    top = list(flat(cells.tree.body))
    names = _models(top, classes)
    statements = opened(top, lambda body: _is_round(body, names))
    names = _models(statements, classes)
    first = next((i for i, node in enumerate(statements) if _goes_back(node, names)), None)
    if first is None:
        return None
    last = first
    known = {name for node in statements[:first] for name in binds(node)}
    for i in range(first + 1, len(statements)):
        node = statements[i]
        if _goes_back(node, names) or _answers(node) & known:
            last = i
        elif reads(node) & names:
            break
    found = _split(statements, first, last, names)
    if found is not None:
        return found
    named = _from_what_is_handed(statements, first, last, names)
    return None if named is None else _split(named, first - 1, last - 1, names)


def _from_what_is_handed(
    statements: Sequence[ast.stmt], first: int, last: int, names: Collection[str]
) -> list[ast.stmt] | None:
    """Statements without `grad = loss.grad(predicted, targets)`, and with dpredicted for what
    `model.backward(grad)` is handed; None where it isn't known of what that is the gradient."""
    handed = [*_handed(statements[first])]
    places = [i for i in range(first) if binds(statements[i]) & {*handed}]
    if len(handed) != 1 or not places:
        return None
    place = places[-1]
    made = {n for node in statements[:place] if reads(node) & {*names} for n in binds(node)}
    of = sorted(made & reads(statements[place]) - {*names})
    if len(of) != 1:
        return None
    renames = Renames({handed[0]: f"d{of[0]}"})
    back = [renames.visit(copy.deepcopy(each)) for each in statements[first : last + 1]]
    return [*statements[:place], *statements[place + 1 : first], *back]


def _handed(node: ast.stmt) -> Iterator[str]:
    """What a model's backward is handed, by name."""
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Attribute(attr="backward"), args=[ast.Name(id=name)]):
                yield name
            case _:
                pass


def _answers(node: ast.stmt) -> set[str]:
    """The names whose gradients a statement writes, as its names say."""
    return {base for name in binds(node) | changes(node) if (base := base_of(name)) is not None}


def _models(statements: Sequence[ast.stmt], classes: Collection[str]) -> frozenset[str]:
    """The names that are bound to layers, or to what holds some."""
    found: set[str] = set()
    for node in statements:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if any(
                isinstance(part, ast.Call)
                and isinstance(part.func, ast.Name)
                and part.func.id in classes
                for part in ast.walk(value)
            ) or (isinstance(value, ast.List | ast.Tuple | ast.BinOp) and reads(value) & found):
                found.add(name)
            case _:
                pass
    return frozenset(found)


def _goes_back(node: ast.stmt, names: Collection[str]) -> bool:
    """Whether a statement runs the backward of a model."""
    calls = (part for part in ast.walk(node) if isinstance(part, ast.Call))
    backward = any(
        isinstance(call.func, ast.Attribute) and call.func.attr == "backward" for call in calls
    )
    return backward and bool(reads(node) & {*names}) and not isinstance(node, ast.ClassDef)


def _is_round(body: Sequence[ast.stmt], names: Collection[str]) -> bool:
    """Whether a loop's body runs a model forward and backward."""
    back = [i for i, node in enumerate(body) if _goes_back(node, names)]
    return bool(back) and any(reads(node) & {*names} for node in body[: back[0]])


def _split(
    statements: Sequence[ast.stmt], first: int, last: int, names: frozenset[str]
) -> Model | None:
    """The statements from the model to its output, and those from there to its gradients."""
    before = statements[:first]
    losses = [
        name
        for node in before
        if isinstance(node, ast.Assign)
        for name in sorted(binds(node))
        if LOSS.search(name) and name not in names
    ]
    handed = sorted(n for n in reads(statements[first]) if base_of(n) is not None)
    bases = [base for name in handed if (base := base_of(name))]
    for output in (*reversed(losses), *bases):
        chain = needed(before, {output})
        answered = {name for node in statements[: last + 1] for name in _answers(node)}
        forward = _downstream(before, chain, names, answered)
        if not any(output in binds(before[i]) for i in forward):
            continue
        end = max(forward)
        window = list(range(end + 1, last + 1))
        wanted = {*names, *(name for i in window for name in reads(statements[i]))}
        wanted |= {n for i in window for n in binds(statements[i]) if base_of(n) is not None}
        held = {window[i] for i in needed([statements[i] for i in window], wanted)}
        back = [i for i in window if i in held or _goes_back(statements[i], names)]
        given = output not in losses
        rest = {*forward, *back}
        read = {n for i in rest for n in reads(statements[i])} | names
        stage = [i for i in needed(statements[: last + 1], {*read}) if i not in rest]
        return Model(
            next(n for i in forward for n in sorted(reads(statements[i]) & names)),
            names,
            tuple(statements[i] for i in stage),
            tuple(statements[i] for i in forward),
            tuple(statements[i] for i in back),
            output,
            given,
        )
    return None


def _downstream(
    statements: Sequence[ast.stmt],
    chain: Sequence[int],
    names: Collection[str],
    answered: Collection[str],
) -> list[int]:
    """The places in the chain of what is computed with the model, and with other parameters whose
    gradients are `answered`. What makes these, or scales them before they are used, isn't."""
    tainted, found = {*names}, list[int]()
    for i in chain:
        node = statements[i]
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
            continue
        fresh = (binds(node) | changes(node)) - {*names}
        if binds(node) & {*names} or not fresh:
            continue
        if not reads(node) & tainted:
            tainted |= binds(node) & {*answered}
            continue
        found.append(i)
        tainted |= fresh
    return found


def problem_of_model(model: Model, layers: Sequence[Layer], cells: Cells, file: Path) -> Problem:
    """The problem of a model, on the values that its script gives.

    Raises ProblemError if a statement before it raises.
    """
    space: Namespace = {}
    notes = [*cells.notes, *setting.run(model.setting, file, cells.text, space)]
    held = {name: space[name] for name in sorted(model.names) if name in space}
    if any(is_empty(value, layers) for value in held.values()):
        setting.run(copy.deepcopy(model.forward), file, cells.text, dict(space))
    parts = [part for name, value in held.items() for part in parts_of(name, value, layers)]
    made = {name for node in model.forward for name in binds(node)}
    forward = [copy.deepcopy(node) for node in model.forward]
    data = _data(model, space, held)
    known = made | {*data, *held, *(part.name for part in parts)}
    backward = [named(copy.deepcopy(node), known) for node in model.backward]
    backward = with_copies(backward, made, in_torch=any(map(is_torch, space.values())))
    answered = {name for node in backward for name in _answers(node)}
    arguments = [*(part.name for part in parts), *data, *held]
    end = ast.Return(ast.Name(model.output, ast.Load()))
    body = [*putting(parts, forward[0]), *forward, located(end, forward[-1])]
    read = {name for node in backward for name in reads(node)}
    asked = [*sorted(read & (made | {*data})), *held]
    if model.given:
        asked.append(f"d{model.output}")
    rows = rows_of(data, [*forward, *backward])
    counts = counts_of(rows, {n for node in (*forward, *backward) for n in reads(node)}, space)
    arguments += counts
    asked += [name for name in counts if name in read]
    return assembled(
        name=model.name,
        file=str(file),
        forward=function("forward", arguments, body, forward[0].lineno),
        backward=function("backward", asked, [*backward, *answering(parts)], backward[0].lineno),
        namespace={
            **{n: v for n, v in space.items() if n not in made and n not in arguments},
            PUT: putter(parts),
        },
        draw=_draw(parts, held, data, counts, rows),
        dimensions={} if rows is None else {"rows": rows},
        data=[*(name for name in data if name not in answered), *held],
        notes=notes,
        cells=cells.starts,
    )


def _data(model: Model, space: Namespace, held: Mapping[str, Any]) -> Inputs:
    """The arrays that forward and backward read and don't make."""
    nodes = (*model.forward, *model.backward)
    read = sorted({name for node in nodes for name in reads(node)} - {*held})
    return {
        name: detached(space[name])
        for name in read
        if name in space and array(space[name]) is not None
    }


def _draw(
    parts: Sequence[ModelPart],
    held: Mapping[str, Any],
    data: Inputs,
    counts: Mapping[str, int],
    rows: int | None,
) -> Any:
    """The script's own values; of its models, copies without parameters, which are inputs."""
    of_data = drawing(data, counts, rows)

    def draw(rng: np.random.Generator, **sizes: int) -> Inputs:
        models = copy.deepcopy(dict(held))
        found: Inputs = {}
        for part in parts:
            found[part.name] = detached(part.value(models[part.root]))
            part.put(models[part.root], None)
        return {**found, **of_data(rng, **sizes), **models}

    return draw
