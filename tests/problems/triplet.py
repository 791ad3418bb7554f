"""The triplet loss: an anchor is nearer to its positive than to its negative, by a margin.

Loss: Schroff, Kalenichenko and Philbin, FaceNet (2015), section 3.1. Closed form, where the loss
isn't 0: 2 (negative - positive), 2 (positive - anchor), 2 (anchor - negative), as in Canziani's
`TripletEmbeddingCriterion` for Torch (2015), which OpenFace used.
"""

import numpy as np


def inputs(rng, *, n=7, width=4):
    return {
        "anchor": rng.normal(size=(n, width)),
        "positive": rng.normal(size=(n, width)),
        "negative": rng.normal(size=(n, width)),
    }


def forward(anchor, positive, negative):
    margin = 0.2
    n = anchor.shape[0]
    to_positive = anchor - positive
    to_negative = anchor - negative
    near = (to_positive**2).sum(axis=1)
    far = (to_negative**2).sum(axis=1)
    gap = near - far + margin
    losses = np.maximum(gap, 0)
    loss = losses.sum() / n
    return loss


def backward(to_positive, to_negative, gap):
    n = len(gap)
    active = (2 / n) * (gap > 0)[:, None]
    dpositive = -active * to_positive
    dnegative = active * to_negative
    danchor = -(dpositive + dnegative)
