"""JAX works in float32 unless told otherwise before its first array."""

import jax

jax.config.update("jax_enable_x64", True)
