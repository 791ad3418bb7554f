"""Rotary embedding; the angles get no gradient."""

import jax
import jax.numpy as jnp


@jax.custom_vjp
def rotary(x, cos, sin):
    return rotary_fwd(x, cos, sin)[0]


def rotary_fwd(x, cos, sin):
    a, b = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1), (cos, sin)


def rotary_bwd(kept, dout):
    cos, sin = kept
    a, b = jnp.split(dout, 2, axis=-1)
    dx = jnp.concatenate([a * cos + b * sin, b * cos - a * sin], axis=-1)
    return dx, None, None


rotary.defvjp(rotary_fwd, rotary_bwd)


def inputs(rng, *, heads=2, time=3, half=2):
    angles = jnp.asarray(rng.normal(size=(time, half)))
    return {
        "x": jnp.asarray(rng.normal(size=(heads, time, 2 * half))),
        "cos": jnp.cos(angles),
        "sin": jnp.sin(angles),
    }


def reference(x, cos, sin):
    cos, sin = jax.lax.stop_gradient(cos), jax.lax.stop_gradient(sin)
    a, b = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)
