"""PyTorch's losses."""

# NumPy does not say what its functions give for a tensor of ours.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.torch_dialect.activations import logsigmoid, relu, softplus
from byhand.torch_dialect.layers import cosine_similarity, pairwise_distance
from byhand.torch_dialect.math import plain, xlogy
from byhand.torch_dialect.reductions import log_softmax
from byhand.values.arrays import Array


def reduced(losses: Any, reduction: str) -> Any:
    match reduction:
        case "mean":
            return np.mean(losses)
        case "sum":
            return np.sum(losses)
        case "none":
            return losses
        case _:
            raise UnsupportedError(f'reduction is "mean", "sum" or "none", not {reduction!r}')


# Classes. The axis of the classes is axis 1, or 0 for one example without a batch.


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """-log softmax(input) at the target: a label, or a probability for each class.

    `weight` has a number for each class.
    """
    axis = 1 if np.ndim(input) > 1 else 0
    logprobs = log_softmax(input, axis)
    classes = input.shape[axis]
    each = logprobs if weight is None else logprobs * _of_classes(weight, logprobs, axis)
    if not np.issubdtype(plain(target).dtype, np.integer):
        if label_smoothing:
            target = target * (1 - label_smoothing) + label_smoothing / classes
        return reduced(-np.sum(target * each, axis=axis), reduction)
    loss = nll_loss(logprobs, target, weight, ignore_index, reduction)
    if label_smoothing:
        uniform = -np.mean(each, axis=axis)
        loss = (1 - label_smoothing) * loss + label_smoothing * _kept(
            uniform, target != ignore_index, reduction, _of_examples(weight, target, ignore_index)
        )
    return loss


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    kept = target != ignore_index
    labels = target if np.all(kept) else np.where(kept, target, 0)
    weights = _of_examples(weight, target, ignore_index)
    losses = -picked(input, labels)
    if weights is not None:
        losses = losses * weights
    return _kept(losses, kept, reduction, weights)


def _of_classes(weight: Any, scores: Any, axis: int) -> Any:
    """The weights of the classes along the axis of the classes."""
    return np.reshape(weight, (-1,) + (1,) * (np.ndim(scores) - 1 - axis))


def _of_examples(weight: Any, target: Array, ignore_index: int) -> Any:
    """The weight of each example's class; 0 for those that are ignored."""
    if weight is None:
        return None
    kept = target != ignore_index
    if np.all(kept):
        return weight[target]
    return np.where(kept, weight[np.where(kept, target, 0)], 0.0)


def picked(scores: Any, labels: Array) -> Any:
    """The score of each example's label: scores[0, labels[0]], scores[1, labels[1]], ..."""
    examples = np.indices(labels.shape, sparse=True)
    return scores[(*examples[:1], labels, *examples[1:])]


def _kept(losses: Any, kept: Array, reduction: str, weights: Any = None) -> Any:
    """`losses` reduced over the examples that are kept; the others count for nothing.

    The mean divides by the sum of the examples' weights, where they have some.
    """
    if not np.all(kept):
        losses = np.where(kept, losses, 0.0)
    if reduction == "mean" and weights is not None:
        return np.sum(losses) / np.sum(weights)
    if reduction == "mean" and not np.all(kept):
        return np.sum(losses) / int(np.count_nonzero(kept))
    return reduced(losses, reduction)


# Numbers.


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    return reduced(np.square(input - target), reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    return reduced(np.abs(input - target), reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """Huber, Robust estimation of a location parameter (1964): square near 0, straight beyond."""
    error = np.abs(input - target)
    near, far = 0.5 * np.square(error), delta * (error - 0.5 * delta)
    return reduced(np.where(np.less(error, delta), near, far), reduction)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, beta) / beta


# Probabilities.


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean"
) -> Any:
    yes, no = np.maximum(np.log(input), -100), np.maximum(np.log(1 - input), -100)
    return reduced(_weighted(-(target * yes + (1 - target) * no), weight), reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    if pos_weight is None:
        losses = np.logaddexp(0, input) - target * input
    else:
        yes, no = logsigmoid(input), logsigmoid(-input)
        losses = -(pos_weight * target * yes + (1 - target) * no)
    return reduced(_weighted(losses, weight), reduction)


def _weighted(losses: Any, weight: Any) -> Any:
    return losses if weight is None else losses * weight


def multilabel_soft_margin_loss(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean"
) -> Any:
    losses = np.logaddexp(0, input) - target * input
    return reduced(np.mean(_weighted(losses, weight), axis=-1), reduction)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """target * (log(target) - input): `input` holds logarithms, `target` if it is said to."""
    if log_target:
        losses = np.exp(target) * (target - input)
    else:
        losses = xlogy(target, target) - target * input
    if reduction == "batchmean":
        return np.sum(losses) / np.shape(losses)[0]
    return reduced(losses, reduction)


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Any:
    if full:
        raise UnsupportedError("poisson_nll_loss(..., full=True) has no rule: leave full out")
    losses = np.exp(input) - target * input if log_input else input - target * np.log(input + eps)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:
    var = np.maximum(var, eps)
    losses = 0.5 * (np.log(var) + np.square(input - target) / var)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


# Margins. A target is 1 or -1.


def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, reduction: str = "mean"
) -> Any:
    return reduced(np.where(np.equal(target, 1), input, relu(margin - input)), reduction)


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    return reduced(relu(margin - target * (input1 - input2)), reduction)


def soft_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    return reduced(softplus(-target * input, threshold=math.inf), reduction)


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    cosine = cosine_similarity(input1, input2, dim=-1)
    return reduced(np.where(np.equal(target, 1), 1 - cosine, relu(cosine - margin)), reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """Schroff, Kalenichenko and Philbin, FaceNet (2015), equation 3, with distances for squares."""
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = np.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced(relu(margin + near - far), reduction)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        cross_entropy,
        nll_loss,
        mse_loss,
        l1_loss,
        huber_loss,
        smooth_l1_loss,
        binary_cross_entropy,
        binary_cross_entropy_with_logits,
        multilabel_soft_margin_loss,
        kl_div,
        poisson_nll_loss,
        gaussian_nll_loss,
        hinge_embedding_loss,
        margin_ranking_loss,
        soft_margin_loss,
        cosine_embedding_loss,
        triplet_margin_loss,
    )
}
