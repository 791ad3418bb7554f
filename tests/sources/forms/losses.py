"""Losses that give their gradients, too, as students of a well-known course write them."""

import numpy as np
def softmax_loss(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    probs = e / e.sum(axis=1, keepdims=True)
    N = x.shape[0]
    loss = -np.log(probs[np.arange(N), y]).sum() / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx

def svm_loss(x, y):
    loss, dx = None, None
    N = x.shape[0]
    correct_class_scores = x[np.arange(N), y]
    margins = np.maximum(0, x - correct_class_scores[:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N
    num_pos = np.sum(margins > 0, axis=1)
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= num_pos
    dx /= N
    return loss, dx

def softmax_loss_vectorized(W, X, y, reg):
    loss = 0.0
    dW = np.zeros_like(W)
    scores = X.dot(W)
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores)
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[range(X.shape[0]), y]).mean() + reg * np.sum(W * W)
    p[range(X.shape[0]), y] -= 1
    dW = X.T.dot(p) / X.shape[0] + 2 * reg * W
    return loss, dW

def svm_loss_naive(W, X, y, reg):
    dW = np.zeros(W.shape)
    loss = 0.0
    for i in range(X.shape[0]):
        s = X[i].dot(W)
        for j in range(W.shape[1]):
            if j == y[i]:
                continue
            m = s[j] - s[y[i]] + 1
            if m > 0:
                loss += m
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    loss = loss / X.shape[0] + reg * np.sum(W * W)
    dW = dW / X.shape[0] + 2 * reg * W
    return loss, dW

def masked_loss_over_time(x, y, mask, verbose=False):
    N, T, V = x.shape
    flat = x.reshape(N * T, V)
    said, counts = y.reshape(N * T), mask.reshape(N * T)
    p = np.exp(flat - flat.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.sum(counts * np.log(p[np.arange(N * T), said])) / N
    dflat = p.copy()
    dflat[np.arange(N * T), said] -= 1
    dflat /= N
    dflat *= counts[:, None]
    if verbose:
        print(dflat.shape)
    dx = dflat.reshape(N, T, V)
    return loss, dx
