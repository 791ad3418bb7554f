"""GeGLU with the tanh form of GELU; gate and value are the two halves of one input."""

import jax
import jax.numpy as jnp


@jax.custom_vjp
def geglu(x):
    return geglu_fwd(x)[0]


def geglu_fwd(x):
    gate, value = jnp.split(x, 2, axis=-1)
    t = jnp.tanh(0.7978845608028654 * (gate + 0.044715 * gate**3))
    return 0.5 * gate * (1 + t) * value, (gate, value, t)


def geglu_bwd(kept, dout):
    gate, value, t = kept
    slope = 0.7978845608028654 * (1 + 3 * 0.044715 * gate**2)
    dgate = dout * value * (0.5 * (1 + t) + 0.5 * gate * (1 - t * t) * slope)
    dvalue = dout * 0.5 * gate * (1 + t)
    return (jnp.concatenate([dgate, dvalue], axis=-1),)


geglu.defvjp(geglu_fwd, geglu_bwd)


def inputs(rng, *, rows=3, width=4):
    return {"x": jnp.asarray(rng.normal(size=(rows, 2 * width)))}


def reference(x):
    gate, value = jnp.split(x, 2, axis=-1)
    return jax.nn.gelu(gate, approximate=True) * value
