import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def train(X, y, hidden=8, lr=0.5, epochs=100000):
    rng = np.random.default_rng(0)
    W1 = rng.normal(size=(X.shape[1], hidden)) * 0.5
    b1 = np.zeros(hidden)
    W2 = rng.normal(size=(hidden, 1)) * 0.5
    losses = []
    for epoch in range(epochs):
        z1 = X @ W1 + b1
        a1 = np.tanh(z1)
        y_hat = sigmoid(a1 @ W2)
        loss = -np.mean(y * np.log(y_hat + 1e-8) + (1 - y) * np.log(1 - y_hat + 1e-8))
        losses.append(loss)
        dz2 = (y_hat - y) / len(X)
        dW2 = a1.T @ dz2
        da1 = dz2 @ W2.T
        dz1 = da1 * (1 - a1 ** 2)
        dW1 = X.T @ dz1
        db1 = dz1.sum(axis=0)
        W1 -= lr * dW1
        b1 -= lr * db1
        W2 -= lr * dW2
    return W1, b1, W2, losses

if __name__ == "__main__":
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    y = np.array([[0], [1], [1], [0]], dtype=float)
    params = train(X, y, hidden=6)
