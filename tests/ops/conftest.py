"""JAX has to be told before its first array."""

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update(
    "jax_disable_most_optimizations", True
)  # each program runs once, on a few numbers
