"""A net whose parameters are parts of one vector, as are its gradients."""
import numpy as np

def softmax(x):
    x = x - np.max(x, axis=-1, keepdims=True)
    e = np.exp(x)
    return e / np.sum(e, axis=-1, keepdims=True)

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward_backward_prop(data, labels, params, dimensions):
    ofs = 0
    Dx, H, Dy = (dimensions[0], dimensions[1], dimensions[2])
    W1 = np.reshape(params[ofs:ofs + Dx * H], (Dx, H))
    ofs += Dx * H
    b1 = np.reshape(params[ofs:ofs + H], (1, H))
    ofs += H
    W2 = np.reshape(params[ofs:ofs + H * Dy], (H, Dy))
    ofs += H * Dy
    b2 = np.reshape(params[ofs:ofs + Dy], (1, Dy))
    h = sigmoid(data @ W1 + b1)
    yhat = softmax(h @ W2 + b2)
    cost = -np.sum(labels * np.log(yhat))
    d3 = yhat - labels
    gradW2 = h.T @ d3
    gradb2 = np.sum(d3, axis=0, keepdims=True)
    dh = d3 @ W2.T
    d2 = dh * h * (1 - h)
    gradW1 = data.T @ d2
    gradb1 = np.sum(d2, axis=0, keepdims=True)
    grad = np.concatenate((gradW1.flatten(), gradb1.flatten(), gradW2.flatten(), gradb2.flatten()))
    return cost, grad
