import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def predict(X, w, b):
    return sigmoid(X @ w + b)


def log_loss(X, y, w, b):
    p = predict(X, w, b)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def backprop(X, y, w, b):
    p = predict(X, w, b)
    dz = (p - y) / len(y)
    dw = X.T @ dz
    db = dz.sum()
    return dw, db
