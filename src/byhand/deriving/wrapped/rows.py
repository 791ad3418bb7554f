"""PyTorch's statements on arrays of rows, as Triton says them for one row."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

from byhand.errors import UnsupportedError
from byhand.ops import CALLED

Kind = Literal["full", "vector", "row", "number", "other"]

SIGNS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}


def kind_of(value: Any, shape: tuple[int, ...]) -> Kind:
    """What a value is beside arrays of rows of this shape."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    found = getattr(value, "shape", None)
    if found is None:
        return "other"
    match tuple(found):
        case ():
            return "number"
        case _ as same if same == shape:
            return "full"
        case _ as one if one and one[-1] == 1 and one[:-1] == shape[:-1]:
            return "row"
        case _ as some if some and some[-1] == shape[-1] and len(some) == 1:
            return "vector"
        case _:
            return "other"


class Rows:
    """Translates statements; `kinds` is what is known of names, and grows with every statement."""

    def __init__(self, kinds: Mapping[str, Kind], shape: tuple[int, ...]) -> None:
        self.kinds: dict[str, Kind] = dict(kinds)
        self.shape = shape

    def statement(self, node: ast.stmt) -> str:
        """An assignment to a name. Raises UnsupportedError for any other statement."""
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                said, self.kinds[name] = self.expression(value)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                both = ast.BinOp(ast.Name(name, ast.Load()), op, value)
                said, self.kinds[name] = self.expression(both)
            case _:
                raise _unsupported(node)
        return f"{name} = {said}"

    def over_rows(self, node: ast.stmt) -> tuple[str, str] | None:
        """A sum over all rows: what has to be added up, and the statement for one."""
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Attribute(value=x, attr="sum"), args=[axes], keywords=[]),
            ) if self.leading(axes):
                said, _ = self.expression(x)
                self.kinds[name] = "other"
                return name, f"{name} = {said}"
            case _:
                return None

    def expression(self, node: ast.expr) -> tuple[str, Kind]:
        """Its words, and its kind."""
        number = _number(node)
        if number is not None:
            return repr(number), "number"
        match node:
            case ast.Name(id=name) if self.kinds.get(name, "other") != "other":
                return name, self.kinds[name]
            case ast.UnaryOp(op=ast.USub(), operand=x):
                said, kind = self.expression(x)
                return f"-{_closed(said)}", kind
            case ast.BinOp(op=ast.Pow(), left=x, right=power):
                said, kind = self.expression(x)
                return self.power(said, power, node), kind
            case ast.BinOp(left=x, op=op, right=y) if type(op) in SIGNS:
                left, one = self.expression(x)
                right, other = self.expression(y)
                said = f"{_closed(left)} {SIGNS[type(op)]} {_closed(right)}"
                return ast.unparse(ast.parse(said)), _joined(one, other)
            case ast.Compare(left=x, ops=[op], comparators=[y]):
                left, one = self.expression(x)
                right, other = self.expression(y)
                sign = ast.unparse(ast.Compare(ast.Name("a"), [op], [ast.Name("b")]))[1:-1]
                return f"{_closed(left)}{sign}{_closed(right)}", _joined(one, other)
            case ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=name), attr="shape"), slice=axis
            ) if self.kinds.get(name) == "full" and self.last(axis):
                return "width", "number"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr=called), args=args):
                return self.function(called, args, node)
            case ast.Call(func=ast.Attribute(value=x, attr=called)):
                return self.method(x, called, node)
            case _:
                raise _unsupported(node)

    def function(self, called: str, args: list[ast.expr], node: ast.Call) -> tuple[str, Kind]:
        given = [self.expression(arg) for arg in args]
        options = {k.arg: self.expression(k.value)[0] for k in node.keywords}
        said = [words for words, _ in given]
        kind = given[0][1] if given else "number"
        for _, other in given[1:]:
            kind = _joined(kind, other)
        template = _template(called)
        if template and not options:
            return template.format(*said), kind
        if called == "clamp" and options.keys() <= {"min", "max"}:
            words = said[0]
            if "min" in options:
                words = f"tl.maximum({words}, {options['min']})"
            if "max" in options:
                words = f"tl.minimum({words}, {options['max']})"
            return words, kind
        raise _unsupported(node)

    def method(self, x: ast.expr, called: str, node: ast.Call) -> tuple[str, Kind]:
        said, kind = self.expression(x)
        reduced: Mapping[str, Callable[[str], str]] = {
            "sum": lambda e: f"tl.sum(tl.where(mask, {e}, 0.0), axis=0)",
            "mean": lambda e: f"tl.sum(tl.where(mask, {e}, 0.0), axis=0) / width",
            "amax": lambda e: f'tl.max(tl.where(mask, {e}, -float("inf")), axis=0)',
        }
        match node.args, [k.arg for k in node.keywords]:
            case [axis], ["keepdim"] if called in reduced and kind != "row" and self.last(axis):
                return reduced[called](said), "row"
            case [power], [] if called == "pow":
                return self.power(said, power, node), kind
            case [], [] if called == "clone":
                return said, kind
            case [], [] if template := _template(called):
                return template.format(said), kind
            case _:
                raise _unsupported(node)

    def power(self, said: str, power: ast.expr, node: ast.expr) -> str:
        match ast.literal_eval(power) if _is_literal(power) else None:
            case 2 | 2.0:
                return f"{_closed(said)} * {_closed(said)}"
            case 3 | 3.0:
                return f"{_closed(said)} * {_closed(said)} * {_closed(said)}"
            case 0.5:
                return f"tl.sqrt({said})"
            case -0.5:
                return f"tl.rsqrt({said})"
            case -1 | -1.0:
                return f"1 / {_closed(said)}"
            case _:
                raise _unsupported(node)

    def last(self, axis: ast.expr) -> bool:
        """Whether this is the last axis."""
        return _is_literal(axis) and ast.literal_eval(axis) in (-1, len(self.shape) - 1)

    def leading(self, axes: ast.expr) -> bool:
        """Whether these are all axes but the last."""
        if not _is_literal(axes):
            return False
        found = ast.literal_eval(axes)
        return {*(found if isinstance(found, tuple) else (found,))} == {*range(len(self.shape) - 1)}


