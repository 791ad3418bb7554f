"""A recurrent net: one state, carried from character to character.

A word goes in, a character in every place, and each place is to say the character that follows. Its
state is computed from its character and from the state before it, always with the same weights; a
linear layer makes scores of the state.

The backward goes through time in reverse. What reaches a state comes from two sides: from the
scores of its own place, and from the next state. A weight is used in every place, so what comes
back to it adds up over all of them.

The model is that of Andrej Karpathy's script makemore.py (github.com/karpathy/makemore, 2022),
after Mikolov et al., "Recurrent neural network based language model" (Interspeech 2010). To go back
through time is Werbos's, "Backpropagation through time" (Proceedings of the IEEE, 1990).
"""

import numpy as np

from byhand.zoo.layers import linear_backward, softmax, words

# The sizes and the optimiser of the script: 11,803 parameters.
training = {"n": 32, "block": 16, "hidden": 64, "embedding": 64}
schedule = {"optimiser": "adamw", "rate": 5e-4, "falls": 1, "steps": 20_000}


def inputs(rng, *, n=3, block=4, hidden=8, embedding=6, vocabulary=27):
    """`n` words in up to `block` places, and parameters at their initial scale."""
    X, Y = words(rng, n, block, vocabulary)

    def uniform(fan_in, *shape):
        return rng.uniform(-1, 1, shape) / np.sqrt(fan_in)

    both = embedding + hidden  # the fan-in of a layer that takes in the character and the state
    return {
        "X": X,  # (n, block): the end marker 0, then the word, then zeros
        "Y": Y,  # (n, block): the character that follows each, and -1 after the word's end
        "C": rng.normal(size=(vocabulary, embedding)),
        "start": rng.normal(size=(1, hidden)) * 0.1,
        "Wx": uniform(both, embedding, hidden),
        "Wh": uniform(both, hidden, hidden),
        "bh": uniform(both, hidden),
        "W": uniform(hidden, hidden, vocabulary),
        "b": uniform(hidden, vocabulary),
    }


def forward(X, Y, C, start, Wx, Wh, bh, W, b):
    n, time = X.shape
    emb = C[X]  # (n, time, embedding)
    fed = emb @ Wx + bh  # what each character adds to its state: for all places at once

    # hs[t] is the state before place t, and hs[t + 1] the one after it.
    hs = [np.broadcast_to(start, (n, start.shape[1]))]
    preacts = []
    states = np.zeros_like(fed)  # the states again, for the scores of all places at once
    for t in range(time):
        preacts.append(fed[:, t] + hs[t] @ Wh)
        hs.append(np.tanh(preacts[t]))
        states[:, t] = hs[t + 1]

    logits = states @ W + b  # (n, time, vocabulary)
    probs = softmax(logits)

    # The mean over all places where there is something to say: Y is -1 after the end of a word.
    rows, columns = np.arange(n)[:, None], np.arange(time)
    right = probs[rows, columns, Y]
    counted = (Y >= 0).astype(probs.dtype)
    loss = -(np.log(right) * counted).sum() / counted.sum()
    return loss


def backward(X, Y, C, emb, Wx, hs, Wh, states, W, probs, rows, columns, counted):
    n, time = X.shape

    # Softmax and cross-entropy: what the model said, less what was right, where that counts.
    dlogits = probs.copy()
    dlogits[rows, columns, Y] -= 1
    dlogits *= (counted / counted.sum())[..., None]

    from_scores, dW, db = linear_backward(dlogits, states, W)

    # Through time, from the last place to the first. The last state has no next one.
    dhs = [np.zeros_like(h) for h in hs]
    dpreacts = [None] * time
    dWh = np.zeros_like(Wh)
    for t in reversed(range(time)):
        dhs[t + 1] += from_scores[:, t]
        dpreacts[t] = (1 - hs[t + 1] ** 2) * dhs[t + 1]  # tanh' = 1 - tanh^2
        dWh += hs[t].T @ dpreacts[t]
        dhs[t] += dpreacts[t] @ Wh.T

    # Every word starts from the same state.
    dstart = dhs[0].sum(axis=0, keepdims=True)

    dfed = np.stack(dpreacts, axis=1)
    demb, dWx, dbh = linear_backward(dfed, emb, Wx)
    # A character that occurs many times collects from every place where it stands.
    dC = np.zeros_like(C)
    np.add.at(dC, X, demb)
