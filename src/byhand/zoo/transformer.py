"""A decoder-only transformer: every place looks back at all places before it, layer after layer.

A word goes in, a character in every place, and each place is to say the character that follows. A
layer adds two things to the vector of a place: a mixture of what is in this and in earlier places,
by causal attention with several heads, and then what a small net with GELU makes of the place
alone. Each of the two reads the vector through a layer norm. As things are only ever added, what
comes back goes straight down to the embedding, and each layer adds its part to it.

At the sizes for training the model has 204,544 parameters, all that the script trains. One product
gives queries, keys and values of all heads, which are a quarter of the embedding wide; the small
net is four times as wide as the embedding; these products and the two others of a layer have a
bias, the layer norms a gain and a bias. One more layer norm stands before the output layer, which
has no bias and shares nothing with the embedding. There is no dropout.

The model is that of Andrej Karpathy's script makemore.py (github.com/karpathy/makemore, 2022),
after Vaswani et al., "Attention is all you need" (arXiv:1706.03762) and Radford et al., "Language
models are unsupervised multitask learners" (2019), section 2.3, for the layer norms' places.
"""

import numpy as np

from byhand.zoo.layers import (
    attention,
    attention_backward,
    attention_weights,
    gelu,
    gelu_backward,
    layer_norm,
    layer_norm_backward,
    linear_backward,
    softmax,
    words,
)

# The sizes and the optimiser of the script: an embedding of 4 * 16 = 64, and 204,544 parameters.
training = {"n": 32, "layers": 4, "heads": 4, "head": 16, "block": 16}
schedule = {"optimiser": "adamw", "rate": 5e-4, "falls": 1, "steps": 10_000}


def inputs(rng, *, n=3, layers=2, heads=2, head=3, block=4, vocabulary=27):
    """`n` words in up to `block` places, and parameters at their initial scale.

    `head` is the width of one head; the embedding is `heads * head` wide.
    """
    width = heads * head
    X, Y = words(rng, n, block, vocabulary)

    def uniform(fan_in, *shape):
        return [rng.uniform(-1, 1, shape) / np.sqrt(fan_in) for _ in range(layers)]

    def gains():
        return [rng.normal(size=width) * 0.02 + 1 for _ in range(layers)]

    def biases():
        return [rng.normal(size=width) * 0.02 for _ in range(layers)]

    return {
        "X": X,  # (n, block): the end marker 0, then the word, then zeros
        "Y": Y,  # (n, block): the character that follows each, and -1 after the word's end
        "heads": heads,
        "C": rng.normal(size=(vocabulary, width)),
        "P": rng.normal(size=(block, width)),
        # In each layer: layer norm and attention, then layer norm and the small net.
        "gains1": gains(),
        "biases1": biases(),
        "Wqkvs": uniform(width, width, 3 * width),
        "bqkvs": uniform(width, 3 * width),
        "Wos": uniform(width, width, width),
        "bos": uniform(width, width),
        "gains2": gains(),
        "biases2": biases(),
        "W1s": uniform(width, width, 4 * width),
        "b1s": uniform(width, 4 * width),
        "W2s": uniform(4 * width, 4 * width, width),
        "b2s": uniform(4 * width, width),
        # At the end: layer norm and the output layer.
        "gain": rng.normal(size=width) * 0.02 + 1,
        "bias": rng.normal(size=width) * 0.02,
        "W": rng.uniform(-1, 1, (width, vocabulary)) / np.sqrt(width),
    }