def _template(called: str) -> str:
    """How Triton says one of PyTorch's functions; "" where it has no words for it."""
    if called == "rsqrt":  # which is no op
        return "tl.rsqrt({0})"
    return CALLED[called].triton if called in CALLED else ""


def _joined(one: Kind, other: Kind) -> Kind:
    match {one, other}:
        case kinds if "full" in kinds or kinds == {"vector", "row"}:
            return "full"
        case kinds if "vector" in kinds:
            return "vector"
        case kinds if "row" in kinds:
            return "row"
        case _:
            return "number"


def _closed(said: str) -> str:
    """In brackets, unless it is one piece."""
    simple = isinstance(
        ast.parse(said, mode="eval").body, (ast.Name, ast.Call, ast.Constant, ast.Attribute)
    )
    return said if simple else f"({said})"


def _number(node: ast.expr) -> int | float | None:
    """The value of an expression without arrays, such as `math.sqrt(2 / math.pi)`."""
    said = ast.unparse(node).replace("torch.pi", "math.pi")
    names = {n.id for n in ast.walk(ast.parse(said)) if isinstance(n, ast.Name)}
    if not names <= {"math"}:
        return None
    value = eval(said, {"math": math, "__builtins__": {}})
    return value if isinstance(value, (int, float)) else None


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def _unsupported(node: ast.AST) -> UnsupportedError:
    said = ast.unparse(node).splitlines()[0]
    return UnsupportedError(f"`{said}` isn't elementwise, nor a reduction over the last axis")
