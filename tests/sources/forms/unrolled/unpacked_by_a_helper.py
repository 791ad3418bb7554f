import numpy as np


def unpack(params, n_in, n_hidden):
    k = n_in * n_hidden
    W1 = params[:k].reshape(n_in, n_hidden)
    b1 = params[k:k + n_hidden]
    W2 = params[k + n_hidden:k + 2 * n_hidden].reshape(n_hidden, 1)
    b2 = params[k + 2 * n_hidden:].reshape(1)
    return W1, b1, W2, b2


def pack(*arrays):
    return np.concatenate([each.ravel() for each in arrays])


def loss_and_grad(params, X, t, n_in, n_hidden):
    W1, b1, W2, b2 = unpack(params, n_in, n_hidden)
    N = len(X)
    hidden = np.tanh(X @ W1 + b1)
    out = hidden @ W2 + b2
    loss = ((out - t) ** 2).mean()

    dout = 2 * (out - t) / N
    dW2 = hidden.T @ dout
    db2 = dout.sum(axis=0)
    dhidden = dout @ W2.T
    dpre = dhidden * (1 - hidden**2)
    dW1 = X.T @ dpre
    db1 = dpre.sum(axis=0)
    return loss, pack(dW1, db1, dW2, db2)
