"""A deep character-level MLP: five hidden layers with tanh, and a batch norm after every product.

Three characters go in, through an embedding and six layers, the last of them for the scores of the
next character; the loss is their mean cross-entropy in nats. The layers have no bias of their own:
the batch norm would take it out again, and it has one. What comes back through five tanh would
vanish or blow up if the weights' scale were a little off; batch norm puts every layer's back right.

The backward goes the same three lines from layer to layer, from the last to the first: tanh, batch
norm, product. The batch norm in one step is in `layers`, and `mlp_fused` tells how it comes about.

The model is Andrej Karpathy's: "Building makemore Part 3: Activations & Gradients, BatchNorm"
(Neural Networks: Zero to Hero, 2022), after Ioffe & Szegedy, "Batch Normalization"
(arXiv:1502.03167).
"""

import numpy as np

from byhand.zoo.layers import batch_norm, batch_norm_backward, softmax

# Evaluation takes these from the whole training set.
statistics = (
    "mean1",
    "var1",
    "mean2",
    "var2",
    "mean3",
    "var3",
    "mean4",
    "var4",
    "mean5",
    "var5",
    "mean6",
    "var6",
)

# The lecture's sizes: 47,024 parameters.
training = {"n": 32, "hidden": 100, "embedding": 10}


def inputs(rng, *, n=16, hidden=8, vocabulary=27, embedding=4, block=3):
    """A batch of `n` contexts, `block` characters each, and parameters at their initial scale."""
    fan_in = block * embedding
    return {
        "X": rng.integers(0, vocabulary, (n, block)),  # contexts
        "Y": rng.integers(0, vocabulary, n),  # the character that follows each of them
        "C": rng.normal(size=(vocabulary, embedding)),
        "W1": rng.normal(size=(fan_in, hidden)) / np.sqrt(fan_in),
        "gain1": rng.normal(size=hidden) * 0.1 + 1.0,
        "bias1": rng.normal(size=hidden) * 0.1,
        "W2": rng.normal(size=(hidden, hidden)) / np.sqrt(hidden),
        "gain2": rng.normal(size=hidden) * 0.1 + 1.0,
        "bias2": rng.normal(size=hidden) * 0.1,
        "W3": rng.normal(size=(hidden, hidden)) / np.sqrt(hidden),
        "gain3": rng.normal(size=hidden) * 0.1 + 1.0,
        "bias3": rng.normal(size=hidden) * 0.1,
        "W4": rng.normal(size=(hidden, hidden)) / np.sqrt(hidden),
        "gain4": rng.normal(size=hidden) * 0.1 + 1.0,
        "bias4": rng.normal(size=hidden) * 0.1,
        "W5": rng.normal(size=(hidden, hidden)) / np.sqrt(hidden),
        "gain5": rng.normal(size=hidden) * 0.1 + 1.0,
        "bias5": rng.normal(size=hidden) * 0.1,
        "W6": rng.normal(size=(hidden, vocabulary)) / np.sqrt(hidden),
        # A small last gain: the scores start close to each other, and the first loss is a guess.
        "gain6": rng.normal(size=vocabulary) * 0.01 + 0.1,
        "bias6": rng.normal(size=vocabulary) * 0.1,
    }


def forward(
    X, Y, C, W1, gain1, bias1, W2, gain2, bias2, W3, gain3, bias3, W4, gain4, bias4,
    W5, gain5, bias5, W6, gain6, bias6,
):  # fmt: skip
    n = X.shape[0]
    emb = C[X]  # (n, block, embedding)
    embcat = emb.reshape(n, -1)  # (n, block * embedding)

    # Six times the same: a product, batch norm with a gain and a bias, and, but for the last, tanh.
    a1 = embcat @ W1
    mean1 = a1.mean(axis=0)
    var1 = a1.var(axis=0, ddof=1)
    normed1 = batch_norm(a1, mean1, var1)
    pre1 = gain1 * normed1 + bias1
    h1 = np.tanh(pre1)

    a2 = h1 @ W2
    mean2 = a2.mean(axis=0)
    var2 = a2.var(axis=0, ddof=1)
    normed2 = batch_norm(a2, mean2, var2)
    pre2 = gain2 * normed2 + bias2
    h2 = np.tanh(pre2)

    a3 = h2 @ W3
    mean3 = a3.mean(axis=0)
    var3 = a3.var(axis=0, ddof=1)
    normed3 = batch_norm(a3, mean3, var3)
    pre3 = gain3 * normed3 + bias3
    h3 = np.tanh(pre3)

    a4 = h3 @ W4
    mean4 = a4.mean(axis=0)
    var4 = a4.var(axis=0, ddof=1)
    normed4 = batch_norm(a4, mean4, var4)
    pre4 = gain4 * normed4 + bias4
    h4 = np.tanh(pre4)

    a5 = h4 @ W5
    mean5 = a5.mean(axis=0)
    var5 = a5.var(axis=0, ddof=1)
    normed5 = batch_norm(a5, mean5, var5)
    pre5 = gain5 * normed5 + bias5
    h5 = np.tanh(pre5)

    a6 = h5 @ W6
    mean6 = a6.mean(axis=0)
    var6 = a6.var(axis=0, ddof=1)
    normed6 = batch_norm(a6, mean6, var6)
    logits = gain6 * normed6 + bias6

    probs = softmax(logits)
    loss = -np.log(probs[np.arange(n), Y]).mean()
    return loss


def backward(
    X, Y, C, emb, embcat, W1, var1, normed1, gain1, h1, W2, var2, normed2, gain2, h2,
    W3, var3, normed3, gain3, h3, W4, var4, normed4, gain4, h4, W5, var5, normed5, gain5, h5,
    W6, var6, normed6, gain6, probs,
):  # fmt: skip
    n = X.shape[0]

    # Softmax and cross-entropy: what the model said, less what was right.
    dlogits = probs.copy()
    dlogits[np.arange(n), Y] -= 1
    dlogits /= n

    da6, dgain6, dbias6 = batch_norm_backward(dlogits, normed6, var6, gain6)
    dW6 = h5.T @ da6
    dh5 = da6 @ W6.T

    dpre5 = (1 - h5**2) * dh5
    da5, dgain5, dbias5 = batch_norm_backward(dpre5, normed5, var5, gain5)
    dW5 = h4.T @ da5
    dh4 = da5 @ W5.T

    dpre4 = (1 - h4**2) * dh4
    da4, dgain4, dbias4 = batch_norm_backward(dpre4, normed4, var4, gain4)
    dW4 = h3.T @ da4
    dh3 = da4 @ W4.T

    dpre3 = (1 - h3**2) * dh3
    da3, dgain3, dbias3 = batch_norm_backward(dpre3, normed3, var3, gain3)
    dW3 = h2.T @ da3
    dh2 = da3 @ W3.T

    dpre2 = (1 - h2**2) * dh2
    da2, dgain2, dbias2 = batch_norm_backward(dpre2, normed2, var2, gain2)
    dW2 = h1.T @ da2
    dh1 = da2 @ W2.T

    dpre1 = (1 - h1**2) * dh1
    da1, dgain1, dbias1 = batch_norm_backward(dpre1, normed1, var1, gain1)
    dW1 = embcat.T @ da1
    dembcat = da1 @ W1.T

    # A character that occurs many times collects from every place where it stands.
    demb = dembcat.reshape(emb.shape)
    dC = np.zeros_like(C)
    np.add.at(dC, X, demb)
