"""The character-level MLP as it first was: every parameter at random, on the scale of 1.

Three characters go in, through an embedding, a hidden layer with tanh and an output layer; scores
for the next character come out, and the loss is their mean cross-entropy in nats. There is no batch
norm yet: `mlp` has it. At this scale the first scores are far apart, so the first loss is far above
that of a guess, log 27, and most of the tanh are close to -1 or 1, where little comes back.
`mlp_scaled` is the same model with a better start.

The model is Andrej Karpathy's: "Building makemore Part 2: MLP" (Neural Networks: Zero to Hero,
2022), after Bengio et al., "A Neural Probabilistic Language Model" (JMLR 2003).
"""

import numpy as np

from byhand.zoo.layers import softmax

training = {"hidden": 200}  # the lecture's size: 11,897 parameters


def inputs(rng, *, n=32, hidden=40, vocabulary=27, embedding=10, block=3):
    """A batch of `n` contexts, `block` characters each, and parameters at their initial scale."""
    fan_in = block * embedding
    return {
        "X": rng.integers(0, vocabulary, (n, block)),  # contexts
        "Y": rng.integers(0, vocabulary, n),  # the character that follows each of them
        "C": rng.normal(size=(vocabulary, embedding)),
        "W1": rng.normal(size=(fan_in, hidden)),
        "b1": rng.normal(size=hidden),
        "W2": rng.normal(size=(hidden, vocabulary)),
        "b2": rng.normal(size=vocabulary),
    }


def forward(X, Y, C, W1, b1, W2, b2):
    n = X.shape[0]
    emb = C[X]  # (n, block, embedding)
    embcat = emb.reshape(n, -1)  # (n, block * embedding)
    hpreact = embcat @ W1 + b1
    h = np.tanh(hpreact)  # (n, hidden)
    logits = h @ W2 + b2  # (n, vocabulary)
    probs = softmax(logits)
    loss = -np.log(probs[np.arange(n), Y]).mean()
    return loss


def backward(X, Y, C, emb, embcat, W1, h, W2, probs):
    n = X.shape[0]

    # Softmax and cross-entropy: what the model said, less what was right.
    dlogits = probs.copy()
    dlogits[np.arange(n), Y] -= 1
    dlogits /= n

    dW2 = h.T @ dlogits
    db2 = dlogits.sum(axis=0)
    dh = dlogits @ W2.T

    # tanh' = 1 - tanh^2: where h is almost -1 or 1, hardly anything comes back.
    dhpreact = (1 - h**2) * dh
    dW1 = embcat.T @ dhpreact
    db1 = dhpreact.sum(axis=0)
    dembcat = dhpreact @ W1.T

    # A character that occurs many times collects from every place where it stands.
    demb = dembcat.reshape(emb.shape)
    dC = np.zeros_like(C)
    np.add.at(dC, X, demb)
