"""SwiGLU: silu(gate) * up."""

import jax
import jax.numpy as jnp


@jax.custom_vjp
def swiglu(gate, up):
    return swiglu_fwd(gate, up)[0]


def swiglu_fwd(gate, up):
    return gate * jax.nn.sigmoid(gate) * up, (gate, up)


def swiglu_bwd(kept, dout):
    gate, up = kept
    sig = jax.nn.sigmoid(gate)
    silu = gate * sig
    dup = dout * silu
    dgate = dout * up * (sig + silu * (1 - sig))
    return dgate, dup


swiglu.defvjp(swiglu_fwd, swiglu_bwd)


def inputs(rng, *, rows=3, width=4):
    return {
        "gate": jnp.asarray(rng.normal(size=(rows, width))),
        "up": jnp.asarray(rng.normal(size=(rows, width))),
    }


def reference(gate, up):
    return jax.nn.silu(gate) * up
