import numpy as np

np.random.seed(1)
X = np.random.randn(2, 50)
Y = (X[0:1] * X[1:2] > 0).astype(float)
m = X.shape[1]

parameters = {
    "W1": np.random.randn(4, 2) * 0.5, "b1": np.zeros((4, 1)),
    "W2": np.random.randn(1, 4) * 0.5, "b2": np.zeros((1, 1)),
}

for i in range(3000):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = 1 / (1 + np.exp(-Z2))
    cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m

    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = dZ2.sum(axis=1, keepdims=True) / m
    dZ1 = W2.T @ dZ2 * (1 - A1 ** 2)
    dW1 = dZ1 @ X.T / m
    db1 = dZ1.sum(axis=1, keepdims=True) / m
    grads = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
    for key in parameters:
        parameters[key] = parameters[key] - 1.2 * grads["d" + key]
