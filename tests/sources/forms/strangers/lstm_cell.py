"""One cell of an LSTM as a class, whose state and input stand one after the other."""
import numpy as np

def sigmoid(x):
    return 1. / (1 + np.exp(-x))

class LstmCell:
    def __init__(self, input_size, hidden_size):
        z = input_size + hidden_size
        self.Wf = np.random.randn(hidden_size, z) * 0.3
        self.Wi = np.random.randn(hidden_size, z) * 0.3
        self.Wo = np.random.randn(hidden_size, z) * 0.3
        self.Wc = np.random.randn(hidden_size, z) * 0.3
        self.bf = np.zeros((hidden_size, 1))
        self.bi = np.zeros((hidden_size, 1))
        self.bo = np.zeros((hidden_size, 1))
        self.bc = np.zeros((hidden_size, 1))
        self.hidden_size = hidden_size

    def forward(self, x, h_prev, c_prev):
        self.z = np.vstack((h_prev, x))
        self.c_prev = c_prev
        self.f = sigmoid(np.dot(self.Wf, self.z) + self.bf)
        self.i = sigmoid(np.dot(self.Wi, self.z) + self.bi)
        self.o = sigmoid(np.dot(self.Wo, self.z) + self.bo)
        self.g = np.tanh(np.dot(self.Wc, self.z) + self.bc)
        self.c = self.f * c_prev + self.i * self.g
        self.h = self.o * np.tanh(self.c)
        return self.h, self.c

    def backward(self, dh, dc):
        t = np.tanh(self.c)
        do = dh * t * self.o * (1 - self.o)
        dc = dc + dh * self.o * (1 - t ** 2)
        df = dc * self.c_prev * self.f * (1 - self.f)
        di = dc * self.g * self.i * (1 - self.i)
        dg = dc * self.i * (1 - self.g ** 2)
        self.dWf, self.dbf = np.dot(df, self.z.T), df.sum(axis=1, keepdims=True)
        self.dWi, self.dbi = np.dot(di, self.z.T), di.sum(axis=1, keepdims=True)
        self.dWo, self.dbo = np.dot(do, self.z.T), do.sum(axis=1, keepdims=True)
        self.dWc, self.dbc = np.dot(dg, self.z.T), dg.sum(axis=1, keepdims=True)
        dz = np.dot(self.Wf.T, df) + np.dot(self.Wi.T, di) + np.dot(self.Wo.T, do) + np.dot(self.Wc.T, dg)
        dh_prev = dz[:self.hidden_size]
        dx = dz[self.hidden_size:]
        dc_prev = dc * self.f
        return dx, dh_prev, dc_prev
