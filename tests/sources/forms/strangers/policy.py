import numpy as np
class Policy:
    def __init__(self, n_obs=4, n_hidden=8, n_act=2):
        self.W1 = np.random.randn(n_obs, n_hidden) * 0.1
        self.W2 = np.random.randn(n_hidden, n_act) * 0.1
    def forward(self, obs):
        self.obs = obs
        self.h = np.maximum(0, obs @ self.W1)
        logits = self.h @ self.W2
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p
    def loss(self, actions, returns):
        return -np.mean(returns * np.log(self.p[np.arange(len(actions)), actions]))
    def backward(self, actions, returns):
        n = len(actions)
        dlogits = self.p.copy()
        dlogits[np.arange(n), actions] -= 1
        dlogits *= returns[:, None] / n
        self.dW2 = self.h.T @ dlogits
        dh = dlogits @ self.W2.T
        dh[self.h <= 0] = 0
        self.dW1 = self.obs.T @ dh
