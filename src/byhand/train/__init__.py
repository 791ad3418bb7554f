"""Training on the gradients that were written by hand, evaluating, sampling."""

from byhand.train.sample import sample
from byhand.train.training import TrainingRun, train

__all__ = ["TrainingRun", "sample", "train"]
