import numpy as np


def softmax_cost(theta, num_classes, input_size, weight_decay, data, labels):
    theta = theta.reshape(num_classes, input_size)
    m = data.shape[1]
    scores = theta.dot(data)
    scores = scores - np.max(scores, axis=0)
    probs = np.exp(scores) / np.sum(np.exp(scores), axis=0)
    truth = np.eye(num_classes)[labels].T
    cost = -np.sum(truth * np.log(probs)) / m + weight_decay / 2 * np.sum(theta**2)
    thetagrad = -(truth - probs).dot(data.T) / m + weight_decay * theta
    return cost, thetagrad.ravel()
