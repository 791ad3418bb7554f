import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(20, 3))
y = rng.normal(size=(20, 1))
params = {
    "W1": rng.normal(size=(3, 5)), "b1": np.zeros((1, 5)),
    "W2": rng.normal(size=(5, 1)), "b2": np.zeros((1, 1)),
}

def forward(X, params):
    z1 = X @ params["W1"] + params["b1"]
    a1 = np.tanh(z1)
    out = a1 @ params["W2"] + params["b2"]
    return z1, a1, out

def loss(X, y, params):
    _, _, out = forward(X, params)
    return np.mean((out - y) ** 2)

def grad(X, y, params):
    z1, a1, out = forward(X, params)
    n = X.shape[0]
    dout = 2 * (out - y) / n
    dW2 = a1.T @ dout
    db2 = dout.sum(axis=0, keepdims=True)
    da1 = dout @ params["W2"].T
    dz1 = da1 * (1 - a1 ** 2)
    dW1 = X.T @ dz1
    db1 = dz1.sum(axis=0, keepdims=True)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}

for epoch in range(500):
    step = grad(X, y, params)
    for name in params:
        params[name] -= 0.01 * step[name]
