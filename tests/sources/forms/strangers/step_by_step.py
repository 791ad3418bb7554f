"""One example, which is a list, as in a step by step example of backpropagation."""
import numpy as np
inputs = [0.05, 0.10]
targets = [0.01, 0.99]
w1 = np.array([[0.15, 0.20], [0.25, 0.30]])
b1 = np.array([0.35, 0.35])
w2 = np.array([[0.40, 0.45], [0.50, 0.55]])
b2 = np.array([0.60, 0.60])

def sigmoid(x):
    return 1/(1+np.exp(-x))

lr = 0.5
for i in range(10000):
    net_h = np.dot(w1, inputs) + b1
    out_h = sigmoid(net_h)
    net_o = np.dot(w2, out_h) + b2
    out_o = sigmoid(net_o)
    error = 0.5 * np.sum((targets - out_o) ** 2)

    delta_o = -(targets - out_o) * out_o * (1 - out_o)
    delta_h = np.dot(w2.T, delta_o) * out_h * (1 - out_h)
    w2 -= lr * np.outer(delta_o, out_h)
    b2 -= lr * delta_o
    w1 -= lr * np.outer(delta_h, inputs)
    b1 -= lr * delta_h
