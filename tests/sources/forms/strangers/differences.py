"""An error that is a difference, and the steps that make it small."""
import numpy as np
np.random.seed(1)
X = np.random.randn(20, 3); y = (X.sum(1, keepdims=True) > 0).astype(float)
W1 = np.random.randn(3, 4); W2 = np.random.randn(4, 1)
def sigmoid(x): return 1/(1+np.exp(-x))
for i in range(1000):
    z1 = X @ W1
    a1 = sigmoid(z1)
    z2 = a1 @ W2
    a2 = sigmoid(z2)
    error = y - a2
    dz2 = error * a2 * (1 - a2)
    dW2 = a1.T @ dz2
    dz1 = (dz2 @ W2.T) * a1 * (1 - a1)
    dW1 = X.T @ dz1
    W2 += 0.1 * dW2
    W1 += 0.1 * dW1
