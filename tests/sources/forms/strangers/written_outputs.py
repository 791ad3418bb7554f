import numpy as np

def layernorm_forward(out, mean, rstd, inp, weight, bias, B, T, C):
    eps = 1e-5
    for b in range(B):
        for t in range(T):
            x = inp[b, t]
            m = x.mean()
            v = ((x - m) ** 2).mean()
            s = 1.0 / np.sqrt(v + eps)
            out[b, t] = (x - m) * s * weight + bias
            mean[b, t] = m
            rstd[b, t] = s

def layernorm_backward(dinp, dweight, dbias, dout, inp, weight, mean, rstd, B, T, C):
    for b in range(B):
        for t in range(T):
            norm = (inp[b, t] - mean[b, t]) * rstd[b, t]
            dnorm = weight * dout[b, t]
            dbias += dout[b, t]
            dweight += norm * dout[b, t]
            dinp[b, t] += (dnorm - dnorm.mean() - norm * (dnorm * norm).mean()) * rstd[b, t]

def matmul_forward(out, inp, weight, bias):
    out[...] = inp @ weight.T + bias

def matmul_backward(dinp, dweight, dbias, dout, inp, weight):
    dinp += dout @ weight
    dweight += np.einsum("bto,btc->oc", dout, inp)
    dbias += dout.sum((0, 1))

def gelu_forward(out, inp):
    s = np.sqrt(2.0 / np.pi)
    out[...] = 0.5 * inp * (1.0 + np.tanh(s * (inp + 0.044715 * inp ** 3)))

def gelu_backward(dinp, inp, dout):
    s = np.sqrt(2.0 / np.pi)
    arg = s * (inp + 0.044715 * inp ** 3)
    th = np.tanh(arg)
    local = 0.5 * (1.0 + th) + inp * 0.5 * (1.0 - th ** 2) * s * (1.0 + 3.0 * 0.044715 * inp ** 2)
    dinp += local * dout
