"""The text of a `jax.custom_vjp`."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from byhand.codegen import nodes as nd
from byhand.deriving.steps.text import WIDTH, text
from byhand.deriving.wrapped.layout import TAB, fitting
from byhand.deriving.wrapped.parts import Parts

_ARRAYS = re.compile(r"import (numpy|jax|jax\.numpy)\b")


def custom_vjp(parts: Parts, making: Sequence[ast.stmt], static: Sequence[int], module: str) -> str:
    """A module with the function, its fwd and its bwd.

    `making` are statements of forward that make the numbers bwd needs: under `jax.jit` what is kept
    is traced, so they are made again. `static` are the places of arguments that are no arrays.
    `module` is what forward and backward call NumPy.
    """
    name = parts.name
    fixed = [parts.arguments[place] for place in static]
    kept = [n for n in _kept(parts, making) if n not in fixed]
    listed = f"{', '.join(kept)}{',' if len(kept) == 1 else ''}"
    returned = ast.unparse(parts.returned)  # outputs that are several stand in brackets
    forward = _in_jax(parts.forward, module)
    again = _in_jax([text(node) for node in making], module)
    backward = _in_jax(parts.backward, module)
    answers = [a for n, a in zip(parts.arguments, parts.answers, strict=True) if n not in fixed]
    places = f"({', '.join(map(str, static))}{',' if len(static) == 1 else ''})"
    decorator = f"@partial(jax.custom_vjp, nondiff_argnums={places})" if static else ""
    upstream = parts.upstream[0] if len(parts.upstream) == 1 else "upstream"
    unpacked = [] if len(parts.upstream) == 1 else [f"{', '.join(parts.upstream)} = upstream"]
    lines = [
        *(f"# {note}" for note in parts.notes),
        *(["from functools import partial", ""] if static else []),
        "import jax",
        "import jax.numpy as jnp",
        *(line for line in parts.imports if not _ARRAYS.match(line)),
        "",
        *_in_jax(parts.constants, module),
        "",
        decorator or "@jax.custom_vjp",
        *fitting(f"def {name}", parts.arguments, ":"),
        f"{TAB}return {name}_fwd({', '.join(parts.arguments)})[0]",
        "",
        "",
        *fitting(f"def {name}_fwd", parts.arguments, ":"),
        *_inside(forward),
        f"{TAB}return {returned}, ({listed})",
        "",
        "",
        *fitting(f"def {name}_bwd", [*fixed, "kept", upstream], ":"),
        *_inside([*([f"{listed} = kept"] if kept else []), *unpacked]),
        *_inside([*again, *backward]),
        *([f"{TAB}return ({answers[0]},)"] if len(answers) == 1 else _returned(answers)),
        "",
        "",
        f"{name}.defvjp({name}_fwd, {name}_bwd)",
    ]
    return "\n".join(lines) + "\n"


def _returned(answers: Sequence[str]) -> list[str]:
    return fitting(f"{TAB}return ", answers, bare=True)


def _kept(parts: Parts, making: Iterable[ast.stmt]) -> list[str]:
    """The arrays that bwd reads, and those of which it needs a length or so."""
    made = {n.id for node in making for n in ast.walk(node) if isinstance(n, ast.Name)}
    read = [n for n in parts.others if n not in made]
    return [
        *parts.arrays,
        *(n for n in parts.arguments if n in made and n not in parts.arrays),
        *read,
    ]


def _in_jax(lines: Iterable[str], module: str) -> list[str]:
    """In the words of JAX, where an array isn't written into but made anew."""
    said = "\n".join(lines)
    if any(_writes(node) for node in ast.walk(ast.parse(said))):
        tree = _Anew().visit(ast.parse(said))
        said = "\n".join(text(node, WIDTH - 4) for node in ast.fix_missing_locations(tree).body)
    return re.sub(rf"\b{module}\.", "jnp.", said).splitlines()


def _writes(node: ast.AST) -> bool:
    match node:
        case ast.Subscript(ctx=ast.Store()):
            return True
        case ast.Call(func=func):
            return nd.text(func).endswith(".add.at")
        case _:
            return False


class _Anew(ast.NodeTransformer):
    """`x[i] = v`, `x[i] += v` and `np.add.at(x, i, v)` as `x = x.at[i].set(v)` and `.add(v)`."""

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        match node.targets:
            case [ast.Subscript(value=x, slice=index)]:
                return _changed(x, index, "set", node.value)
            case _:
                return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        match node.target, node.op:
            case ast.Subscript(value=x, slice=index), ast.Add():
                return _changed(x, index, "add", node.value)
            case ast.Subscript(value=x, slice=index), ast.Sub():
                return _changed(x, index, "add", nd.negative(node.value))
            case _:
                return node

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        match node.value:
            case ast.Call(func=func, args=[x, index, value]) if nd.text(func).endswith(".add.at"):
                return _changed(x, index, "add", value)
            case _:
                return node


def _changed(x: ast.expr, index: ast.expr, how: str, value: ast.expr) -> ast.stmt:
    place = nd.subscript(ast.Attribute(x, "at", ast.Load()), index)
    return ast.Assign([nd.store(x)], nd.method(place, how, value))


def _inside(lines: Collection[str]) -> Iterator[str]:
    for line in lines:
        yield f"{TAB}{line}" if line else ""
