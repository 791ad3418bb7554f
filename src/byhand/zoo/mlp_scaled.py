"""The character-level MLP with a start that suits it: `mlp_plain` on a better scale.

Three characters go in, through an embedding, a hidden layer with tanh and an output layer; scores
for the next character come out, and the loss is their mean cross-entropy in nats. There is no batch
norm yet: `mlp` has it. Only the initial values are other than in `mlp_plain`: the scores start
close to 0, so that the first loss is that of a guess, log 27; and W1 is scaled by its fan-in and by
tanh's gain of 5/3, so that few of the tanh start close to -1 or 1.

The model is Andrej Karpathy's: "Building makemore Part 3: Activations & Gradients, BatchNorm"
(Neural Networks: Zero to Hero, 2022), after Bengio et al., "A Neural Probabilistic Language Model"
(JMLR 2003).
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
        "W1": rng.normal(size=(fan_in, hidden)) * (5 / 3) / np.sqrt(fan_in),
        "b1": rng.normal(size=hidden) * 0.01,
        "W2": rng.normal(size=(hidden, vocabulary)) * 0.01,
        "b2": rng.normal(size=vocabulary) * 0.01,
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

    # tanh' = 1 - tanh^2.
    dhpreact = (1 - h**2) * dh
    dW1 = embcat.T @ dhpreact
    db1 = dhpreact.sum(axis=0)
    dembcat = dhpreact @ W1.T

    # A character that occurs many times collects from every place where it stands.
    demb = dembcat.reshape(emb.shape)
    dC = np.zeros_like(C)
    np.add.at(dC, X, demb)
