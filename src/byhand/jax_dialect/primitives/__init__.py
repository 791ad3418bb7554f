# pyright: basic
"""What each primitive of JAX's is in NumPy's words. A rule takes what an equation is given, its
parameters and itself; what it can't say it raises NotImplementedError for.

The primitives are documented in `jax.lax` (https://docs.jax.dev/en/latest/jax.lax.html).
"""

from byhand.jax_dialect.primitives import along_axes, elementwise, moving
from byhand.jax_dialect.primitives.elementwise import ELEMENTWISE
from byhand.jax_dialect.primitives.rule import Rule, number

RULES: dict[str, Rule] = {**elementwise.RULES, **along_axes.RULES, **moving.RULES}

__all__ = ["ELEMENTWISE", "RULES", "number"]
