"""Training on the gradients that were written by hand, evaluating, sampling."""

from byhand.train.sample import sample
from byhand.train.training import TrainingRun, train
from byhand.train.watching import watched

__all__ = ["TrainingRun", "sample", "train", "watched"]
