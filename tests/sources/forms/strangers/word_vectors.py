import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    x = x - np.max(x)
    e = np.exp(x)
    return e / np.sum(e)


def naive_softmax_loss_and_gradient(center_vec, outside_idx, outside_vectors, dataset):
    """Loss and gradients of one centre word and one outside word.

    center_vec: shape (d,)
    outside_idx: int
    outside_vectors: shape (V, d)
    """
    scores = np.dot(outside_vectors, center_vec)
    y_hat = softmax(scores)
    loss = -np.log(y_hat[outside_idx])
    delta = y_hat.copy()
    delta[outside_idx] -= 1
    grad_center_vec = np.dot(outside_vectors.T, delta)
    grad_outside_vecs = np.outer(delta, center_vec)
    return loss, grad_center_vec, grad_outside_vecs


def neg_sampling_loss_and_gradient(center_vec, outside_idx, outside_vectors, neg_indices):
    u_o = outside_vectors[outside_idx]
    grad_center_vec = np.zeros_like(center_vec)
    grad_outside_vecs = np.zeros_like(outside_vectors)
    p = sigmoid(u_o.dot(center_vec))
    loss = -np.log(p)
    grad_center_vec += (p - 1) * u_o
    grad_outside_vecs[outside_idx] += (p - 1) * center_vec
    for k in neg_indices:
        u_k = outside_vectors[k]
        q = sigmoid(-u_k.dot(center_vec))
        loss -= np.log(q)
        grad_center_vec += (1 - q) * u_k
        grad_outside_vecs[k] += (1 - q) * center_vec
    return loss, grad_center_vec, grad_outside_vecs
