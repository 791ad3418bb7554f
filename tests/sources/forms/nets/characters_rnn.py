"""A network of characters: forward adds up its loss step by step, and a step of backward adds to a
dict of gradients that it is handed."""

import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / e.sum(axis=0)


def cell_forward(parameters, before, x):
    U, V, W = parameters["U"], parameters["V"], parameters["W"]
    b, c = parameters["b"], parameters["c"]
    state = np.tanh(np.dot(U, x) + np.dot(W, before) + b)
    return state, softmax(np.dot(V, state) + c)


def cell_backward(dz, gradients, parameters, x, state, before):
    gradients["dV"] += np.dot(dz, state.T)
    gradients["dc"] += dz
    ds = np.dot(parameters["V"].T, dz) + gradients["dstate"]
    draw = (1 - state * state) * ds
    gradients["db"] += draw
    gradients["dU"] += np.dot(draw, x.T)
    gradients["dW"] += np.dot(draw, before.T)
    gradients["dstate"] = np.dot(parameters["W"].T, draw)
    return gradients


def text_forward(X, Y, s0, parameters, letters=27):
    x, s, p = {}, {}, {}
    s[-1] = np.copy(s0)
    loss = 0
    for t in range(len(X)):
        x[t] = np.zeros((letters, 1))
        x[t][X[t]] = 1
        s[t], p[t] = cell_forward(parameters, s[t - 1], x[t])
        loss -= np.log(p[t][Y[t], 0])
    return loss, (p, s, x)


def text_backward(X, Y, parameters, cache):
    p, s, x = cache
    U, V, W = parameters["U"], parameters["V"], parameters["W"]
    b, c = parameters["b"], parameters["c"]
    gradients = {"dU": np.zeros_like(U), "dV": np.zeros_like(V), "dW": np.zeros_like(W)}
    gradients["db"], gradients["dc"] = np.zeros_like(b), np.zeros_like(c)
    gradients["dstate"] = np.zeros_like(s[0])
    for t in reversed(range(len(X))):
        dz = np.copy(p[t])
        dz[Y[t]] -= 1
        gradients = cell_backward(dz, gradients, parameters, x[t], s[t], s[t - 1])
    return gradients, s
