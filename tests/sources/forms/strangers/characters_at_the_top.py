import numpy as np

text = "she sells sea shells by the sea shore " * 4
letters = sorted(set(text))
V, H, T = len(letters), 7, 6
index = {c: i for i, c in enumerate(letters)}

Wxh = np.random.randn(H, V) * 0.1
Whh = np.random.randn(H, H) * 0.1
Why = np.random.randn(V, H) * 0.1
bh, by = np.zeros((H, 1)), np.zeros((V, 1))

n = p = 0
smooth_loss = -np.log(1.0 / V) * T
mem = [np.zeros_like(each) for each in (Wxh, Whh, Why, bh, by)]
while n < 100000:
    if p + T + 1 >= len(text) or n == 0:
        hprev = np.zeros((H, 1))
        p = 0
    inputs = [index[c] for c in text[p : p + T]]
    targets = [index[c] for c in text[p + 1 : p + T + 1]]
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    for t in range(T):
        xs[t] = np.zeros((V, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        ys[t] = Why @ hs[t] + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(T)):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += dy @ hs[t].T
        dby += dy
        dh = Why.T @ dy + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += dhraw @ xs[t].T
        dWhh += dhraw @ hs[t - 1].T
        dhnext = Whh.T @ dhraw
    for dparam in [dWxh, dWhh, dWhy, dbh, dby]:
        np.clip(dparam, -5, 5, out=dparam)
    hprev = hs[T - 1]
    smooth_loss = smooth_loss * 0.999 + loss * 0.001
    if n % 100 == 0:
        print(n, smooth_loss)
    for param, dparam, m in zip([Wxh, Whh, Why, bh, by], [dWxh, dWhh, dWhy, dbh, dby], mem):
        m += dparam * dparam
        param += -0.1 * dparam / np.sqrt(m + 1e-8)
    p += T
    n += 1
