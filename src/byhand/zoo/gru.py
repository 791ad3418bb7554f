"""A gated recurrent unit: a state that is carried on, as far as two gates let it.

As in `rnn`, a state goes from character to character, and each place is to say the character that
follows. But the new state is a mixture: the gate z says how much of the old one is exchanged for a
candidate, and the gate r how much of the old one the candidate may see. Where z is near 0 the state
goes on almost as it was, and so does what comes back: it need not pass a tanh in every place.

The old state is used four times, so on the way back four paths add up: it is carried on by 1 - z,
the candidate sees it through r, and each of the two gates is computed from it. What the characters
add to the gates and to the candidate is computed for all places at once.

The model is that of Andrej Karpathy's script makemore.py (github.com/karpathy/makemore, 2022),
after Cho et al., "On the properties of neural machine translation" (arXiv:1409.1259).
"""

import numpy as np

from byhand.zoo.layers import linear_backward, softmax, words

# The sizes and the optimiser of the script: 28,315 parameters.
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
        "Wz": uniform(both, embedding, hidden),
        "Uz": uniform(both, hidden, hidden),
        "bz": uniform(both, hidden),
        "Wr": uniform(both, embedding, hidden),
        "Ur": uniform(both, hidden, hidden),
        "br": uniform(both, hidden),
        "Wc": uniform(both, embedding, hidden),
        "Uc": uniform(both, hidden, hidden),
        "bc": uniform(both, hidden),
        "W": uniform(hidden, hidden, vocabulary),
        "b": uniform(hidden, vocabulary),
    }


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(X, Y, C, start, Wz, Uz, bz, Wr, Ur, br, Wc, Uc, bc, W, b):
    n, time = X.shape
    emb = C[X]  # (n, time, embedding)
    fedz = emb @ Wz + bz  # (n, time, hidden)
    fedr = emb @ Wr + br
    fedc = emb @ Wc + bc

    # hs[t] is the state before place t, and hs[t + 1] the one after it.
    hs = [np.broadcast_to(start, (n, start.shape[1]))]
    azs, zs, ars, rs, rhs, acs, cs = [], [], [], [], [], [], []
    states = np.zeros_like(fedz)  # the states again, for the scores of all places at once
    for t in range(time):
        azs.append(fedz[:, t] + hs[t] @ Uz)
        zs.append(sigmoid(azs[t]))  # how much of the old state is exchanged
        ars.append(fedr[:, t] + hs[t] @ Ur)
        rs.append(sigmoid(ars[t]))  # how much of the old state the candidate sees
        rhs.append(rs[t] * hs[t])
        acs.append(fedc[:, t] + rhs[t] @ Uc)
        cs.append(np.tanh(acs[t]))  # the candidate
        hs.append((1 - zs[t]) * hs[t] + zs[t] * cs[t])
        states[:, t] = hs[t + 1]

    logits = states @ W + b  # (n, time, vocabulary)
    probs = softmax(logits)

    # The mean over all places where there is something to say: Y is -1 after the end of a word.
    rows, columns = np.arange(n)[:, None], np.arange(time)
    right = probs[rows, columns, Y]
    counted = (Y >= 0).astype(probs.dtype)
    loss = -(np.log(right) * counted).sum() / counted.sum()
    return loss


def backward(
    X, Y, C, emb, Wz, Uz, zs, Wr, Ur, rs, rhs, Wc, Uc, cs, hs, states, W, probs, rows, columns,
    counted,
):  # fmt: skip
    n, time = X.shape

    # Softmax and cross-entropy: what the model said, less what was right, where that counts.
    dlogits = probs.copy()
    dlogits[rows, columns, Y] -= 1
    dlogits *= (counted / counted.sum())[..., None]

    from_scores, dW, db = linear_backward(dlogits, states, W)

    # Through time, from the last place to the first. The last state has no next one.
    dhs = [np.zeros_like(h) for h in hs]
    dazs, dars, drhs, dacs = ([None] * time for _ in range(4))
    dUz, dUr, dUc = (np.zeros_like(Uz) for _ in range(3))
    for t in reversed(range(time)):
        dhs[t + 1] += from_scores[:, t]

        # The gate z, sigmoid' = sigmoid (1 - sigmoid): 1 - z and z move against each other.
        dazs[t] = dhs[t + 1] * (cs[t] - hs[t]) * zs[t] * (1 - zs[t])
        dUz += hs[t].T @ dazs[t]

        # The candidate, tanh' = 1 - tanh^2, and what it has seen of the old state.
        dacs[t] = dhs[t + 1] * zs[t] * (1 - cs[t] ** 2)
        dUc += rhs[t].T @ dacs[t]
        drhs[t] = dacs[t] @ Uc.T

        # The gate r.
        dars[t] = drhs[t] * hs[t] * rs[t] * (1 - rs[t])
        dUr += hs[t].T @ dars[t]

        # The old state: carried on, seen by the candidate, and fed to both gates.
        dhs[t] += dhs[t + 1] * (1 - zs[t]) + drhs[t] * rs[t] + dazs[t] @ Uz.T + dars[t] @ Ur.T

    # Every word starts from the same state.
    dstart = dhs[0].sum(axis=0, keepdims=True)

    # The characters' part of all places at once. emb is used three times.
    dfedz = np.stack(dazs, axis=1)
    dfedr = np.stack(dars, axis=1)
    dfedc = np.stack(dacs, axis=1)
    by_z, dWz, dbz = linear_backward(dfedz, emb, Wz)
    by_r, dWr, dbr = linear_backward(dfedr, emb, Wr)
    by_c, dWc, dbc = linear_backward(dfedc, emb, Wc)
    demb = by_z + by_r + by_c
    # A character that occurs many times collects from every place where it stands.
    dC = np.zeros_like(C)
    np.add.at(dC, X, demb)
