"""Numbers that forward has words for, such as `n - 1`, as factors that cancel.

Lengths that are equal at every size are one number, whatever words forward has for them.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from byhand.codegen.notes import where
from byhand.codegen.sizes import Dim

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class ForwardNames:
    """The values of what forward has names for."""

    names: Mapping[str, Any]

    def value(self, node: ast.expr) -> float | None:
        """None for what isn't a number, or can't be told."""
        match node:
            case Dim():
                return float(node.tensor.value.shape[node.axis])
            case ast.BinOp():
                left, right = self.value(node.left), self.value(node.right)
                if left is None or right is None:
                    return None
                node = ast.BinOp(ast.Constant(left), node.op, ast.Constant(right))
            case _:
                pass
        try:
            return float(eval(ast.unparse(node), dict(self.names)))
        except Exception:
            return None

    def name_of(self, array: Any) -> str:
        """The name that forward has for an array, or nothing."""
        place = where(array)
        return next((name for name, value in self.names.items() if where(value) == place), "")
