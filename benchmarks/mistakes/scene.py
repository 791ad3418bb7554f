"""What the names and the expressions in a backward stand for."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from .source import Source, loads, statements, targets
from .truth import Sample, as_array


@dataclass(frozen=True, eq=False)
class Scene:
    """What the names in a backward stand for."""

    source: Source
    sample: Sample

    @property
    def gradients(self) -> set[str]:
        return self.sample.answers

    def is_value(self, name: str) -> bool:
        value = self.sample.given.get(name)
        return (
            hasattr(value, "shape")
            and not name.startswith("d")
            and as_array(value).dtype.kind == "f"
        )

    def is_whole(self, name: str) -> bool:
        return type(self.integer(name)) is int

    def integer(self, name: str) -> int | None:
        value = self.sample.given.get(name, self.wholes.get(name))
        return value if type(value) is int else None

    def is_number(self, node: ast.expr) -> bool:
        """Whether it is made up of plain numbers that are the same on every draw."""
        held = [self.sample.given.get(name) for name in loads(node) - {"np", "math", "torch"}]
        return all(type(value) is float for value in held)

    @property
    def wholes(self) -> dict[str, int]:
        """The whole numbers that backward itself computes, such as `n = x.shape[0]`."""
        found: dict[str, int] = {}
        for s in self.source.backward.body:
            match s:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if not loads(value) & {
                    "np",
                    "torch",
                }:
                    try:
                        held = eval(ast.unparse(value), {**self.sample.given, **found})
                    except Exception:
                        continue
                    if type(held) is int:
                        found[name] = held
                case _:
                    pass
        return found

    def shape(self, name: str) -> tuple[int, ...] | None:
        base = name if name in self.sample.given else name.removeprefix("d")
        value = self.sample.given.get(base)
        return tuple(value.shape) if hasattr(value, "shape") else None

    def depends_on_gradient(self, node: ast.AST) -> bool:
        return bool(loads(node) & (self.gradients | self.tainted))

    @cached_property
    def tainted(self) -> set[str]:
        """The locals of backward that were computed from a gradient."""
        found: set[str] = set()
        for _ in range(2):
            for s in statements(self.source.backward.body):
                if loads(s) & (self.gradients | found):
                    found |= set(targets(s))
        return found

    @cached_property
    def counters(self) -> set[str]:
        """The variables of loops."""
        loops = [n for n in ast.walk(self.source.backward) if isinstance(n, ast.For)]
        return {name for loop in loops for name in loads(loop.target)}


def as_number(node: ast.AST) -> float | None:
    match node:
        case ast.Constant(value=int(k) | float(k)) if not isinstance(k, bool):
            return k
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(k) | float(k))):
            return -k
        case _:
            return None


def size_of(node: ast.AST, scene: Scene) -> int | None:
    """The whole number that an expression stands for, if it is a size."""
    if isinstance(node, ast.Constant):
        return None
    try:
        value = eval(
            ast.unparse(node),
            {**scene.sample.given, **scene.wholes, "len": len, "__builtins__": {}},
        )
    except Exception:
        return None
    return value if type(value) is int else None


def is_size(node: ast.expr, scene: Scene) -> bool:
    return size_of(node, scene) is not None
