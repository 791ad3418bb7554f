"""The loss of a variational autoencoder with linear encoder and decoder, for binary data.

Kingma and Welling, "Auto-encoding variational Bayes" (2014), equation 10 and appendices B and C.
Closed form: the reparametrised gradient of Rezende, Mohamed and Wierstra, "Stochastic
backpropagation" (2014), section 3, plus that of the divergence: mu, and (std^2 - 1) / 2.
"""

import numpy as np

data = ("x", "noise")


def inputs(rng, *, n=6, pixels=7, latent=3):
    return {
        "x": (rng.random((n, pixels)) < 0.5).astype(float),
        "noise": rng.normal(size=(n, latent)),
        "Wm": rng.normal(size=(pixels, latent)) / np.sqrt(pixels),
        "Wv": rng.normal(size=(pixels, latent)) / np.sqrt(pixels),
        "D": rng.normal(size=(latent, pixels)) / np.sqrt(latent),
        "b": rng.normal(size=pixels),
    }


def forward(x, noise, Wm, Wv, D, b):
    n = x.shape[0]
    mu = x @ Wm
    logvar = x @ Wv
    var = np.exp(logvar)
    std = np.sqrt(var)
    shift = std * noise
    z = mu + shift
    logits = z @ D + b
    probs = 1 / (1 + np.exp(-logits))
    kl = 0.5 * (mu**2 + var - 1 - logvar).sum() / n
    reconstruction = -(x * np.log(probs) + (1 - x) * np.log(1 - probs)).sum() / n
    loss = reconstruction + kl
    return loss


def backward(x, D, mu, var, shift, z, probs):
    n = x.shape[0]
    dlogits = (probs - x) / n
    db = dlogits.sum(axis=0)
    dD = z.T @ dlogits
    dz = dlogits @ D.T
    dmu = dz + mu / n
    dlogvar = 0.5 * (dz * shift + (var - 1) / n)
    dWm = x.T @ dmu
    dWv = x.T @ dlogvar
