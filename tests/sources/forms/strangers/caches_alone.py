"""MNIST from scratch: a training loop with momentum."""
import numpy as np
np.random.seed(138)

def load():
    X = np.random.rand(784, 64)
    y = np.random.randint(0, 10, 64)
    return X, np.eye(10)[y].T

X_train, Y_train = load()
n_x, n_h, learning_rate, beta, batch_size = 784, 32, 4.0, .9, 16

def sigmoid(z):
    return 1. / (1. + np.exp(-z))

def compute_loss(Y, Y_hat):
    L_sum = np.sum(np.multiply(Y, np.log(Y_hat)))
    m = Y.shape[1]
    return -(1. / m) * L_sum

params = {"W1": np.random.randn(n_h, n_x) * np.sqrt(1. / n_x),
          "b1": np.zeros((n_h, 1)) * np.sqrt(1. / n_x),
          "W2": np.random.randn(10, n_h) * np.sqrt(1. / n_h),
          "b2": np.zeros((10, 1)) * np.sqrt(1. / n_h)}

def feed_forward(X, params):
    cache = {}
    cache["Z1"] = np.matmul(params["W1"], X) + params["b1"]
    cache["A1"] = sigmoid(cache["Z1"])
    cache["Z2"] = np.matmul(params["W2"], cache["A1"]) + params["b2"]
    cache["A2"] = np.exp(cache["Z2"]) / np.sum(np.exp(cache["Z2"]), axis=0)
    return cache

def back_propagate(X, Y, params, cache):
    m_batch = X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = (1. / m_batch) * np.matmul(dZ2, cache["A1"].T)
    db2 = (1. / m_batch) * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.matmul(params["W2"].T, dZ2)
    dZ1 = dA1 * sigmoid(cache["Z1"]) * (1 - sigmoid(cache["Z1"]))
    dW1 = (1. / m_batch) * np.matmul(dZ1, X.T)
    db1 = (1. / m_batch) * np.sum(dZ1, axis=1, keepdims=True)
    grads = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
    return grads
