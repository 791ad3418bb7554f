"""A soft cap of logits, after which only what comes out is kept."""

from functools import partial

import jax
import jax.numpy as jnp


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def softcap(logits, cap):
    return cap * jnp.tanh(logits / cap)


def softcap_fwd(logits, cap):
    capped = cap * jnp.tanh(logits / cap)
    return capped, capped


def softcap_bwd(cap, capped, dout):
    ratio = capped / cap
    dlogits = dout * (1 - ratio * ratio)
    return (dlogits,)


softcap.defvjp(softcap_fwd, softcap_bwd)


def inputs(rng, *, rows=3, words=5):
    return {"logits": jnp.asarray(3 * rng.normal(size=(rows, words))), "cap": 4.0}


def reference(logits, cap):
    t = jnp.exp(2 * logits / cap)
    return cap * (t - 1) / (t + 1)
