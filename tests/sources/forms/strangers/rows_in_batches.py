"""Linear regression from scratch, a few rows at a time."""
import numpy as np

rng = np.random.default_rng(0)
true_w = np.array([2.0, -3.4])
X = rng.normal(size=(50, 2))
y = X @ true_w + 4.2 + 0.01 * rng.normal(size=50)
w = rng.normal(scale=0.01, size=2)
b = np.zeros(1)

def linreg(X, w, b):
    return X @ w + b

def squared_loss(y_hat, y):
    return (y_hat - y) ** 2 / 2

lr, num_epochs, batch_size = 0.03, 3, 10
for epoch in range(num_epochs):
    for i in range(0, 50, batch_size):
        Xb, yb = X[i:i + batch_size], y[i:i + batch_size]
        y_hat = linreg(Xb, w, b)
        l = squared_loss(y_hat, yb).mean()
        dy_hat = (y_hat - yb) / batch_size
        dw = Xb.T @ dy_hat
        db = dy_hat.sum(keepdims=True)
        w -= lr * dw
        b -= lr * db
