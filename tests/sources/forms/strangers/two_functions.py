"""A loss and its gradient as two functions."""
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def predict(X, theta):
    return X @ theta

def mse_loss(X, y, theta):
    return np.mean((predict(X, theta) - y) ** 2)

def mse_grad(X, y, theta):
    n = len(y)
    return 2 / n * X.T @ (predict(X, theta) - y)

def costFunctionReg(theta, X, y, lambda_):
    m = y.size
    h = sigmoid(X @ theta)
    J = np.sum(-y * np.log(h) - (1 - y) * np.log(1 - h)) / m
    J = J + lambda_ / (2 * m) * np.sum(theta[1:] ** 2)
    grad = X.T @ (h - y) / m
    grad[1:] = grad[1:] + lambda_ / m * theta[1:]
    return J, grad
