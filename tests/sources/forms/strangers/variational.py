"""A variational autoencoder as one class, with its loss in forward."""
import numpy as np

class VAE:
    def __init__(self, input_dim, hidden_dim, latent_dim):
        self.W1 = np.random.randn(input_dim, hidden_dim) * 0.3
        self.Wmu = np.random.randn(hidden_dim, latent_dim) * 0.3
        self.Wlv = np.random.randn(hidden_dim, latent_dim) * 0.3
        self.W2 = np.random.randn(latent_dim, hidden_dim) * 0.3
        self.W3 = np.random.randn(hidden_dim, input_dim) * 0.3

    def forward(self, x, eps):
        self.x, self.eps = x, eps
        self.h = np.tanh(x @ self.W1)
        self.mu = self.h @ self.Wmu
        self.logvar = self.h @ self.Wlv
        self.std = np.exp(0.5 * self.logvar)
        self.z = self.mu + self.std * eps
        self.h2 = np.tanh(self.z @ self.W2)
        self.xhat = self.h2 @ self.W3
        rec = 0.5 * np.sum((self.xhat - x) ** 2)
        kl = -0.5 * np.sum(1 + self.logvar - self.mu ** 2 - np.exp(self.logvar))
        return rec + kl

    def backward(self):
        dxhat = self.xhat - self.x
        self.dW3 = self.h2.T @ dxhat
        dh2 = dxhat @ self.W3.T
        da2 = dh2 * (1 - self.h2 ** 2)
        self.dW2 = self.z.T @ da2
        dz = da2 @ self.W2.T
        dmu = dz + self.mu
        dlogvar = dz * self.eps * 0.5 * self.std - 0.5 * (1 - np.exp(self.logvar))
        self.dWmu = self.h.T @ dmu
        self.dWlv = self.h.T @ dlogvar
        dh = dmu @ self.Wmu.T + dlogvar @ self.Wlv.T
        da1 = dh * (1 - self.h ** 2)
        self.dW1 = self.x.T @ da1
