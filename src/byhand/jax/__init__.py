"""JAX: people's own `custom_vjp`s checked.

`byhand.jax.check(f, args)` checks a `jax.custom_vjp`, or a function that calls one.
"""

from byhand.errors import RefereeError

try:
    import jax as _  # noqa: F401
except ImportError:
    raise RefereeError('byhand.jax needs JAX: pip install "byhand[jax]"') from None

from byhand.jax.check import check

__all__ = ["check"]
