"""Attention with several heads as a class, which asserts that they divide its width."""
import numpy as np

def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

class MultiHeadAttention:
    def __init__(self, d_model, num_heads):
        assert d_model % num_heads == 0
        self.num_heads = num_heads
        self.d_k = d_model // num_heads
        self.W_q = np.random.randn(d_model, d_model) * 0.1
        self.W_k = np.random.randn(d_model, d_model) * 0.1
        self.W_v = np.random.randn(d_model, d_model) * 0.1
        self.W_o = np.random.randn(d_model, d_model) * 0.1

    def split(self, x):
        B, T, C = x.shape
        return x.reshape(B, T, self.num_heads, self.d_k).transpose(0, 2, 1, 3)

    def merge(self, x):
        B, H, T, D = x.shape
        return x.transpose(0, 2, 1, 3).reshape(B, T, H * D)

    def forward(self, x):
        self.x = x
        self.q = self.split(x @ self.W_q)
        self.k = self.split(x @ self.W_k)
        self.v = self.split(x @ self.W_v)
        scores = self.q @ self.k.transpose(0, 1, 3, 2) / np.sqrt(self.d_k)
        self.att = softmax(scores)
        self.o = self.merge(self.att @ self.v)
        return self.o @ self.W_o

    def backward(self, dout):
        C = dout.shape[-1]
        self.dW_o = self.o.reshape(-1, C).T @ dout.reshape(-1, C)
        do = self.split(dout @ self.W_o.T)
        datt = do @ self.v.transpose(0, 1, 3, 2)
        dv = self.merge(self.att.transpose(0, 1, 3, 2) @ do)
        ds = self.att * (datt - (datt * self.att).sum(-1, keepdims=True)) / np.sqrt(self.d_k)
        dq = self.merge(ds @ self.k)
        dk = self.merge(ds.transpose(0, 1, 3, 2) @ self.q)
        X = self.x.reshape(-1, C)
        self.dW_q = X.T @ dq.reshape(-1, C)
        self.dW_k = X.T @ dk.reshape(-1, C)
        self.dW_v = X.T @ dv.reshape(-1, C)
        return dq @ self.W_q.T + dk @ self.W_k.T + dv @ self.W_v.T
