"""Goals in a list of rows."""
import numpy as np
X = [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]
y = [[0], [1], [1], [0]]
np.random.seed(1)
W1 = np.random.randn(3, 4)
W2 = np.random.randn(4, 1)
for epoch in range(5000):
    z1 = np.dot(X, W1)
    a1 = 1 / (1 + np.exp(-z1))
    z2 = np.dot(a1, W2)
    a2 = 1 / (1 + np.exp(-z2))
    loss = np.mean((a2 - y) ** 2)
    da2 = 2 * (a2 - y) / len(y)
    dz2 = da2 * a2 * (1 - a2)
    dW2 = np.dot(a1.T, dz2)
    da1 = np.dot(dz2, W2.T)
    dz1 = da1 * a1 * (1 - a1)
    dW1 = np.dot(np.transpose(X), dz1)
    W1 -= 0.5 * dW1
    W2 -= 0.5 * dW2
