"""The Kullback-Leibler divergence of a Gaussian from the standard one, and a sample of it (a
VAE)."""

import numpy as np

data = ("noise",)


def inputs(rng, *, n=6, latent=4):
    return {
        "mu": rng.normal(size=(n, latent)),
        "logvar": rng.normal(size=(n, latent)) * 0.5,
        "noise": rng.normal(size=(n, latent)),
    }


def forward(mu, logvar, noise):
    n = mu.shape[0]
    std = np.exp(0.5 * logvar)
    z = mu + std * noise
    kl = -0.5 * (1 + logvar - mu**2 - np.exp(logvar)).sum() / n
    reconstruction = np.sin(z).sum() / n
    loss = kl + reconstruction
    return loss


def backward(mu, logvar, noise, std, z):
    n = mu.shape[0]
    dz = np.cos(z) / n
    dstd = dz * noise
    dmu = dz + mu / n
    dlogvar = dstd * 0.5 * std
    dlogvar += 0.5 * (np.exp(logvar) - 1) / n
