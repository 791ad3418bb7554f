"""A hierarchical character-level model in the style of WaveNet: neighbours are joined two by two.

Eight characters go in. Their embeddings are joined in pairs, and a layer makes one vector of each
pair; so four come out, then two, then one, and an output layer scores the next character. The loss
is the mean cross-entropy in nats. What is close together is joined first, and no layer has to take
in the whole context at once, as the hidden layer of `mlp` has.

To join pairs is only to read the array in another shape, and its backward reads it back. The batch
norm of the first two levels has three axes before it: a channel has a row for every pair of every
context, so its mean is over axes 0 and 1, and n - 1 becomes the number of all these rows less one.

The model is Andrej Karpathy's: "Building makemore Part 5: Building a WaveNet" (Neural Networks:
Zero to Hero, 2022), after van den Oord et al., "WaveNet" (arXiv:1609.03499), whose convolutions are
dilated in the same pattern.
"""

import numpy as np

from byhand.zoo.layers import batch_norm, batch_norm_backward, softmax

statistics = ("mean1", "var1", "mean2", "var2", "mean3", "var3")  # of the whole training set

# The lecture's larger size, 76,579 parameters. Its smaller one, 22,397 parameters, has an embedding
# of 10 and 68 hidden units.
training = {"n": 32, "embedding": 24, "hidden": 128}
schedule = {"falls": 0.75}


def inputs(rng, *, n=16, hidden=12, vocabulary=27, embedding=6):
    """A batch of `n` contexts of eight characters, and parameters at their initial scale."""
    pair = 2 * hidden
    return {
        "X": rng.integers(0, vocabulary, (n, 8)),  # contexts: 8 = 2 * 2 * 2, for three levels
        "Y": rng.integers(0, vocabulary, n),  # the character that follows each of them
        "C": rng.normal(size=(vocabulary, embedding)),
        "W1": rng.normal(size=(2 * embedding, hidden)) / np.sqrt(2 * embedding),
        "gain1": rng.normal(size=hidden) * 0.1 + 1.0,
        "bias1": rng.normal(size=hidden) * 0.1,
        "W2": rng.normal(size=(pair, hidden)) / np.sqrt(pair),
        "gain2": rng.normal(size=hidden) * 0.1 + 1.0,
        "bias2": rng.normal(size=hidden) * 0.1,
        "W3": rng.normal(size=(pair, hidden)) / np.sqrt(pair),
        "gain3": rng.normal(size=hidden) * 0.1 + 1.0,
        "bias3": rng.normal(size=hidden) * 0.1,
        "W4": rng.normal(size=(hidden, vocabulary)) * 0.1 / np.sqrt(hidden),
        "b4": rng.normal(size=vocabulary) * 0.1,
    }


def forward(X, Y, C, W1, gain1, bias1, W2, gain2, bias2, W3, gain3, bias3, W4, b4):
    n = X.shape[0]
    emb = C[X]  # (n, 8, embedding)

    # Level 1: four pairs of characters.
    pairs1 = emb.reshape(n, 4, -1)  # (n, 4, 2 * embedding)
    a1 = pairs1 @ W1  # (n, 4, hidden)
    mean1 = a1.mean(axis=(0, 1))
    var1 = a1.var(axis=(0, 1), ddof=1)
    normed1 = batch_norm(a1, mean1, var1)
    pre1 = gain1 * normed1 + bias1
    h1 = np.tanh(pre1)

    # Level 2: two pairs of pairs.
    pairs2 = h1.reshape(n, 2, -1)  # (n, 2, 2 * hidden)
    a2 = pairs2 @ W2  # (n, 2, hidden)
    mean2 = a2.mean(axis=(0, 1))
    var2 = a2.var(axis=(0, 1), ddof=1)
    normed2 = batch_norm(a2, mean2, var2)
    pre2 = gain2 * normed2 + bias2
    h2 = np.tanh(pre2)

    # Level 3: all of the context.
    pairs3 = h2.reshape(n, -1)  # (n, 2 * hidden)
    a3 = pairs3 @ W3  # (n, hidden)
    mean3 = a3.mean(axis=0)
    var3 = a3.var(axis=0, ddof=1)
    normed3 = batch_norm(a3, mean3, var3)
    pre3 = gain3 * normed3 + bias3
    h3 = np.tanh(pre3)

    logits = h3 @ W4 + b4  # (n, vocabulary)
    probs = softmax(logits)
    loss = -np.log(probs[np.arange(n), Y]).mean()
    return loss


def backward(
    X, Y, C, emb, pairs1, W1, var1, normed1, gain1, h1, pairs2, W2, var2, normed2, gain2, h2,
    pairs3, W3, var3, normed3, gain3, h3, W4, probs,
):  # fmt: skip
    n = X.shape[0]

    # Softmax and cross-entropy: what the model said, less what was right.
    dlogits = probs.copy()
    dlogits[np.arange(n), Y] -= 1
    dlogits /= n

    dW4 = h3.T @ dlogits
    db4 = dlogits.sum(axis=0)
    dh3 = dlogits @ W4.T

    # Each level comes back the same way: tanh, batch norm, product, and the pairs taken apart.
    dpre3 = (1 - h3**2) * dh3
    da3, dgain3, dbias3 = batch_norm_backward(dpre3, normed3, var3, gain3)
    dpairs3 = da3 @ W3.T
    dW3 = pairs3.T @ da3
    dh2 = dpairs3.reshape(h2.shape)

    # One more axis from here on. A weight's gradient adds up over contexts and pairs alike.
    dpre2 = (1 - h2**2) * dh2
    da2, dgain2, dbias2 = batch_norm_backward(dpre2, normed2, var2, gain2)
    dpairs2 = da2 @ W2.T
    dW2 = np.tensordot(pairs2, da2, axes=((0, 1), (0, 1)))
    dh1 = dpairs2.reshape(h1.shape)

    dpre1 = (1 - h1**2) * dh1
    da1, dgain1, dbias1 = batch_norm_backward(dpre1, normed1, var1, gain1)
    dpairs1 = da1 @ W1.T
    dW1 = np.tensordot(pairs1, da1, axes=((0, 1), (0, 1)))
    demb = dpairs1.reshape(emb.shape)

    # A character that occurs many times collects from every place where it stands.
    dC = np.zeros_like(C)
    np.add.at(dC, X, demb)
