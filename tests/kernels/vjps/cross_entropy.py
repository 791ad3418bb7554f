"""The mean cross-entropy of rows with label smoothing and z-loss."""

import jax
import jax.numpy as jnp


@jax.custom_vjp
def cross_entropy(logits, target):
    return cross_entropy_fwd(logits, target)[0]


def cross_entropy_fwd(logits, target):
    lse = jax.nn.logsumexp(logits, axis=-1)
    picked = jnp.take_along_axis(logits, target[:, None], -1)[:, 0]
    loss = (lse - 0.9 * picked - 0.1 * logits.mean(-1) + 0.02 * lse**2).mean()
    return loss, (logits, target, lse)


def cross_entropy_bwd(kept, dloss):
    logits, target, lse = kept
    rows, words = logits.shape
    probs = jnp.exp(logits - lse[:, None])
    soft = 0.9 * jax.nn.one_hot(target, words) + 0.1 / words
    dlogits = dloss * (probs * (1 + 0.04 * lse[:, None]) - soft) / rows
    return dlogits, None


cross_entropy.defvjp(cross_entropy_fwd, cross_entropy_bwd)


def inputs(rng, *, rows=4, words=6):
    return {
        "logits": jnp.asarray(rng.normal(size=(rows, words))),
        "target": jnp.asarray(rng.integers(0, words, rows)),
    }


def reference(logits, target):
    logprobs = jax.nn.log_softmax(logits)
    lse = jax.nn.logsumexp(logits, axis=-1)
    nll = -(logprobs * jax.nn.one_hot(target, logits.shape[1])).sum(-1)
    return (0.9 * nll - 0.1 * logprobs.mean(-1) + 0.02 * lse**2).mean()
