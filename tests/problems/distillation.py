"""Distillation: the divergence of a student's softmax from a teacher's, both at a temperature.

Closed form: the student's probabilities less the teacher's, times the temperature, over n, where
the loss is scaled by the temperature squared. Hinton, Vinyals and Dean, "Distilling the knowledge
in a neural network" (2015), equation 2.
"""

import numpy as np

data = ("teacher",)


def inputs(rng, *, n=7, classes=5):
    return {
        "student": rng.normal(size=(n, classes)),
        "teacher": rng.normal(size=(n, classes)) * 2,
    }


def forward(student, teacher):
    temperature = 2.5
    n = student.shape[0]
    wanted = np.exp(teacher / temperature)
    target = wanted / wanted.sum(axis=1, keepdims=True)
    warm = student / temperature
    counts = np.exp(warm - warm.max(axis=1, keepdims=True))
    probs = counts / counts.sum(axis=1, keepdims=True)
    kl = (target * (np.log(target) - np.log(probs))).sum(axis=1)
    loss = temperature**2 * kl.sum() / n
    return loss


def backward(temperature, target, probs):
    n = target.shape[0]
    dstudent = (probs - target) * (temperature / n)
