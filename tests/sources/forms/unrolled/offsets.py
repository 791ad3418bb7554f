import numpy as np


def softmax(x):
    x = x - np.max(x, axis=1, keepdims=True)
    e = np.exp(x)
    return e / np.sum(e, axis=1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_grad(s):
    return s * (1 - s)


def forward_backward(data, labels, params, dimensions):
    ofs = 0
    Dx, H, Dy = (dimensions[0], dimensions[1], dimensions[2])
    W1 = np.reshape(params[ofs:ofs + Dx * H], (Dx, H))
    ofs += Dx * H
    b1 = np.reshape(params[ofs:ofs + H], (1, H))
    ofs += H
    W2 = np.reshape(params[ofs:ofs + H * Dy], (H, Dy))
    ofs += H * Dy
    b2 = np.reshape(params[ofs:ofs + Dy], (1, Dy))

    h = sigmoid(np.dot(data, W1) + b1)
    yhat = softmax(np.dot(h, W2) + b2)
    cost = -np.sum(labels * np.log(yhat))

    d_scores = yhat - labels
    gradW2 = np.dot(h.T, d_scores)
    gradb2 = np.sum(d_scores, axis=0)
    d_hidden = np.dot(d_scores, W2.T) * sigmoid_grad(h)
    gradW1 = np.dot(data.T, d_hidden)
    gradb1 = np.sum(d_hidden, axis=0)
    grad = np.concatenate((gradW1.ravel(), gradb1.ravel(), gradW2.ravel(), gradb2.ravel()))
    return cost, grad


def sanity_check():
    dimensions = [10, 5, 10]
    data = np.random.randn(20, dimensions[0])
    labels = np.eye(10)[np.random.randint(0, 10, 20)]
    params = np.random.randn((dimensions[0] + 1) * 5 + (5 + 1) * dimensions[2])
    print(forward_backward(data, labels, params, dimensions))


if __name__ == "__main__":
    sanity_check()