def forward(
    X, Y, heads, C, P, gains1, biases1, Wqkvs, bqkvs, Wos, bos, gains2, biases2, W1s, b1s, W2s,
    b2s, gain, bias, W,
):  # fmt: skip
    n, time = X.shape
    ahead = np.arange(time) > np.arange(time)[:, None]  # the places that each may not see

    # A vector for each character, and one for its place in the word.
    emb = C[X]  # (n, time, width)

    # xs[i] goes into layer i, and xs[i + 1] comes out of it.
    xs = [emb + P[:time]]
    lns1, qkvs, weights, mixed, middles, lns2, us, gs = [], [], [], [], [], [], [], []
    for i in range(len(Wqkvs)):
        lns1.append(layer_norm(xs[i], gains1[i], biases1[i]))
        qkvs.append(lns1[i] @ Wqkvs[i] + bqkvs[i])  # (n, time, 3 * width)
        weights.append(attention_weights(qkvs[i], heads, ahead))  # (n, heads, time, time)
        mixed.append(attention(weights[i], qkvs[i]))  # (n, time, width)
        middles.append(xs[i] + mixed[i] @ Wos[i] + bos[i])

        lns2.append(layer_norm(middles[i], gains2[i], biases2[i]))
        us.append(lns2[i] @ W1s[i] + b1s[i])  # (n, time, 4 * width)
        gs.append(gelu(us[i]))
        xs.append(middles[i] + gs[i] @ W2s[i] + b2s[i])

    last = xs[len(Wqkvs)]
    ln = layer_norm(last, gain, bias)
    logits = ln @ W  # (n, time, vocabulary)
    probs = softmax(logits)

    # The mean over all places where there is something to say: Y is -1 after the end of a word.
    rows, columns = np.arange(n)[:, None], np.arange(time)
    right = probs[rows, columns, Y]
    counted = (Y >= 0).astype(probs.dtype)
    loss = -(np.log(right) * counted).sum() / counted.sum()
    return loss


def backward(
    X, Y, C, P, xs, gains1, lns1, Wqkvs, qkvs, weights, mixed, Wos, middles, gains2, lns2, W1s,
    us, gs, W2s, last, gain, ln, W, probs, rows, columns, counted,
):  # fmt: skip
    n, time = X.shape
    layers = len(Wqkvs)

    # Softmax and cross-entropy: what the model said, less what was right, where that counts.
    dlogits = probs.copy()
    dlogits[rows, columns, Y] -= 1
    dlogits *= (counted / counted.sum())[..., None]

    dln, dW, _ = linear_backward(dlogits, ln, W)
    dlast, dgain, dbias = layer_norm_backward(dln, last, gain)

    dxs = [None] * layers + [dlast]
    dgs, dus, dlns2, dmiddles, dmixed, dqkvs, dlns1 = ([None] * layers for _ in range(7))
    dW2s, db2s, dW1s, db1s, dgains2, dbiases2 = ([None] * layers for _ in range(6))
    dWos, dbos, dWqkvs, dbqkvs, dgains1, dbiases1 = ([None] * layers for _ in range(6))
    for i in reversed(range(layers)):
        # The small net. What was added to it goes on as it is: the residual path.
        dgs[i], dW2s[i], db2s[i] = linear_backward(dxs[i + 1], gs[i], W2s[i])
        dus[i] = gelu_backward(dgs[i], us[i])
        dlns2[i], dW1s[i], db1s[i] = linear_backward(dus[i], lns2[i], W1s[i])
        by_net, dgains2[i], dbiases2[i] = layer_norm_backward(dlns2[i], middles[i], gains2[i])
        dmiddles[i] = dxs[i + 1] + by_net

        # The attention, in the same way.
        dmixed[i], dWos[i], dbos[i] = linear_backward(dmiddles[i], mixed[i], Wos[i])
        dqkvs[i] = attention_backward(dmixed[i], weights[i], qkvs[i])
        dlns1[i], dWqkvs[i], dbqkvs[i] = linear_backward(dqkvs[i], lns1[i], Wqkvs[i])
        by_heads, dgains1[i], dbiases1[i] = layer_norm_backward(dlns1[i], xs[i], gains1[i])
        dxs[i] = dmiddles[i] + by_heads

    demb = dxs[0]
    dP = np.zeros_like(P)
    dP[:time] = dxs[0].sum(axis=0)
    # A character that occurs many times collects from every place where it stands.
    dC = np.zeros_like(C)
    np.add.at(dC, X, demb)
