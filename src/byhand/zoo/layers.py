"""What several models of the zoo share: each layer's forward, and its backward beside it.

A backward here takes the gradient `dout` of what its forward returned, and what it needs of the
forward, and returns the gradients of the arguments in their order. The models do the rest in lines
of their own.
"""

import numpy as np


def words(rng, n, block, vocabulary):
    """`n` random words as a model that reads them from the left is given them: X and Y.

    X, (n, block), has the end marker 0, then the characters of a word, then zeros. Y has in the
    same place the character to come next; after the word its end marker, 0; then -1, for nothing.
    """
    place = np.arange(block)
    length = rng.integers(0, block, (n, 1))
    Y = np.where(place < length, rng.integers(1, vocabulary, (n, block)), -1)
    Y[place == length] = 0
    X = np.zeros_like(Y)
    X[:, 1:] = np.maximum(Y[:, :-1], 0)
    return X, Y


def softmax(scores):
    """Probabilities of the last axis, from scores that may be large.

    Without the maximum nothing overflows in exp, and no probability changes.
    """
    counts = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return counts / counts.sum(axis=-1, keepdims=True)


def linear_backward(dout, x, W):
    """The gradients of x, W and b in `x @ W + b`, whose x may have any number of axes before the
    last."""
    rows = dout.reshape(-1, dout.shape[-1])
    dW = x.reshape(-1, x.shape[-1]).T @ rows
    return dout @ W.T, dW, rows.sum(axis=0)


# Batch norm (Ioffe & Szegedy, arXiv:1502.03167). A model computes the mean and the variance in
# lines of its own, as they are replaced by those of the training set when it is evaluated.


def batch_norm(x, mean, var):
    """x with mean 0 and variance 1 in every channel, which is a place on the last axis."""
    return (x - mean) * (var + 1e-5) ** -0.5


def batch_norm_backward(dout, normed, var, gain):
    """The gradients of x, gain and bias in `gain * batch_norm(x, ...) + bias`: through the mean and
    the variance too.

    `normed`, which is batch_norm(x, ...), changes neither with the mean of x nor with its scale. So
    what comes back loses two things: its mean, and its share along `normed`. Their sums are dbias
    and dgain. A channel's rows may lie on several axes, such as batch and time. `rows - 1` is the
    variance's own (Bessel's correction).
    """
    along = tuple(range(dout.ndim - 1))
    rows = dout.size // dout.shape[-1]
    dgain = (dout * normed).sum(axis=along)
    dbias = dout.sum(axis=along)
    dx = gain * (var + 1e-5) ** -0.5 * (dout - dbias / rows - normed * (dgain / (rows - 1)))
    return dx, dgain, dbias


# Layer norm (Ba, Kiros & Hinton, arXiv:1607.06450).


def layer_norm(x, gain, bias):
    """Every row of x, along the last axis, with mean 0 and variance 1, then gain and bias."""
    centred = x - x.mean(axis=-1, keepdims=True)
    var = (centred**2).mean(axis=-1, keepdims=True)
    return gain * (centred * (var + 1e-5) ** -0.5) + bias


def layer_norm_backward(dout, x, gain):
    """The gradients of x, gain and bias. What `layer_norm` computed of x is computed again: that is
    cheaper than to keep it.

    As in batch norm, but along a row: what comes back loses its mean and its share along `normed`.
    The gain is another for each element of a row, so it is there before the two means are taken.
    """
    centred = x - x.mean(axis=-1, keepdims=True)
    std_inv = ((centred**2).mean(axis=-1, keepdims=True) + 1e-5) ** -0.5
    normed = centred * std_inv
    along = tuple(range(dout.ndim - 1))
    dgain = (dout * normed).sum(axis=along)
    dbias = dout.sum(axis=along)
    g = dout * gain
    share = (g * normed).mean(axis=-1, keepdims=True)
    dx = std_inv * (g - g.mean(axis=-1, keepdims=True) - normed * share)
    return dx, dgain, dbias


# GELU (Hendrycks & Gimpel, arXiv:1606.08415), in its form with tanh. NumPy computes x**3 as a power
# of any kind, which would take longer than all the rest of a transformer; x**2 is a product.


def gelu(x):
    return 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x * x**2)))


def gelu_backward(dout, x):
    """The gradient of x: the product rule, and the chain rule for what is inside of tanh."""
    scale = (2 / np.pi) ** 0.5
    t = np.tanh(scale * (x + 0.044715 * x * x**2))
    return dout * 0.5 * (1 + t + x * (1 - t**2) * scale * (1 + 3 * 0.044715 * x**2))


# Causal self-attention (Vaswani et al., arXiv:1706.03762, section 3.2.2).


def heads_of(qkv, heads):
    """Queries, keys and values, each (n, heads, time, head), of `qkv`, (n, time, 3 * width)."""
    n, time, width = qkv.shape
    split = qkv.reshape(n, time, 3, heads, width // 3 // heads).transpose(2, 0, 3, 1, 4)
    return split[0], split[1], split[2]


def attention_weights(qkv, heads, ahead):
    """How much each place attends to each, (n, heads, time, time); nothing to those `ahead`."""
    q, k, _ = heads_of(qkv, heads)
    scores = q @ k.swapaxes(-1, -2) * q.shape[-1] ** -0.5
    return softmax(np.where(ahead, -np.inf, scores))


def attention(weights, qkv):
    """The values, mixed by the weights, with the heads side by side again: (n, time, width)."""
    n, heads, time, _ = weights.shape
    _, _, v = heads_of(qkv, heads)
    return (weights @ v).transpose(0, 2, 1, 3).reshape(n, time, -1)


def attention_backward(dout, weights, qkv):
    """The gradient of `qkv`, over the weights and the mixing.

    Softmax takes from each row the mean of what comes back, by its own weights. A place ahead has
    the weight 0, so nothing goes back to it, and the mask needs no line here.
    """
    n, heads, time, _ = weights.shape
    q, k, v = heads_of(qkv, heads)
    dmixed = dout.reshape(n, time, heads, -1).transpose(0, 2, 1, 3)
    dv = weights.swapaxes(-1, -2) @ dmixed
    dweights = dmixed @ v.swapaxes(-1, -2)
    mean = (weights * dweights).sum(axis=-1, keepdims=True)
    dscores = weights * (dweights - mean) * q.shape[-1] ** -0.5
    dq = dscores @ k
    dk = dscores.swapaxes(-1, -2) @ q
    return np.stack([dq, dk, dv]).transpose(1, 3, 0, 2, 4).reshape(qkv.shape)
