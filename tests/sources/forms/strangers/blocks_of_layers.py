import numpy as np

def fc_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w, b)

def fc_backward(dout, cache):
    x, w, b = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(len(x), -1).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db

def fc_relu_forward(x, w, b):
    a, fc_cache = fc_forward(x, w, b)
    return np.maximum(a, 0), (fc_cache, a)

def fc_relu_backward(dout, cache):
    fc_cache, a = cache
    da = dout * (a > 0)
    return fc_backward(da, fc_cache)

def softmax_loss(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    n = len(x)
    loss = -logp[np.arange(n), y].mean()
    dx = np.exp(logp)
    dx[np.arange(n), y] -= 1
    dx /= n
    return loss, dx

class FullNet:
    def __init__(self, sizes, reg):
        self.reg, self.depth = reg, len(sizes) - 1
        self.params = {}
        for i in range(self.depth):
            self.params['W%d' % (i + 1)] = np.random.randn(sizes[i], sizes[i + 1])
            self.params['b%d' % (i + 1)] = np.zeros(sizes[i + 1])

    def loss(self, X, y=None):
        caches = []
        out = X
        L = self.depth
        for i in range(1, L):
            out, cache = fc_relu_forward(out, self.params['W%d' % i], self.params['b%d' % i])
            caches.append(cache)
        scores, cache = fc_forward(out, self.params['W%d' % L], self.params['b%d' % L])
        caches.append(cache)
        if y is None:
            return scores
        loss, grads = 0.0, {}
        loss, dscores = softmax_loss(scores, y)
        for i in range(1, L + 1):
            loss += 0.5 * self.reg * np.sum(self.params['W%d' % i] ** 2)
        dout, grads['W%d' % L], grads['b%d' % L] = fc_backward(dscores, caches.pop())
        grads['W%d' % L] += self.reg * self.params['W%d' % L]
        for i in range(L - 1, 0, -1):
            dout, dw, db = fc_relu_backward(dout, caches.pop())
            grads['W%d' % i] = dw + self.reg * self.params['W%d' % i]
            grads['b%d' % i] = db
        return loss, grads

def step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)

def step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h ** 2)
    return da @ Wx.T, da @ Wh.T, x.T @ da, prev_h.T @ da, da.sum(axis=0)

def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    prev_h, cache = h0, []
    for t in range(T):
        h[:, t, :], kept = step_forward(x[:, t, :], prev_h, Wx, Wh, b)
        prev_h = h[:, t, :]
        cache.append(kept)
    return h, cache

def rnn_backward(dh, cache):
    N, T, H = dh.shape
    x, _, Wx, Wh, _ = cache[0]
    dx = np.zeros((N, T, x.shape[1]))
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(H)
    dprev_h = np.zeros((N, H))
    for t in reversed(range(T)):
        dx[:, t, :], dprev_h, one, two, three = step_backward(dh[:, t, :] + dprev_h, cache[t])
        dWx += one
        dWh += two
        db += three
    return dx, dprev_h, dWx, dWh, db
