# pyright: basic
"""Arrays of JAX's, in float64: JAX makes float32 of everything unless it is told otherwise."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from byhand.errors import RefereeError
from byhand.values import tree
from byhand.values.arrays import is_array

try:
    import jax
    import jax.numpy as jnp
except ImportError:
    raise RefereeError('forward is written in JAX: pip install "byhand[jax]"') from None


def float64() -> AbstractContextManager[Any]:
    """float64 in this block alone: elsewhere in the process JAX stays as the user has set it."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64  # pyright: ignore[reportAttributeAccessIssue]

    return enable_x64()


def in_jax(value: Any) -> Any:
    """A tree in which NumPy's arrays are JAX's, of the same types."""
    with float64():
        return tree.map(lambda leaf: jnp.asarray(leaf) if is_array(leaf) else leaf, value)
