import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class GRU:
    def __init__(self, n_in, n_hid, seed=42):
        rng = np.random.RandomState(seed)
        self.n_hid = n_hid
        s = 1 / np.sqrt(n_hid)
        self.Wz, self.Uz, self.bz = rng.uniform(-s, s, (n_hid, n_in)), rng.uniform(-s, s, (n_hid, n_hid)), np.zeros(n_hid)
        self.Wr, self.Ur, self.br = rng.uniform(-s, s, (n_hid, n_in)), rng.uniform(-s, s, (n_hid, n_hid)), np.zeros(n_hid)
        self.Wh, self.Uh, self.bh = rng.uniform(-s, s, (n_hid, n_in)), rng.uniform(-s, s, (n_hid, n_hid)), np.zeros(n_hid)

    def forward(self, xs):
        self.xs = xs
        self.hs, self.zs, self.rs, self.cs = [np.zeros(self.n_hid)], [], [], []
        for x in xs:
            h = self.hs[-1]
            z = sigmoid(self.Wz @ x + self.Uz @ h + self.bz)
            r = sigmoid(self.Wr @ x + self.Ur @ h + self.br)
            c = np.tanh(self.Wh @ x + self.Uh @ (r * h) + self.bh)
            self.hs.append((1 - z) * h + z * c)
            self.zs.append(z)
            self.rs.append(r)
            self.cs.append(c)
        return np.array(self.hs[1:])

    def backward(self, dhs):
        self.dWz, self.dUz, self.dbz = np.zeros_like(self.Wz), np.zeros_like(self.Uz), np.zeros_like(self.bz)
        self.dWr, self.dUr, self.dbr = np.zeros_like(self.Wr), np.zeros_like(self.Ur), np.zeros_like(self.br)
        self.dWh, self.dUh, self.dbh = np.zeros_like(self.Wh), np.zeros_like(self.Uh), np.zeros_like(self.bh)
        dxs = np.zeros_like(self.xs)
        dh_next = np.zeros(self.n_hid)
        for t in reversed(range(len(self.xs))):
            x, h, z, r, c = self.xs[t], self.hs[t], self.zs[t], self.rs[t], self.cs[t]
            dh = dhs[t] + dh_next
            dz = dh * (c - h)
            dc = dh * z
            dc_raw = dc * (1 - c ** 2)
            drh = self.Uh.T @ dc_raw
            dr = drh * h
            dz_raw = dz * z * (1 - z)
            dr_raw = dr * r * (1 - r)
            self.dWh += np.outer(dc_raw, x)
            self.dUh += np.outer(dc_raw, r * h)
            self.dbh += dc_raw
            self.dWz += np.outer(dz_raw, x)
            self.dUz += np.outer(dz_raw, h)
            self.dbz += dz_raw
            self.dWr += np.outer(dr_raw, x)
            self.dUr += np.outer(dr_raw, h)
            self.dbr += dr_raw
            dxs[t] = self.Wz.T @ dz_raw + self.Wr.T @ dr_raw + self.Wh.T @ dc_raw
            dh_next = dh * (1 - z) + drh * r + self.Uz.T @ dz_raw + self.Ur.T @ dr_raw
        return dxs
