"""RMS norm: rstd is kept, and what is normalised computed again."""

import jax
import jax.numpy as jnp


@jax.custom_vjp
def rms_norm(x, weight):
    return rms_norm_fwd(x, weight)[0]


def rms_norm_fwd(x, weight):
    rstd = jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-6)
    return x * rstd * weight, (x, weight, rstd)


def rms_norm_bwd(kept, dy):
    x, weight, rstd = kept
    xhat = x * rstd
    dxhat = dy * weight
    dx = rstd * (dxhat - xhat * (dxhat * xhat).mean(-1, keepdims=True))
    dweight = (dy * xhat).sum((0, 1))
    return dx, dweight


rms_norm.defvjp(rms_norm_fwd, rms_norm_bwd)


def inputs(rng, *, batch=2, time=3, width=5):
    return {
        "x": jnp.asarray(rng.normal(size=(batch, time, width))),
        "weight": jnp.asarray(rng.normal(size=width) + 1),
    }


def reference(x, weight):
    return x / jnp.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * weight
