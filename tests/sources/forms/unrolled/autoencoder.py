import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def autoencoder_cost(theta, visible_size, hidden_size, lambda_, data):
    n = hidden_size * visible_size
    W1 = theta[0:n].reshape(hidden_size, visible_size)
    W2 = theta[n:2 * n].reshape(visible_size, hidden_size)
    b1 = theta[2 * n:2 * n + hidden_size]
    b2 = theta[2 * n + hidden_size:]
    m = data.shape[1]

    a2 = sigmoid(W1.dot(data) + np.tile(b1, (m, 1)).T)
    h = sigmoid(W2.dot(a2) + np.tile(b2, (m, 1)).T)
    cost = np.sum((h - data) ** 2) / (2 * m) + lambda_ / 2 * (np.sum(W1**2) + np.sum(W2**2))

    delta3 = (h - data) * h * (1 - h)
    delta2 = W2.T.dot(delta3) * a2 * (1 - a2)
    W1grad = delta2.dot(data.T) / m + lambda_ * W1
    W2grad = delta3.dot(a2.T) / m + lambda_ * W2
    b1grad = np.sum(delta2, axis=1) / m
    b2grad = np.sum(delta3, axis=1) / m
    grad = np.concatenate((W1grad.reshape(n), W2grad.reshape(n), b1grad, b2grad))
    return cost, grad
