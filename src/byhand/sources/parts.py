"""The parameters of a model made of layers: where each is, and where its gradient is left."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from byhand.sources.assemble import at
from byhand.sources.layer_classes import SELF, Layer
from byhand.values import tree
from byhand.values.held import float_array

PUT = "__put_part__"
"""What `putter` is called where a problem calls it."""


@dataclass(frozen=True, eq=False)
class ModelPart:
    """One parameter, `layers[0].weight`: its place in the model and that of its layer, and the
    statement in its class that leaves the gradient, in `gradient` of the layer. It may be `called`
    otherwise in the model, which has it in another place then, too: its `twin`."""

    root: str
    path: tree.Path
    owner: tree.Path
    gradient: str
    where: ast.AST
    called: str = ""
    twin: tree.Path = ()

    @property
    def name(self) -> str:
        """A name of its own: `layers_0_weight`."""
        if self.called:
            return self.called
        said = re.sub(r"\W+", "_", tree.text(self.root, self.path)).strip("_")
        return said.removeprefix(f"{SELF}_")

    @property
    def layer(self) -> str:
        return tree.text(self.root, self.owner)

    def value(self, model: Any) -> Any:
        return tree.get(model, self.path)

    def put(self, model: Any, value: Any) -> None:
        tree.put(model, self.path, value)
        if self.twin:
            tree.put(model, self.twin, value)


def parts_of(root: str, model: Any, layers: Sequence[Layer]) -> list[ModelPart]:
    """The parameters of the layers in a model that is called `root`, each once; of a layer itself,
    `self`, only those of the layers in it."""
    by_name = {layer.name: layer for layer in layers}
    found: list[ModelPart] = []
    for path, layer in _objects((), model, set()):
        of_class = by_name.get(type(layer).__name__)
        if root == SELF and not path:
            continue
        for name, place in of_class.gradients.items() if of_class else ():
            end = _held(layer, name)
            if end is None:
                continue
            value = tree.get(layer, end)
            if not any(part.value(model) is value for part in found):
                where = _statement(of_class.backward, place) if of_class else place
                left = f"self.{name}.{of_class.passing}" if of_class and of_class.passing else ""
                found.append(
                    ModelPart(root, (*path, *end), path, left or ast.unparse(place), where)
                )
    return found


def is_empty(model: Any, layers: Sequence[Layer]) -> bool:
    """Whether a layer of a model has no parameters yet: some get them when forward is run."""
    names = {layer.name: layer.gradients for layer in layers}
    return any(
        getattr(layer, name, ...) is None
        for _, layer in _objects((), model, set())
        for name in names.get(type(layer).__name__, ())
    )


def _objects(path: tree.Path, value: Any, seen: set[int]) -> Iterator[tuple[tree.Path, Any]]:
    """What a model is made of, with the way to it, the model itself first."""
    children = tree.children(value)
    if children is None or id(value) in seen:
        return
    seen.add(id(value))
    yield path, value
    for entry, child in children:
        yield from _objects((*path, entry), child, seen)


def _held(layer: Any, name: str) -> tree.Path | None:
    """The way to a layer's parameter, an attribute or an item of one, if it has it."""
    attribute = tree.Attribute(name)
    if float_array(getattr(layer, name, None)) is not None:
        return (attribute,)
    for entry, child in tree.children(layer) or ():
        for item, value in tree.children(child) or ():
            if item == tree.Item(name) and float_array(value) is not None:
                return (entry, item)
    return None


def _statement(function: ast.FunctionDef, place: ast.expr) -> ast.AST:
    """The last statement of a function that writes there."""
    said = ast.unparse(place)
    found = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.AugAssign)
        and any(
            isinstance(part, ast.expr) and ast.unparse(part) == said
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            for part in ast.walk(target)
        )
    ]
    return max(found, key=lambda node: node.lineno, default=place)


def putter(parts: Sequence[ModelPart]) -> Callable[[Any, str, Any], None]:
    """A function that gives a model one of its parameters, by its name."""
    by_name = {part.name: part for part in parts}
    return lambda model, name, value: by_name[name].put(model, value)


def putting(parts: Sequence[ModelPart], where: ast.AST) -> list[ast.stmt]:
    """The statements that give a model its parameters, at the place of `where`."""
    return [at(f"{PUT}({part.root}, {part.name!r}, {part.name})", where) for part in parts]


def answering(parts: Sequence[ModelPart]) -> list[ast.stmt]:
    """The statements that give the gradients that are left in layers a name, each at the place
    where its class leaves it."""
    return [at(f"d{part.name} = {part.layer}{_in(part.gradient)}", part.where) for part in parts]


def _in(gradient: str) -> str:
    return gradient.removeprefix("self")
