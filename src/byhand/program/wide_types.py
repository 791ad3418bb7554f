"""A statement with float64 wherever it names a type narrower than float32.

    dx = (dz @ W.T).astype(np.float16)

In float64 such a statement shows whether what it computes is right, whatever half precision hides.
"""

from __future__ import annotations

import ast
import copy

from byhand.values.precision import HALVES

NAMES = frozenset((*HALVES, "half"))
CODES = frozenset((*HALVES, "f2", "<f2", "=f2"))
"""What a half is called where its type is given as a string."""
MODULES = frozenset(("np", "numpy", "torch", "jnp"))


def widened(node: ast.stmt | ast.expr) -> ast.stmt | ast.expr:
    """A copy of a statement or an expression that names float64 in place of halves."""
    return _Widening().visit(copy.deepcopy(node))


def may_be_widened(node: ast.AST) -> bool:
    """Whether halves are only what it casts to, or makes arrays of: it asks for nothing that is
    another number in another type, such as the largest one."""
    return not any(
        _names_a_half(part)
        for asked in ast.walk(node)
        if isinstance(asked, ast.Compare) or _asks_about_a_type(asked)
        for part in ast.walk(asked)
    )


def names_halves(node: ast.AST) -> bool:
    """Whether it names a half anywhere."""
    return any(map(_names_a_half, ast.walk(node)))


def _asks_about_a_type(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in ("finfo", "view", "nextafter", "frombuffer", "isinstance")
        case _:
            return False


def _names_a_half(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in NAMES
        case ast.Constant(value=str(code)):
            return code in CODES
        case _:
            return False


class _Widening(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node.value = self.visit(node.value)  # a key of a dict is no type
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (
                module in MODULES and name in NAMES
            ):
                node.attr = "float64"
            case _:
                pass
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(attr="half" | "bfloat16"), args=[], keywords=[]):
                node.func.attr = "double"  # pyright: ignore[reportAttributeAccessIssue]
            case _:
                pass
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        halves = isinstance(node.value, str) and node.value in CODES
        return ast.copy_location(ast.Constant("float64"), node) if halves else node
