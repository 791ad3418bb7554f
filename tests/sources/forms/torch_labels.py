"""Losses in PyTorch whose labels are integers, used in each of the ways that libraries have."""

import torch
import torch.nn.functional as F

def crossed_forward(x, w, y):
    logits = x @ w
    loss = F.cross_entropy(logits, y)
    return loss, (x, w, y, logits)

def crossed_backward(cache):
    x, w, y, logits = cache
    n = logits.shape[0]
    dlogits = torch.softmax(logits, 1)
    dlogits[torch.arange(n), y] -= 1
    dlogits /= n
    dx = dlogits @ w.T
    dw = x.T @ dlogits
    return dx, dw

def gathered_forward(x, labels):
    logp = x - x.logsumexp(1, keepdim=True)
    picked = logp.gather(1, labels.unsqueeze(1)).squeeze(1)
    return -picked.mean(), (logp, labels)

def gathered_backward(cache):
    logp, labels = cache
    n = labels.shape[0]
    d = logp.exp()
    d = d.scatter_add(1, labels.view(-1, 1), -torch.ones(n, 1, dtype=d.dtype))
    dx = d / n
    return dx

def hot_forward(x, target):
    p = F.log_softmax(x, dim=1)
    one = F.one_hot(target, p.shape[1])
    return -(p * one).sum() / p.shape[0], (p, one)

def hot_backward(dloss, cache):
    p, one = cache
    dx = dloss * (p.exp() - one) / p.shape[0]
    return dx

def words_forward(X, Y, C, W):
    emb = C[X]
    logits = emb @ W
    loss = F.nll_loss(torch.log_softmax(logits, 1), Y)
    return loss, (X, Y, C, W, emb, logits)

def words_backward(cache):
    X, Y, C, W, emb, logits = cache
    dlogits = torch.softmax(logits, 1)
    dlogits[range(len(Y)), Y] -= 1
    dlogits /= len(Y)
    dW = emb.T @ dlogits
    demb = (dlogits @ W.T).view(emb.shape)
    dC = torch.zeros_like(C)
    dC.index_add_(0, X, demb)
    return dC, dW
